// How much of a kind is stored, as a bar and in words: what the list and the page of a usage point show of each kind.
import { el, svg } from "./dom.js";
import { count, share } from "./format.js";
import { object, text } from "./given.js";
import { KIND_NAMES, STATES, countOf, kindName } from "./kinds.js";
import { word } from "./words.js";

const heldOf = (kind) => STATES.reduce((sum, state) => sum + (state === "missing" ? 0 : countOf(kind, state)), 0);

const daysOf = (kind) => heldOf(kind) + countOf(kind, "missing");

// Registers are shown where there are some: most applications do not ask for them.
export const kindsOf = (point) =>
  KIND_NAMES.map((name) => ({ name, ...object(object(point.kinds)[name]) })).filter(
    (kind) => !kind.name.startsWith("index_") || heldOf(kind) > 0,
  );

// A refusal that still counts, or null.
export const refusal = (value) =>
  text(object(value).code) !== "" || text(object(value).message) !== "" ? object(value) : null;

export const isAbsent = (kind) => refusal(kind.absent) !== null || refusal(kind.unserved) !== null;

function coverageBar(kind) {
  const all = daysOf(kind);
  let from = 0;
  return svg(
    "svg",
    { class: "coverage-bar", "aria-hidden": "true" },
    all > 0 &&
      STATES.map((state) => {
        const part = (countOf(kind, state) / all) * 100;
        from += part;
        return (
          part > 0 && svg("rect", { class: `stored ${state}`, x: `${from - part}%`, width: `${part}%`, height: "100%" })
        );
      }),
  );
}

// "1 092 of 1 111 days, 12 holes"
function coverageWords(kind) {
  if (text(kind.error) !== "") return [word("cannot_be_read")];
  const held = heldOf(kind);
  if (held === 0) return [word(isAbsent(kind) ? "kind_absent" : "nothing_stored")];
  const said = [
    word("days_of", { held: count(countOf(kind, "complete") + countOf(kind, "partial")), all: count(daysOf(kind)) }),
  ];
  for (const state of STATES.slice(1))
    if (countOf(kind, state) > 0) said.push(word(`of_${state}`, { n: countOf(kind, state) }));
  return said;
}

// A kind of a usage point, and the way to it; `shown`: the name of the kind that is on the screen.
export function kindItem(kind, prm, shown) {
  const look = kind.name === shown ? "kind here" : isAbsent(kind) ? "kind absent" : "kind";
  return el(
    "li",
    { class: look },
    el(
      "a",
      { href: `#/points/${prm}/${kind.name}`, "aria-current": kind.name === shown && "true" },
      kindName(kind.name),
    ),
    el("span", { class: "share" }, heldOf(kind) === 0 ? "–" : share(heldOf(kind), daysOf(kind))),
    coverageBar(kind),
    el("span", { class: "days" }, coverageWords(kind).join(", ")),
  );
}

export const stateKey = (state) => el("span", { class: `key stored ${state}`, "aria-hidden": "true" });
