// Civil days in Paris, as texts ("2026-10-25"), and the moments (ms since 1970) at which they begin. A day has 23, 24
// or 25 hours; the rules come from the browser's own time zone data.

export const ZONE = "Europe/Paris";
export const HOUR = 3600e3;
const DAY = 24 * HOUR; // of UTC, where days are only counted

const parts = new Intl.DateTimeFormat("en", {
  timeZone: ZONE,
  hourCycle: "h23",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
});

// {year, month, day, hour, minute}: what clocks in Paris show then, as texts.
function shown(at) {
  return Object.fromEntries(parts.formatToParts(at).map(({ type, value }) => [type, value]));
}

// By how much clocks in Paris are ahead of UTC then.
function ahead(at) {
  const { year, month, day, hour, minute } = shown(at);
  return Date.UTC(year, month - 1, day, hour, minute) - Math.floor(at / 60e3) * 60e3;
}

export const isDay = (day) => /^\d{4}-\d\d-\d\d$/.test(day) && isoOf(numberOf(day)) === day;

export const numberOf = (day) => Date.parse(`${day}T00:00:00Z`) / DAY;

const isoOf = (number) => (Number.isFinite(number) ? new Date(number * DAY).toISOString().slice(0, 10) : "");

export const add = (day, days) => isoOf(numberOf(day) + days);

export const daysBetween = (start, end) => numberOf(end) - numberOf(start);

// 0: Monday
export const weekday = (day) => (numberOf(day) + 3) % 7;

export const weekOf = (day) => add(day, -weekday(day));

export const monthOf = (day) => `${day.slice(0, 7)}-01`;

export const yearOf = (day) => `${day.slice(0, 4)}-01-01`;

export function addMonths(day, months) {
  const date = new Date(numberOf(monthOf(day)) * DAY);
  date.setUTCMonth(date.getUTCMonth() + months);
  return date.toISOString().slice(0, 10);
}

const midnights = new Map(); // each is asked for often, and asking the time zone data is slow

// The moment at which the day begins. Clocks change hours after midnight, so the difference to UTC an hour before
// midnight UTC is the one at midnight in Paris.
export function midnight(day) {
  if (!midnights.has(day)) {
    const utc = numberOf(day) * DAY;
    midnights.set(day, utc - ahead(utc - HOUR));
  }
  return midnights.get(day);
}

export const hoursOf = (day) => (midnight(add(day, 1)) - midnight(day)) / HOUR;

export function dayOf(at) {
  const { year, month, day } = shown(at);
  return `${year}-${month}-${day}`;
}

export const hourOf = (at) => Number(shown(at).hour);

export const isSummer = (at) => ahead(at) === 2 * HOUR;

// The moment of that day at which the clocks change, or null.
export function changeOf(day) {
  const from = midnight(day);
  const end = midnight(add(day, 1));
  for (let at = from; hoursOf(day) !== 24 && at < end; at += HOUR) if (isSummer(at) !== isSummer(from)) return at;
  return null;
}
