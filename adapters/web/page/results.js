// How the jobs of the last day ended, hour by hour, and why some of them failed; and how upstream is: whether it
// serves, and which quotas it has closed.
import { HOUR } from "./calendar.js";
import { el, svg } from "./dom.js";
import { count, dateAndTime, duration, time } from "./format.js";
import { amount, list, moment, object, text } from "./given.js";
import { kindName } from "./kinds.js";
import { dayChart, slotsOf } from "./lastday.js";
import { scrolling, table, tableHead } from "./table.js";
import { closedBuckets, failuresOfTheDay, isRefusal, nextTry } from "./verdict.js";
import { word } from "./words.js";

const STATES = ["done", "not_applicable", "partial", "failed"]; // from the bottom of a bar to its top
const CHART_HEIGHT = 90;

// --- upstream --------------------------------------------------------------------------------------------------------

// Whether upstream answers is known from those who ask it.
const isAsked = ({ workers, commands }) => list(workers).length + list(commands).length > 0;

export function upstreamSection(status) {
  const { away, away_ms, retry_ms } = object(status.processes);
  const closed = closedBuckets(status);
  const lines = [
    amount(away) > 0 && word("away", { time: duration(amount(away_ms)), next: nextTry(retry_ms) }),
    ...closed.map(({ bucket, closed_ms }) =>
      word("closed", { bucket: text(bucket), time: duration(amount(closed_ms)) }),
    ),
  ].filter((line) => line !== false);
  return el(
    "section",
    { "aria-labelledby": "upstream" },
    el("h2", { id: "upstream" }, word("upstream")),
    lines.length === 0
      ? el("p", { class: "none" }, word(isAsked(status) ? "no_outage" : "nobody_asks"))
      : el(
          "ul",
          { class: "warn-text" },
          lines.map((line) => el("li", {}, line)),
        ),
    text(status.upstream) !== "" &&
      el("p", { class: "quiet" }, word("upstream_is", { upstream: text(status.upstream) })),
  );
}

// --- results ---------------------------------------------------------------------------------------------------------

const sumOf = (slots) =>
  Object.fromEntries(STATES.map((state) => [state, slots.reduce((sum, { jobs }) => sum + amount(jobs[state]), 0)]));

// The slots of each hour, as clocks show it.
function byHour(slots) {
  const hours = new Map();
  for (const slot of slots) {
    const hour = Math.floor(slot.from / HOUR) * HOUR;
    hours.set(hour, [...(hours.get(hour) ?? []), slot]);
  }
  return [...hours].map(([at, of]) => ({ at, from: of[0].from, to: of.at(-1).to, sums: sumOf(of) }));
}

function bars(hours, most, x, height) {
  return hours.map(({ from, to, sums }) => {
    let below = 0;
    return STATES.map((state) => {
      const size = (sums[state] / most) * (height - 4);
      below += size;
      return (
        size > 0 &&
        svg("rect", {
          class: `job ${state}`,
          x: x(from) + 3,
          width: Math.max(1, x(to) - x(from) - 6),
          y: height - below,
          height: size,
        })
      );
    });
  });
}

function tellHour(hour) {
  if (hour === undefined) return null;
  const counts = STATES.filter((state) => hour.sums[state] > 0).map(
    (state) => `${count(hour.sums[state])} ${word(`state_${state}`)}`,
  );
  return `${time(hour.from)} – ${time(hour.to)}${word("colon")} ${counts.join(", ") || word("no_jobs")}`;
}

function chart(slots, sums) {
  const hours = byHour(slots);
  const most = Math.max(1, ...hours.map((hour) => STATES.reduce((sum, state) => sum + hour.sums[state], 0)));
  const label = word("results_chart", {
    done: sums.done,
    partial: sums.partial,
    failed: sums.failed,
    most: count(most),
  });
  return [
    dayChart(
      slots,
      CHART_HEIGHT,
      label,
      (x, height) => bars(hours, most, x, height),
      (at) => tellHour(hours.find(({ from, to }) => from <= at && at < to)),
    ),
    table(word("results"), () => ({
      head: [word("from"), ...STATES.map((state) => word(`state_${state}`))],
      rows: hours.map((hour) => [time(hour.from), ...STATES.map((state) => count(hour.sums[state]))]),
    })),
  ];
}

const totals = (sums) =>
  el(
    "dl",
    { class: "totals" },
    [...STATES]
      .reverse()
      .map((state) =>
        el(
          "div",
          {},
          el("dt", {}, el("span", { class: `key ${state}`, "aria-hidden": "true" }), word(`state_${state}`)),
          el("dd", {}, count(sums[state])),
        ),
      ),
  );

const ENDED_LOOK = { failed: "bad-text", partial: "warn-text", refused: null };

function failureRow({ prm, kind, state, error, finished_at, jobs }) {
  const known = /^\d{14}$/.test(text(prm));
  const ended = isRefusal({ error }) ? "refused" : state === "failed" ? "failed" : "partial";
  const what = amount(jobs) > 1 ? word("n_jobs", { n: amount(jobs) }) : kindName(text(kind));
  return el(
    "tr",
    { "data-key": `${text(prm)} ${text(error)}` },
    el("th", { scope: "row" }, known ? el("a", { href: `#/points/${prm}` }, prm) : text(prm) || "–"),
    el("td", { class: ENDED_LOOK[ended] }, word(`job_${ended}`)),
    el("td", {}, what),
    el("td", { class: "why", lang: "en" }, text(error) || "–"),
    el("td", {}, dateAndTime(moment(finished_at))),
  );
}

function failureTable(failures) {
  if (failures.length === 0) return el("p", { class: "none" }, word("no_failure"));
  const head = ["usage_point", "ended_as", "what", "why", "when"];
  return scrolling(
    word("failures"),
    el(
      "table",
      { class: "failures" },
      el("caption", {}, word("failures")),
      tableHead(head.map((name) => word(name))),
      el("tbody", {}, failures.map(failureRow)),
    ),
  );
}

export function resultsSection(status, history, now) {
  const slots = slotsOf(history);
  const sums = sumOf(slots);
  return el(
    "section",
    { "aria-labelledby": "results" },
    el("h2", { id: "results" }, word("results")),
    slots.length === 0
      ? el("p", { class: "none" }, word(list(history.slots).length === 0 ? "not_loaded" : "nothing"))
      : [totals(sums), chart(slots, sums)],
    failureTable(failuresOfTheDay(status, now)),
  );
}
