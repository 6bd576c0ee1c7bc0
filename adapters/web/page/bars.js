// One value a day: energy as bars, the highest power as a dot on a stem. A day without a value shows what it is.
import { dayOfMonth, longDay, monthName, quantity, shortDay, time } from "./format.js";
import { MARGIN, band, bandLegend, bandOf, frame, scaleOf } from "./axes.js";
import { el, svg } from "./dom.js";
import { measured, moment } from "./given.js";
import { table } from "./table.js";
import { word } from "./words.js";

const HEIGHT = 300;

const valueOf = (day) => measured(day?.value);

// Below the days: each where there is room, else some of them, else the months.
function dayLabels(days, x, step) {
  const every = [1, 2, 5, 7].find((one) => step * one > 46) ?? 0;
  const isNamed = (day, i) =>
    every === 0
      ? day.endsWith("-01")
      : every === 7 || every === 5
        ? (Number(day.slice(8)) - 1) % every === 0 && Number(day.slice(8)) < 30
        : i % every === 0;
  const name = every === 0 ? monthName : every === 1 && days.length <= 7 ? shortDay : dayOfMonth;
  return days.map(
    (day, i) =>
      isNamed(day, i) && [
        svg("path", { class: "tick", d: `M${x(i) + step / 2} ${HEIGHT - MARGIN.bottom}v4` }),
        svg(
          "text",
          {
            x: x(i) + (every === 0 ? 2 : step / 2),
            y: HEIGHT - MARGIN.bottom + 17,
            "text-anchor": every === 0 ? "start" : "middle",
          },
          name(day),
        ),
      ],
  );
}

function summaryOf(days, found, unit, shape) {
  const valued = days.filter((day) => valueOf(found.get(day)) !== null);
  if (valued.length === 0) return null;
  const value = (day) => valueOf(found.get(day));
  const most = valued.reduce((a, b) => (value(b) > value(a) ? b : a));
  const sum = valued.reduce((all, day) => all + value(day), 0);
  const values = {
    most: quantity(value(most), unit),
    day: longDay(most),
    n: valued.length,
    sum: quantity(sum, unit),
    mean: quantity(Math.round(sum / valued.length), unit),
  };
  return word(shape === "bars" ? "bars_summary" : "peaks_summary", values);
}

function mark(shape, x, y, width) {
  if (shape === "bars")
    return svg("rect", { class: "bar", x, width, y, height: Math.max(0, HEIGHT - MARGIN.bottom - y) });
  return [
    svg("path", { class: "stem", d: `M${x + width / 2} ${HEIGHT - MARGIN.bottom}V${y}` }),
    svg("circle", { class: "peak", cx: x + width / 2, cy: y, r: Math.min(4, Math.max(1.5, width / 2)) }),
  ];
}

// When the highest power was: the hour of Paris.
const hourOfPeak = (day) => (Number.isFinite(moment(day?.at)) ? time(moment(day.at)) : "–");

function tellDay(day, stored, state, { unit, shape }) {
  const value = valueOf(stored);
  const words = value === null ? word(`band_${state}`) : quantity(value, unit);
  const when = shape === "peaks" && value !== null ? `, ${hourOfPeak(stored)}` : "";
  return `${shortDay(day)}${word("colon")} ${words}${when}`;
}

function values(days, found, stateOf, { unit, shape }, caption) {
  return table(caption, () => ({
    head: [
      word("day"),
      `${word(shape === "bars" ? "energy" : "power")} (${unit})`,
      ...(shape === "peaks" ? [word("at")] : []),
      word("state"),
    ],
    rows: days.map((day) => {
      const stored = found.get(day);
      const value = valueOf(stored);
      return [
        longDay(day),
        value === null ? "–" : String(value),
        ...(shape === "peaks" ? [value === null ? "–" : hourOfPeak(stored)] : []),
        word(`state_${stateOf(day)}_day`),
      ];
    }),
  }));
}

// {days: dates, found: Map of date and stored day, stateOf(date), isLoaded, kind, label, width}
export function bars({ days, found, stateOf, isLoaded, kind, label, width }) {
  const step = (width - MARGIN.left - MARGIN.right) / days.length;
  const gap = step > 8 ? 2 : step > 4 ? 1 : 0;
  const x = (i) => MARGIN.left + i * step;
  const axis = scaleOf(
    days.map((day) => valueOf(found.get(day)) ?? 0),
    kind.unit,
    HEIGHT,
  );
  const runs = []; // days without a value that follow each other in the same state are one band
  days.forEach((day, i) => {
    if (valueOf(found.get(day)) !== null) return;
    const state = bandOf(stateOf(day), isLoaded);
    if (runs.at(-1)?.state === state && runs.at(-1).end === i) runs.at(-1).end++;
    else runs.push({ state, start: i, end: i + 1 });
  });
  const at = (place) => {
    const i = Math.floor((place - MARGIN.left) / step);
    if (i < 0 || i >= days.length) return null;
    return tellDay(days[i], found.get(days[i]), bandOf(stateOf(days[i]), isLoaded), kind);
  };
  const summary = summaryOf(days, found, kind.unit, kind.shape);
  return [
    frame(
      {
        width,
        height: HEIGHT,
        label: [label, summary].filter(Boolean).join(". "),
        axis,
        at,
        className: `${kind.shape} ${kind.direction}`,
      },
      runs.map(({ state, start, end }) => band(state, x(start), x(end), HEIGHT)),
      days.map(
        (day, i) =>
          valueOf(found.get(day)) !== null &&
          mark(kind.shape, x(i) + gap / 2, axis.y(valueOf(found.get(day))), Math.max(0.5, step - gap)),
      ),
      dayLabels(days, x, step),
    ),
    bandLegend(runs.map(({ state }) => state)),
    summary && el("p", { class: "summary" }, summary),
    values(days, found, stateOf, kind, label),
  ];
}
