// The part of a usage point's page that shows the values of some days: which days, how to get to others, and the
// chart that the kind has. The chart is as wide as the page lets it be.
import { bars } from "./bars.js";
import { add, hoursOf } from "./calendar.js";
import { curve } from "./curve.js";
import { el } from "./dom.js";
import { dayRange, longDay, monthAndYear } from "./format.js";
import { locale } from "./language.js";
import { registers } from "./registers.js";
import { daysIn, further, spanOf } from "./span.js";
import { word } from "./words.js";

const WIDTH_MAX = 1280;
const WIDTH_MIN = 280;

const DRAW = { curve, bars, peaks: bars, registers };

// What there is for a chart.
export const widthOf = () =>
  Math.round(Math.max(WIDTH_MIN, Math.min(WIDTH_MAX, document.getElementById("main").clientWidth)));

const capital = (words) => words.slice(0, 1).toLocaleUpperCase(locale) + words.slice(1);

function title(name, day, { start, end }) {
  if (name === "day")
    return hoursOf(day) === 24 ? longDay(day) : word("day_hours", { day: longDay(day), hours: hoursOf(day) });
  if (name === "week") return dayRange(start, end);
  return name === "month" ? monthAndYear(start) : start.slice(0, 4);
}

const step = (rel, name, href) =>
  href ? el("a", { href, rel }, word(name)) : el("span", { class: "off" }, word(name));

let picked = null; // the last address that came from the date field since it has the focus

// The field changes at each digit that is typed. What is not finished, or out of its range, is no day to go to; days
// that were on the way are not kept in the history.
function pick({ value, validity }, address) {
  if (value === "" || !validity.valid || address(value) === location.hash) return;
  if (location.hash === picked) location.replace(address(value));
  else location.hash = address(value);
  picked = address(value);
}

const dayField = (day, address, { first, today }) =>
  el("input", {
    type: "date",
    value: day,
    min: first,
    max: add(today, -1),
    onchange: ({ target }) => pick(target, address),
    onblur: ({ target }) => {
      picked = null;
      target.value = day;
    },
  });

function controls({ spanName, day, kind, address, today, first }) {
  const before = further(spanName, day, -1);
  const after = further(spanName, day, 1);
  return el(
    "div",
    { class: "controls" },
    el(
      "nav",
      { class: "steps", "aria-label": word("other_days") },
      step("prev", "previous", spanOf(spanName, before).end > first && address(spanName, before)),
      step("next", "next", after < today && address(spanName, after)),
    ),
    kind.spans.length > 1 &&
      el(
        "nav",
        { class: "spans", "aria-label": word("how_long") },
        kind.spans.map((name) =>
          el("a", { href: address(name, day), "aria-current": name === spanName && "true" }, word(`span_${name}`)),
        ),
      ),
    el(
      "label",
      { class: "pick" },
      word("pick_day"),
      dayField(day, (to) => address(spanName, to), { first, today }),
    ),
  );
}

// what: {kind, kindName, spanName, day, span, found, stateOf, isLoaded, address(span, day), today, first}
export function chartSection(what) {
  const name = capital(title(what.spanName, what.day, what.span));
  const days = daysIn(what.span);
  const label = `${what.kindName}, ${name}`;
  const draw = DRAW[what.kind.shape];
  return el(
    "section",
    { class: "values-section", "aria-labelledby": "chart", "aria-busy": what.isLoaded ? "false" : "true" },
    el("h2", { id: "chart", tabindex: "-1" }, name),
    controls(what),
    el("div", { class: "drawn" }, draw({ ...what, days, label, width: widthOf() })),
  );
}
