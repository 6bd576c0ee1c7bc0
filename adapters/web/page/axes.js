// What the charts of a usage point have in common: the frame, the scale at the left, stretches without values, and the
// words below.
import { el, svg } from "./dom.js";
import { count } from "./format.js";
import { pointed } from "./pointing.js";
import { word } from "./words.js";

export const MARGIN = { left: 46, right: 12, top: 22, bottom: 40 };
const TICKS = 4;
const PATTERNS = ["hole", "gap", "pending", "missing"];

// Round values from 0 up, the last one not below the largest.
export function ticksTo(most) {
  if (most <= 0) return [0];
  const rough = most / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step =
    [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= rough && (one >= 1 || power < 1)) ?? rough;
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) => i * step);
}

// A scale from 0 to the last tick; large values are written in thousands.
export function scaleOf(values, unit, height) {
  const most = Math.max(0, ...values);
  const kilo = unit !== "W" && most >= 1000;
  const ticks = ticksTo(most);
  const top = ticks.at(-1) || 1;
  const y = (value) => height - MARGIN.bottom - (value / top) * (height - MARGIN.top - MARGIN.bottom);
  return {
    y,
    ticks,
    unit: kilo ? `k${unit}` : unit,
    written: (value) => count(kilo ? value / 1000 : value, kilo ? 1 : 0),
  };
}

const scale = ({ y, ticks, unit, written }, width) =>
  svg(
    "g",
    { class: "scale" },
    ticks.map((tick) => [
      svg("path", { class: "grid", d: `M${MARGIN.left} ${y(tick)}H${width - MARGIN.right}` }),
      svg("text", { x: MARGIN.left - 6, y: y(tick) + 4, "text-anchor": "end" }, written(tick)),
    ]),
    svg("text", { class: "unit", x: 0, y: 12 }, unit),
  );

const pattern = (state, ...marks) =>
  svg(
    "pattern",
    { id: `pattern-${state}`, width: 8, height: 8, patternUnits: "userSpaceOnUse", class: `pattern ${state}` },
    ...marks,
  );

const patterns = () =>
  svg(
    "defs",
    {},
    pattern("hole", svg("path", { d: "M-2 2L2 -2M0 8L8 0M6 10L10 6" })),
    pattern("gap", svg("path", { d: "M-2 2L2 -2M0 8L8 0M6 10L10 6" })),
    pattern("pending", svg("circle", { cx: 2, cy: 2, r: 1 }), svg("circle", { cx: 6, cy: 6, r: 1 })),
    pattern("missing", svg("path", { d: "M0 4H4" })),
  );

// What stands where a day has no values, though its state may say that there are some.
export const bandOf = (state, isLoaded) =>
  ["complete", "partial"].includes(state) ? (isLoaded ? "missing" : "loading") : state;

// A stretch without values, from one place to another: what it is stands in it where there is room.
export function band(state, from, to, height) {
  const top = MARGIN.top;
  const bottom = height - MARGIN.bottom;
  const name = word(`band_${state}`);
  const room = to - from > name.length * 7;
  const pattern = state === "unreadable" ? "missing" : state;
  return svg(
    "g",
    { class: `band ${state}`, "data-state": state },
    svg("rect", {
      x: from,
      y: top,
      width: Math.max(0, to - from),
      height: bottom - top,
      fill: PATTERNS.includes(pattern) ? `url(#pattern-${pattern})` : null,
    }),
    room && svg("text", { x: (from + to) / 2, y: (top + bottom) / 2, "text-anchor": "middle" }, name),
  );
}

// The states that are drawn as bands, in words.
export const bandLegend = (states) =>
  el(
    "ul",
    { class: "legend" },
    [...new Set(states)].map((state) =>
      el("li", {}, el("span", { class: `key stored ${state}`, "aria-hidden": "true" }), word(`band_${state}`)),
    ),
  );

// `at(x)` says in words what is there, or null.
export function frame({ width, height, label, axis, at, className }, ...drawn) {
  return el(
    "div",
    { class: `chart ${className}` },
    svg(
      "svg",
      {
        width,
        height,
        viewBox: `0 0 ${width} ${height}`,
        role: "img",
        "aria-label": label,
        ...pointed((share) => at(share * width)),
      },
      patterns(),
      scale(axis, width),
      drawn,
    ),
  );
}
