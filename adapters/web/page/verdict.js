// What a status comes to, in sentences: the worst one first. The limits are those of docs/operations.md, What to
// alert on.
import { duration } from "./format.js";
import { amount, list, moment, object, text } from "./given.js";
import { word } from "./words.js";

export const SILENT_MS = 15e3; // a worker that has not been heard for so long counts as dead
const LONG_MS = 10 * 60e3; // for which no urgent job should wait
const DAY_MS = 24 * 3600e3;
const OPTIONAL = ["synth_contrat_auto", "subscribed_services"]; // APIs that are closed for an hour where not subscribed

// How the error of a refusal begins: no consent, another holder, a kind that the usage point lacks. It is the same the
// next day, so it is no alarm; that the application lacks an API is one. A bare status counts only where its text was
// understood, and does not begin with "HTTP 403".
const REFUSAL = /^(?:ADAM-DC-000[789]|ADAM-ERR00(?:61|69|75)|STM-ERR-0000019|(?:http-)?40[34](?=: (?!HTTP )))(?::|$)/;

const SEVERITY = ["bad", "warn", "note"];

export const livingWorkers = (status) =>
  list(status.workers)
    .map(object)
    .filter((one) => amount(one.age_ms) <= SILENT_MS);

export const waitingJobs = ({ queues }) =>
  ["high", "normal", "low"].reduce((sum, name) => sum + amount(object(queues)[name]), 0);

export const failuresOfTheDay = (status, now) =>
  list(status.failures)
    .map(object)
    .filter(({ finished_at }) => !(now - moment(finished_at) > DAY_MS)); // what says no time is not left out

export const isRefusal = ({ error }) => REFUSAL.test(text(error));

// How many more jobs ended like those that the status names: it names the latest few usage points and reasons. None
// where it names some that are older than a day, as the others are older still.
function unnamedJobs(status, now) {
  const named = list(status.failures).map(object);
  if (failuresOfTheDay(status, now).length < named.length) return 0;
  const { failed, partial } = object(status.ended);
  return Math.max(0, amount(failed) + amount(partial) - named.reduce((sum, { jobs }) => sum + amount(jobs), 0));
}

export const closedBuckets = (status) =>
  list(status.quota)
    .map(object)
    .filter(({ closed_ms }) => amount(closed_ms) > 0);

export const nextTry = (retryMs) =>
  amount(retryMs) >= 1000 ? word("next_try", { time: duration(amount(retryMs)) }) : word("tried_now");

function* outages({ processes }) {
  const { count, away, away_ms, retry_ms, redis_away, redis_away_ms } = object(processes);
  const outage = (what, n, values) => {
    const all = n >= amount(count);
    const name = what.replace(" ", "_");
    return { level: all ? "bad" : "warn", what, words: word(all ? name : `${name}_for_some`, values) };
  };
  const values = (n, ms) => ({ time: duration(amount(ms)), n, all: amount(count) });
  if (amount(redis_away) > 0) yield outage("redis away", amount(redis_away), values(amount(redis_away), redis_away_ms));
  if (amount(away) > 0)
    yield outage("away", amount(away), { ...values(amount(away), away_ms), next: nextTry(retry_ms) });
}

function* doors(status) {
  for (const { bucket, closed_ms } of closedBuckets(status))
    yield {
      level: OPTIONAL.includes(bucket) ? "note" : "warn",
      what: `closed ${text(bucket)}`,
      words: word("closed", { bucket: text(bucket), time: duration(amount(closed_ms)) }),
    };
}

function* work(status, now) {
  const waiting = waitingJobs(status);
  const living = livingWorkers(status).length;
  if (waiting > 0 && living === 0) yield { level: "bad", what: "no worker", words: word("no_worker", { n: waiting }) };
  const silent = list(status.workers).length - living;
  if (silent > 0) yield { level: "warn", what: "silent", words: word("silent_workers", { n: silent }) };
  const age = now - moment(object(status.oldest).high);
  if (age > LONG_MS) yield { level: "warn", what: "waits long", words: word("urgent_waits", { time: duration(age) }) };
}

function* results(status, now) {
  const failures = failuresOfTheDay(status, now);
  const unnamed = unnamedJobs(status, now);
  const isOf = {
    failed: (one) => one.state === "failed" && !isRefusal(one),
    partial: (one) => one.state === "partial" && !isRefusal(one),
    refused: isRefusal,
  };
  for (const [what, isOne] of Object.entries(isOf)) {
    const n = new Set(failures.filter(isOne).map(({ prm }) => text(prm))).size;
    const words = word(`points_${what}`, { n });
    if (n > 0)
      yield {
        level: what === "failed" ? "warn" : "note",
        what,
        words: unnamed > 0 ? word("at_least", { words }) : words,
      };
  }
  const dead = amount(object(status.queues).dead);
  if (dead > 0) yield { level: "note", what: "dead", words: word("dead_messages", { n: dead }) };
}

function whatIsDone(status) {
  const workers = list(status.workers).map(object);
  const commands = list(status.commands).length;
  const held = workers.reduce((sum, { jobs }) => sum + amount(jobs), 0);
  const waiting = waitingJobs(status);
  const starting = list(status.starting).length;
  if (workers.length + starting + commands === 0) return word("nothing_runs");
  const said = [];
  if (workers.length > 0) said.push(word("workers_run", { n: workers.length }));
  if (starting > 0) said.push(word("workers_start", { n: starting }));
  if (commands > 0) said.push(word("commands_run", { n: commands }));
  if (held + waiting > 0) said.push(word("jobs_left", { n: held + waiting }));
  return said.join(", ");
}

// What there is to say where nothing else is.
function best(status, now, isNew) {
  const unnamed = unnamedJobs(status, now); // there may be failures among them
  if (unnamed > 0) return { level: "note", what: "unnamed", words: word("jobs_unnamed", { n: unnamed }) };
  if (isNew) return { level: "note", what: "new", words: word("nothing_done", { prefix: text(status.prefix) }) };
  return { level: "well", what: "well", words: word("all_well", { what: whatIsDone(status) }) };
}

// [{level, what, words}]: at least one; the first is the headline. `what` stays the same while nothing else happens.
// `isNew`: nothing was ever done.
export function findings(status, now, isNew) {
  const found = [...outages(status), ...doors(status), ...work(status, now), ...results(status, now)];
  found.sort((a, b) => SEVERITY.indexOf(a.level) - SEVERITY.indexOf(b.level));
  if (found.length === 0 || found[0].level === "note") found.unshift(best(status, now, isNew));
  return found;
}
