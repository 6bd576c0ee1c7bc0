// What waits, by class, and what the workers and commands run.
import { el } from "./dom.js";
import { count, duration } from "./format.js";
import { amount, list, moment, object, text } from "./given.js";
import { kindName } from "./kinds.js";
import { scrolling, tableHead } from "./table.js";
import { SILENT_MS, nextTry } from "./verdict.js";
import { word } from "./words.js";

const UNFOLDED_MAX = 4; // workers whose jobs are shown at once
const SHOWN_MAX = 40; // workers, and commands: the others are counted

const age = (now, created) => (Number.isFinite(moment(created)) ? duration(Math.max(0, now - moment(created))) : "–");

export function queuesSection(status, now) {
  const queues = object(status.queues);
  const oldest = object(status.oldest);
  const row = (name) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, word(`class_${name}`)),
      el("td", {}, count(amount(queues[name]))),
      el("td", {}, amount(queues[name]) > 0 ? age(now, oldest[name]) : "–"),
    );
  return el(
    "section",
    { "aria-labelledby": "queues" },
    el("h2", { id: "queues" }, word("queues")),
    el(
      "table",
      { class: "figures" },
      tableHead(["class", "jobs_waiting", "oldest"].map((name) => word(name))),
      el("tbody", {}, ["high", "normal", "low"].map(row)),
    ),
    dead(status),
  );
}

function dead(status) {
  const messages = amount(object(status.queues).dead);
  if (messages === 0) return null;
  const why = list(status.dead)
    .map(text)
    .filter((one) => one !== "");
  return el(
    "div",
    {},
    el("p", { class: "warn-text" }, word("dead_messages", { n: messages })),
    why.length > 0 &&
      el(
        "ul",
        { class: "quiet", lang: "en" },
        why.map((one) => el("li", {}, one)),
      ),
  );
}

// --- who works -------------------------------------------------------------------------------------------------------

const link = (prm) => (/^\d{14}$/.test(prm) ? el("a", { href: `#/points/${prm}` }, prm) : prm);

// Below a worker: what it runs, folded away where there are many workers.
function runningRow({ name, running, jobs }, isFolded) {
  const named = list(running).map(object);
  const more = amount(jobs) - named.length;
  if (named.length === 0) return null;
  const items = el(
    "ul",
    {},
    named.map(({ prm, kind }) => el("li", {}, link(text(prm)), " ", kindName(text(kind)))),
    more > 0 && el("li", {}, word("and_more", { n: more })),
  );
  const shown = isFolded ? el("details", {}, el("summary", {}, word("what_it_runs")), items) : items;
  return el("tr", { class: "running", "data-key": `runs ${text(name)}` }, el("td", { colspan: 5 }, shown));
}

function cells(pulse) {
  const rate = object(pulse.rate);
  return [
    rate.requests_per_second === undefined ? "–" : count(amount(rate.requests_per_second), 1),
    rate.jobs_per_minute === undefined ? "–" : count(amount(rate.jobs_per_minute), 1),
    count(amount(pulse.requests_left)),
  ].map((cell) => el("td", {}, cell));
}

const outage = (pulse) => [
  amount(pulse.redis_away_ms) > 0 &&
    el(
      "p",
      { class: "warn-text" },
      word("redis_away", { time: duration(amount(pulse.redis_away_ms)) }),
      " ",
      el("span", { lang: "en" }, text(pulse.redis_why)),
    ),
  amount(pulse.away_ms) > 0 &&
    el(
      "p",
      { class: "warn-text" },
      word("away", { time: duration(amount(pulse.away_ms)), next: nextTry(pulse.retry_ms) }),
    ),
];

function workerRow(worker) {
  const silent = amount(worker.age_ms) > SILENT_MS;
  const pulse = object(worker.pulse);
  return el(
    "tr",
    { "data-key": text(worker.name) },
    el(
      "th",
      { scope: "row" },
      text(worker.name),
      outage(pulse),
      silent && el("p", { class: "warn-text" }, word("silent_for", { time: duration(amount(worker.age_ms)) })),
    ),
    el("td", {}, count(amount(worker.jobs))),
    cells(pulse),
  );
}

function startingRow(worker) {
  return el(
    "tr",
    { "data-key": text(worker.name) },
    el("th", { scope: "row" }, text(worker.name), el("p", { class: "quiet" }, word("not_begun")), outage(worker)),
    el("td", {}, "–"),
    cells(worker),
  );
}

function commandRow(command) {
  const name = [text(command.command), text(command.host)].filter((one) => one !== "").join(" · ");
  const jobs =
    amount(command.jobs_wanted) > 0
      ? `${count(amount(command.jobs_ended))} / ${count(amount(command.jobs_wanted))}`
      : count(amount(command.jobs_under_way));
  return el("tr", {}, el("th", { scope: "row" }, name, outage(command)), el("td", {}, jobs), cells(command));
}

export function workersSection(status) {
  const workers = list(status.workers).map(object);
  const commands = list(status.commands).map(object);
  const starting = list(status.starting).map(object);
  const more = [workers, starting, commands].reduce((sum, { length }) => sum + Math.max(0, length - SHOWN_MAX), 0);
  const head = ["who", "jobs", "requests_s", "jobs_min", "requests_left"];
  return el(
    "section",
    { "aria-labelledby": "workers" },
    el("h2", { id: "workers" }, word("workers")),
    workers.length + starting.length + commands.length === 0
      ? el("p", { class: "none" }, word("nothing_runs"))
      : scrolling(
          word("workers"),
          el(
            "table",
            { class: "figures" },
            tableHead(head.map((name) => word(name))),
            el(
              "tbody",
              {},
              workers
                .slice(0, SHOWN_MAX)
                .map((one) => [workerRow(one), runningRow(one, workers.length > UNFOLDED_MAX)]),
              starting.slice(0, SHOWN_MAX).map(startingRow),
              commands.slice(0, SHOWN_MAX).map(commandRow),
            ),
          ),
        ),
    more > 0 && el("p", { class: "quiet" }, word("and_more", { n: more })),
    left(status),
  );
}

function left(status) {
  if (amount(status.requests_left) === 0) return null;
  const known = amount(status.left_ms) >= 1000;
  return el(
    "p",
    { class: "quiet" },
    word(known ? "left_at_least" : "left", {
      n: amount(status.requests_left),
      time: known ? duration(amount(status.left_ms)) : "",
    }),
  );
}
