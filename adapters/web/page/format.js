// Numbers, dates and durations in the reader's language. Times are those of Paris.
import { ZONE, numberOf } from "./calendar.js";
import { language, locale } from "./language.js";

const dates = (options) => new Intl.DateTimeFormat(locale, options);

// French counts the first of a month: "1er déc."
const ofParts = (parts) =>
  parts.map(({ type, value }) => (type === "day" && value === "1" && language === 1 ? "1er" : value)).join("");
const formats = {
  day: dates({ timeZone: "UTC", weekday: "long", day: "numeric", month: "long", year: "numeric" }),
  short: dates({ timeZone: "UTC", weekday: "short", day: "numeric", month: "short" }),
  date: dates({ timeZone: "UTC", day: "numeric", month: "short", year: "numeric" }),
  dayOfMonth: dates({ timeZone: "UTC", day: "numeric", month: "short" }),
  month: dates({ timeZone: "UTC", month: "short" }),
  monthYear: dates({ timeZone: "UTC", month: "long", year: "numeric" }),
  weekday: dates({ timeZone: "UTC", weekday: "short" }),
  time: dates({ timeZone: ZONE, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
  seconds: dates({ timeZone: ZONE, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }),
  moment: dates({
    timeZone: ZONE,
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }),
};

const ofDay = (format) => (day) => ofParts(formats[format].formatToParts(numberOf(day) * 86400e3));
const ofMoment = (format) => (at) => (Number.isFinite(at) ? ofParts(formats[format].formatToParts(at)) : "–");

export const longDay = ofDay("day");
export const shortDay = ofDay("short");
export const date = ofDay("date");
export const dayOfMonth = ofDay("dayOfMonth");
export const monthName = ofDay("month");
export const monthAndYear = ofDay("monthYear");
export const weekdayName = ofDay("weekday");

export const time = ofMoment("time");
export const timeWithSeconds = ofMoment("seconds");
export const dateAndTime = ofMoment("moment");

const digits = [0, 1, 2, 3].map((most) => new Intl.NumberFormat(locale, { maximumFractionDigits: most }));
const percents = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });

export const count = (value, fraction = 0) => digits[fraction].format(value);

// 99.9 % is not all of it, and 0.1 % is neither nothing nor 1 %.
export function share(part, all) {
  if (part <= 0 || all <= 0) return percents.format(0);
  if (part / all < 0.01) return `<${percents.format(0.01)}`;
  return percents.format(part >= all ? 1 : Math.min(0.99, part / all));
}

export const withUnit = (value, unit, fraction = 0) => `${count(value, fraction)}\u00a0${unit}`;

// 33495 Wh: "33.5 kWh"; so with VA. Below a thousand, and for W, whole units.
export function quantity(value, unit) {
  if (unit === "W" || Math.abs(value) < 1000) return withUnit(value, unit);
  return withUnit(value / 1000, `k${unit}`, Math.abs(value) < 1e5 ? 2 : 1);
}

const UNITS = [
  ["day", 86400e3],
  ["hour", 3600e3],
  ["minute", 60e3],
  ["second", 1e3],
].map(([unit, ms]) => [
  new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 0 }),
  ms,
]);

// "2 hr 5 min": the two largest units, the second one only where it is not 0.
export function duration(ms) {
  const found = UNITS.findIndex(([, unit]) => ms >= unit);
  const i = found < 0 ? UNITS.length - 1 : found;
  const whole = Math.floor(ms / UNITS[i][1]);
  const rest = Math.floor((ms % UNITS[i][1]) / (UNITS[i + 1]?.[1] ?? Infinity));
  const words = [UNITS[i][0].format(whole)];
  if (rest > 0) words.push(UNITS[i + 1][0].format(rest));
  return words.join(" ");
}

// The span of a quota's window: "1 h", "1 s", as RELEVE_QUOTA writes it.
export function windowName(ms) {
  const [size, unit] = ms % 3600e3 === 0 ? [3600e3, "h"] : ms % 60e3 === 0 ? [60e3, "min"] : [1e3, "s"];
  return withUnit(ms / size, unit, 1);
}

// The days of a week: "19 – 25 Oct 2026".
export const dayRange = (start, end) =>
  ofParts(
    dates({ timeZone: "UTC", day: "numeric", month: "long", year: "numeric" }).formatRangeToParts(
      numberOf(start) * 86400e3,
      (numberOf(end) - 1) * 86400e3,
    ),
  );
