// A load curve, of a day or of a week. A value is the mean power of its interval, so it is drawn as a step; where
// there is none, nothing is drawn. The axis is elapsed time: a day is as wide as it is long, and when clocks go back,
// the hour from 2 to 3 is there twice.
import { HOUR, add, changeOf, dayOf, hourOf, hoursOf, isSummer, midnight } from "./calendar.js";
import { MARGIN, band, bandLegend, bandOf, frame, scaleOf } from "./axes.js";
import { el, svg } from "./dom.js";
import { longDay, quantity, shortDay, time, weekdayName, withUnit } from "./format.js";
import { gapsOf, partsOf } from "./intervals.js";
import { steps } from "./lastday.js";
import { table } from "./table.js";
import { word } from "./words.js";

const HEIGHT = 300;

// 02:30, and which of the two where it is there twice
function clock(at) {
  const day = dayOf(at);
  const doubled = hoursOf(day) === 25 && hourOf(at) === 2;
  return doubled ? `${time(at)} ${word(isSummer(at) ? "summer_time" : "winter_time")}` : time(at);
}

// --- the axis of time ------------------------------------------------------------------------------------------------

const label = (x, words, anchor = "middle", more = {}) =>
  svg("text", { x, y: HEIGHT - MARGIN.bottom + 17, "text-anchor": anchor, ...more }, words);

// Hours below a day: every third, or all where there is room; those beside a change of clocks in any case, with their
// time.
function hourLabels(day, x, hourWidth) {
  const from = midnight(day);
  const hours = hoursOf(day);
  const change = changeOf(day);
  const found = [];
  const every = hourWidth > 30 ? 1 : hourWidth > 17 ? 3 : 6;
  for (let i = 0; i <= hours; i++) {
    const at = from + i * HOUR;
    const hour = i === hours ? 24 : hourOf(at);
    const beside = change !== null && (at === change - HOUR || at === change);
    const near = change !== null && Math.abs(at - change) < 3 * HOUR;
    if (!beside && (hour % every !== 0 || (near && every > 1))) continue;
    const anchor = !beside || every === 1 ? "middle" : at < change ? "end" : "start";
    found.push(
      svg("path", { class: "tick", d: `M${x(at)} ${HEIGHT - MARGIN.bottom}v4` }),
      label(x(at), beside && every > 1 ? String(hour) : word("hour", { hour: String(hour) }), anchor),
    );
    if (beside)
      found.push(
        label(x(at), word(isSummer(at) ? "summer_time" : "winter_time"), anchor, {
          y: HEIGHT - MARGIN.bottom + 32,
          class: "zone",
        }),
      );
  }
  return found;
}

const changeMark = (day, x) => {
  const change = changeOf(day);
  return (
    change !== null && svg("path", { class: "change", d: `M${x(change)} ${MARGIN.top}V${HEIGHT - MARGIN.bottom}` })
  );
};

// Below the days of a week: on a narrow screen weekday and number stand one below the other.
function dayLabels(days, x) {
  return days.map((day) => {
    const from = x(midnight(day));
    const to = x(midnight(add(day, 1)));
    const middle = (from + to) / 2;
    const below = (words) =>
      label(middle, words, "middle", { y: HEIGHT - MARGIN.bottom + 32, class: hoursOf(day) === 24 ? null : "zone" });
    const length = hoursOf(day) === 24 ? "" : withUnit(hoursOf(day), "h");
    return [
      svg("path", { class: "tick", d: `M${from} ${MARGIN.top}V${HEIGHT - MARGIN.bottom + 4}` }),
      ...(to - from > 78
        ? [label(middle, shortDay(day)), length && below(length)]
        : [label(middle, weekdayName(day)), below(length || String(Number(day.slice(8))))]),
    ];
  });
}

// --- the whole -------------------------------------------------------------------------------------------------------

function summaryOf(parts, days) {
  const valued = parts.filter(({ value }) => value !== null);
  if (valued.length === 0) return null;
  const energy = valued.reduce((sum, { from, to, value }) => sum + (value * (to - from)) / HOUR, 0);
  const most = valued.reduce((a, b) => (b.value > a.value ? b : a));
  const least = valued.reduce((a, b) => (b.value < a.value ? b : a));
  return word("curve_summary", {
    energy: quantity(Math.round(energy), "Wh"),
    most: withUnit(most.value, "W"),
    at: days.length > 1 ? `${clock(most.from)}, ${shortDay(dayOf(most.from))}` : clock(most.from),
    least: withUnit(least.value, "W"),
  });
}

// {days: dates, found: Map of date and stored day, stateOf(date), isLoaded, kind, label, width}
export function curve({ days, found, stateOf, isLoaded, kind, label: name, width }) {
  const from = midnight(days[0]);
  const end = midnight(add(days.at(-1), 1));
  const x = (at) => MARGIN.left + ((at - from) / (end - from)) * (width - MARGIN.left - MARGIN.right);
  const bands = [];
  const parts = [];
  for (const day of days) {
    const stored = found.get(day);
    const own = stored ? partsOf(stored) : [];
    const start = midnight(day);
    const next = midnight(add(day, 1));
    if (!own.some(({ value }) => value !== null)) bands.push([bandOf(stateOf(day), isLoaded), start, next]);
    else bands.push(...gapsOf(own, start, next).map(([a, b]) => ["gap", a, b]));
    parts.push(...own);
  }
  const axis = scaleOf(
    parts.map(({ value }) => value ?? 0),
    "W",
    HEIGHT,
  );
  const { line, area } = steps(parts, x, axis.y);
  const summary = summaryOf(parts, days);
  const at = (place) => {
    const moment = from + ((place - MARGIN.left) / (width - MARGIN.left - MARGIN.right)) * (end - from);
    const isThere = ({ from, to }) => from <= moment && moment < to;
    const part = parts.find(isThere) ?? bands.map(([state, from, to]) => ({ state, from, to })).find(isThere);
    if (part === undefined) return null;
    const day = days.length > 1 ? `${shortDay(dayOf(part.from))} ` : "";
    const none = word(part.state ? `band_${part.state}` : "no_value");
    const value = Number.isFinite(part.value) ? withUnit(part.value, "W") : none;
    return `${day}${clock(part.from)} – ${clock(part.to)}${word("colon")} ${value}`;
  };
  return [
    frame(
      {
        width,
        height: HEIGHT,
        label: [name, summary].filter(Boolean).join(". "),
        axis,
        at,
        className: `curve ${kind.direction}`,
      },
      bands.map(([state, a, b]) => band(state, x(a), x(b), HEIGHT)),
      svg("path", { class: "area", d: area }),
      svg("path", { class: "line", d: line }),
      days.map((day) => changeMark(day, x)),
      days.length === 1 ? hourLabels(days[0], x, x(from + HOUR) - x(from)) : dayLabels(days, x),
    ),
    days.length === 1 &&
      changeOf(days[0]) !== null &&
      el("p", { class: "note" }, word(hoursOf(days[0]) === 25 ? "day_of_25" : "day_of_23")),
    bandLegend(bands.map(([state]) => state)),
    summary && el("p", { class: "summary" }, summary),
    table(name, () => ({
      head: [...(days.length > 1 ? [word("day")] : []), word("from"), word("to"), `${word("power")} (W)`],
      rows: parts.map((part) => [
        ...(days.length > 1 ? [longDay(dayOf(part.from))] : []),
        clock(part.from),
        clock(part.to),
        part.value === null ? word("no_value") : String(part.value),
      ]),
    })),
  ];
}
