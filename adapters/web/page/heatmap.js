// The days of a kind as a calendar: a grid for each year, weeks as columns, weekdays as rows, a cell a day. One cell
// can be reached by Tab; arrows go on from there, over the ends of years too, and Enter opens the day.
import { add, addMonths, daysBetween, monthOf, weekOf, yearOf } from "./calendar.js";
import { el } from "./dom.js";
import { count, longDay, monthName, quantity, weekdayName } from "./format.js";
import { STATES, stateOfLetter } from "./kinds.js";
import { scrolling } from "./table.js";
import { word } from "./words.js";

const LEVELS = 5;
const MONDAY = "2026-01-05";

// From which value on a day is of the next level, so that each level has as many days. Null: there are no values.
function levelsOf(values) {
  const sorted = [...values.values()].filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return null;
  return Array.from({ length: LEVELS - 1 }, (_, i) => sorted[Math.floor(((i + 1) / LEVELS) * sorted.length)]);
}

// The least and the most of the values, as the ends of the scale of colours.
function endsOf({ values, unit }) {
  const known = [...values.values()].filter(Number.isFinite);
  return [Math.min(...known), Math.max(...known)].map((value) => quantity(value, unit));
}

function cell(day, map, levels) {
  const state = stateOfLetter(map.states[daysBetween(map.start, day)]);
  const value = map.values.get(day);
  const level =
    levels === null ? LEVELS - 1 : Number.isFinite(value) ? 1 + levels.filter((least) => value >= least).length : 1;
  const isSelected = day >= map.selected.start && day < map.selected.end;
  const words = [`${longDay(day)}${word("colon")} ${word(`state_${state}_day`)}`];
  if (Number.isFinite(value)) words.push(quantity(value, map.unit));
  return el("td", {
    class: `cell stored ${state} level${level}`,
    role: "gridcell",
    "data-day": day,
    "aria-label": words.join(", "),
    title: words.join(", "),
    tabindex: day === map.focus ? "0" : "-1",
    "aria-selected": isSelected ? "true" : "false",
  });
}

// A month's name stands over the weeks whose Monday is in it; the first one may be of the year before.
function monthRow(weeks) {
  const groups = [];
  for (const week of weeks) {
    const month = monthOf(add(week, 3));
    if (groups.at(-1)?.month === month) groups.at(-1).weeks++;
    else groups.push({ month, weeks: 1 });
  }
  return el(
    "tr",
    {},
    el("td", {}),
    groups.map(({ month, weeks }) =>
      el("th", { scope: "colgroup", colspan: weeks }, weeks > 2 ? monthName(month) : ""),
    ),
  );
}

function yearGrid(year, map, levels) {
  const first = map.start > year ? map.start : year;
  const next = addMonths(year, 12);
  const end = map.end < next ? map.end : next;
  const weeks = [];
  for (let week = weekOf(year); week < next; week = add(week, 7)) weeks.push(week);
  const row = (i) =>
    el(
      "tr",
      {},
      el(
        "th",
        { scope: "row" },
        i % 2 === 0 ? weekdayName(add(MONDAY, i)) : el("span", { class: "unseen" }, weekdayName(add(MONDAY, i))),
      ),
      weeks.map((week) => {
        const day = add(week, i);
        return day >= first && day < end ? cell(day, map, levels) : el("td", {});
      }),
    );
  return el(
    "table",
    { class: "heat", role: "grid", "aria-label": year.slice(0, 4), "data-key": year },
    el("caption", {}, el("span", {}, year.slice(0, 4))),
    el("thead", {}, monthRow(weeks)),
    el(
      "tbody",
      {},
      Array.from({ length: 7 }, (_, i) => row(i)),
    ),
  );
}

const MOVES = {
  ArrowUp: (day) => add(day, -1),
  ArrowDown: (day) => add(day, 1),
  ArrowLeft: (day) => add(day, -7),
  ArrowRight: (day) => add(day, 7),
  PageUp: (day) => addMonths(day, -1),
  PageDown: (day) => addMonths(day, 1),
  Home: (day) => weekOf(day),
  End: (day) => add(weekOf(day), 6),
};

function move(event, map) {
  const from = event.target.dataset?.day;
  if (from === undefined || event.altKey || event.metaKey) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    map.open(from);
    return;
  }
  let to = MOVES[event.key]?.(from);
  if (to === undefined) return;
  event.preventDefault();
  if (event.ctrlKey && event.key === "Home") to = map.start;
  if (event.ctrlKey && event.key === "End") to = add(map.end, -1);
  to = to < map.start ? map.start : to >= map.end ? add(map.end, -1) : to;
  const box = event.currentTarget;
  event.target.tabIndex = -1;
  const cell = box.querySelector(`[data-day="${to}"]`);
  cell.tabIndex = 0;
  cell.focus();
  map.reach(to);
}

const legend = (map, levels) =>
  el(
    "ul",
    { class: "legend" },
    [...STATES, "cut"]
      .filter((state) => [...map.states].some((letter) => stateOfLetter(letter) === state))
      .map((state) => {
        const isScale = state === "complete" && levels !== null;
        const keys = isScale ? [1, 2, 3, 4, 5] : [LEVELS - 1];
        const [least, most] = isScale ? endsOf(map) : [];
        return el(
          "li",
          isScale ? { class: "values-scale" } : {},
          isScale && `${least} `,
          keys.map((level) => el("span", { class: `key stored ${state} level${level}`, "aria-hidden": "true" })),
          isScale && `${most}, `,
          word(`state_${state}_day`),
          el(
            "span",
            { class: "number" },
            ` ${count([...map.states].filter((letter) => stateOfLetter(letter) === state).length)}`,
          ),
        );
      }),
  );

// map: {start, end, states: a letter a day, values: Map of day and value (may be empty), unit, direction, label,
// selected: {start, end}, focus: a day, open(day), reach(day)}
export function heatmap(map) {
  const levels = levelsOf(map.values);
  const years = [];
  for (let year = yearOf(add(map.end, -1)); year >= yearOf(map.start); year = addMonths(year, -12)) years.push(year);
  return el(
    "div",
    { class: `heatmap ${map.direction}` },
    legend(map, levels),
    el(
      "div",
      {
        onkeydown: (event) => move(event, map),
        onclick: ({ target }) => target.dataset?.day && map.open(target.dataset.day),
      },
      scrolling(
        map.label,
        el(
          "div",
          { class: "years" },
          years.map((year) => yearGrid(year, map, levels)),
        ),
      ),
    ),
  );
}
