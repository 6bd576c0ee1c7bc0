// The days that are looked at together: a day, or the week, month or year that it is in; and those before and after.
import { add, addMonths, daysBetween, monthOf, weekOf, yearOf } from "./calendar.js";

const BEGINS = { day: (day) => day, week: weekOf, month: monthOf, year: yearOf };
const AFTER = {
  day: (day, n) => add(day, n),
  week: (day, n) => add(day, 7 * n),
  month: (day, n) => addMonths(day, n),
  year: (day, n) => addMonths(day, 12 * n),
};

// {start, end}, `end` excluded
export function spanOf(name, day) {
  const start = BEGINS[name](day);
  return { start, end: AFTER[name](start, 1) };
}

// The day that stands for the span `n` further on.
export const further = (name, day, n) => AFTER[name](BEGINS[name](day), n);

export const daysIn = ({ start, end }) => Array.from({ length: daysBetween(start, end) }, (_, i) => add(start, i));
