// An address that the page does not have: it is said, with the way to those that it has.
import { el } from "./dom.js";
import { word } from "./words.js";

const SHOWN_MAX = 100; // characters of an address

export function nowhere(main) {
  return {
    show({ path, what }) {
      const words = word(what, { path: path.slice(0, SHOWN_MAX) });
      document.title = `${word("no_page")} · relevé`;
      main.replaceChildren(
        el("h1", { tabindex: "-1" }, word("no_page")),
        el("p", { class: "none" }, words),
        el("p", {}, el("a", { href: "#/points" }, word("usage_points"))),
      );
    },
    leave() {},
  };
}
