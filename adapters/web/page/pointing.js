// The value under the pointer, or under a finger, of every chart: words beside it, and a line through the chart. Both
// lie over the page and are no part of what is drawn, which changes while somebody points. They are for who sees: a
// chart has its values as a table for everybody.
import { el } from "./dom.js";

const GAP = 14; // between the pointer and the words

const words = el("p", { class: "pointed", id: "pointed", "aria-hidden": "true", hidden: true });
const line = el("div", { class: "pointed-line", "aria-hidden": "true", hidden: true });
document.body.append(line, words);

function hide() {
  words.hidden = line.hidden = true;
}

// What is fixed to the screen would stay while the chart moves away, or is another one's.
for (const event of ["scroll", "hashchange", "resize"]) addEventListener(event, hide, { capture: true, passive: true });
addEventListener("keydown", ({ key }) => key === "Escape" && hide());
addEventListener("pointerdown", ({ target }) => target.closest?.("[data-pointed]") ?? hide());

// Beside the pointer where there is room, else on its other side.
function place(x, y) {
  const { offsetWidth: width, offsetHeight: height } = words;
  const room = document.documentElement.clientWidth;
  const left = x + GAP + width <= room ? x + GAP : x - GAP - width;
  words.style.left = `${Math.max(0, Math.min(left, room - width))}px`;
  words.style.top = `${Math.max(0, y - GAP - height)}px`;
}

function point(event, at) {
  const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
  const said = width > 0 ? at((event.clientX - left) / width) : null;
  if (said === null) return hide();
  words.textContent = said;
  words.hidden = line.hidden = false;
  place(event.clientX, event.clientY);
  Object.assign(line.style, { left: `${event.clientX}px`, top: `${top}px`, height: `${height}px` });
}

// Attributes of what is pointed at. `at(share)` says in words what is there, from 0 at its left to 1 at its right, or
// null. After a touch the words stay: the finger hid them.
export function pointed(at) {
  const move = (event) => point(event, at);
  return {
    "data-pointed": "",
    onpointermove: move,
    onpointerdown: move,
    onpointerleave: ({ pointerType }) => pointerType === "mouse" && hide(),
  };
}
