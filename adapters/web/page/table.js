// Tables: their heads, and one as the text alternative of a chart, with the same values, which is made when it is opened.
import { el, morph } from "./dom.js";
import { word } from "./words.js";

const ROWS_MAX = 3000;

export const tableHead = (head) =>
  el(
    "thead",
    {},
    el(
      "tr",
      {},
      head.map((text) => el("th", { scope: "col" }, text)),
    ),
  );

export function plainTable(caption, { head, rows }, className = "") {
  return el(
    "table",
    { class: className },
    el("caption", { class: "unseen" }, caption),
    tableHead(head),
    el(
      "tbody",
      {},
      rows.slice(0, ROWS_MAX).map(([first, ...others]) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, first),
          others.map((cell) => el("td", {}, cell)),
        ),
      ),
    ),
  );
}

// A table that may be wider than the page: it scrolls by itself, with the keyboard too.
export const scrolling = (caption, content) =>
  el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, content);

// `make()` returns {head, rows}.
export function table(caption, make) {
  const fill = ({ currentTarget: details }) => {
    const old = details.querySelector(".scroll");
    const fresh = details.open ? scrolling(caption, plainTable(caption, make(), "values")) : null;
    if (old && fresh) morph(old, fresh);
    else if (fresh) details.append(fresh);
    else old?.remove();
  };
  return el(
    "details",
    { class: "as-table", "data-own": "", ontoggle: fill, onanew: fill },
    el("summary", {}, word("as_table")),
  );
}
