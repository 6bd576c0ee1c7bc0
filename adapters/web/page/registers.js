// What the registers of the meter showed on a day: a table, as they are no curve.
import { el } from "./dom.js";
import { count, dateAndTime } from "./format.js";
import { amount, list, moment, object, text } from "./given.js";
import { plainTable, scrolling } from "./table.js";
import { word } from "./words.js";

const REGISTERS_MAX = 40;

export function registers({ days, found, stateOf, label }) {
  const day = found.get(days[0]);
  const shown = list(object(day).registers).map(object).slice(0, REGISTERS_MAX);
  if (shown.length === 0) return [el("p", { class: "none" }, word(`band_${stateOf(days[0])}`))];
  // What it showed stands beside its name: on a phone the other columns are out of sight.
  const rows = shown.map(({ register, calendar, class: hours, label: name, value }) => [
    text(register) || "–",
    count(amount(value)),
    text(calendar) || word("total"),
    text(hours) || "–",
    text(name) || "–",
  ]);
  return [
    Number.isFinite(moment(day.at)) &&
      el("p", { class: "note" }, word("shown_at", { at: dateAndTime(moment(day.at)) })),
    scrolling(
      label,
      plainTable(
        label,
        { head: [word("register"), "Wh", word("calendar"), word("class"), word("label")], rows },
        "values",
      ),
    ),
  ];
}
