// The intervals of a stored load curve (docs/redis.md, Days): minutes of elapsed time since midnight become moments.
import { add, midnight } from "./calendar.js";
import { list, measured, number, text } from "./given.js";

const MINUTE = 60e3;
const LENGTH_MAX_MIN = 120; // of an interval: a longer one is a mistake

function minutesOf(interval) {
  const found = /^PT(\d{1,3})([MH])$/.exec(text(interval));
  return found ? Number(found[1]) * (found[2] === "H" ? 60 : 1) : NaN;
}

// [minute, length, value] of a stored day
function pointsOf(day) {
  const minutes = minutesOf(day.interval);
  const points = Array.isArray(day.points)
    ? day.points.map(list)
    : list(day.values).map((value, i) => [i * minutes, minutes, value]);
  return points.filter(
    ([minute, length]) => number(minute, -1) >= 0 && number(length, -1) > 0 && length <= LENGTH_MAX_MIN,
  );
}

// The intervals of a stored day, [{from, to, value}]: in ms, and null where upstream gave no value.
export function partsOf(day) {
  const from = midnight(day.date);
  const end = midnight(add(day.date, 1));
  return pointsOf(day)
    .map(([minute, length, value]) => ({
      from: from + minute * MINUTE,
      to: from + (minute + length) * MINUTE,
      value: measured(value),
    }))
    .filter(({ to }) => to <= end)
    .sort((a, b) => a.from - b.from);
}

// Stretches of [from, end[ that no value covers.
export function gapsOf(parts, from, end) {
  const gaps = [];
  let at = from;
  for (const part of parts.filter(({ value }) => value !== null)) {
    if (part.from > at) gaps.push([at, part.from]);
    at = Math.max(at, part.to);
  }
  if (at < end) gaps.push([at, end]);
  return gaps;
}
