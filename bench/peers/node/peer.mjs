// What a good engineer writes in a day in place of releve: every window of every usage point, split into days, in Redis.
//
//     CLIENT_ID=... CLIENT_SECRET=... node peer.mjs --upstream URL --redis SOCKET --prefix P --prms FILE --kind K
//         --api 2026|v5 --start DAY --end DAY --in-flight N
//
// undici, node-redis. No quota, no retries, no claims: a wrong answer ends it. The days are those that releve stores, in
// the same form. Prints what it did and how long it took without the imports, as JSON.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { createClient } from "redis";
import { Pool } from "undici";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const MINUTES = { PT5M: 5, PT10M: 10, PT15M: 15, PT30M: 30, PT60M: 60 };
const WINDOW_DAYS = { consumption_load_curve: 7, daily_consumption: 365 };
const UNITS = { consumption_load_curve: "W", daily_consumption: "Wh" };

// --- the two generations of the interface ---------------------------------------------------------------------------

const DIALECTS = {
  2026: {
    name: "2026",
    paths: {
      consumption_load_curve: "/mesure_synchrone_auto/v2/courbe_de_charge_consommation",
      daily_consumption: "/mesure_synchrone_auto/v2/consommation_quotidienne",
    },
    query: (prm, window) => `?pointId=${prm}&dateDebut=${window.start}&dateFin=${window.end}`,
    open: (body) => {
      const [measure] = body.grandeur;
      return { own: body.idPrm, unit: measure.unite, quality: body.etapeMetier, points: measure.points };
    },
    value: (point) => point.v,
    stamp: (point) => point.d,
    interval: (point) => point.p,
  },
  v5: {
    name: "v5",
    paths: {
      consumption_load_curve: "/metering_data_clc/v5/consumption_load_curve",
      daily_consumption: "/metering_data_dc/v5/daily_consumption",
    },
    query: (prm, window) => `?usage_point_id=${prm}&start=${window.start}&end=${window.end}`,
    open: ({ meter_reading: reading }) => ({
      own: reading.usage_point_id,
      unit: reading.reading_type.unit,
      quality: reading.quality,
      points: reading.interval_reading,
    }),
    value: (point) => point.value,
    stamp: (point) => point.date,
    interval: (point) => point.interval_length,
  },
};

// --- days -----------------------------------------------------------------------------------------------------------

const civil = (ms) => new Date(ms).toISOString().slice(0, 10); // a day is the number of its midnight, as if in UTC

// Summer time in Paris: from the last Sunday of March, 01:00 UTC, to that of October.
const lastSunday = (year, month) => {
  const last = new Date(Date.UTC(year, month + 1, 0));
  return last.getTime() - last.getUTCDay() * DAY_MS;
};
const offset = (ms) => {
  const year = new Date(ms).getUTCFullYear();
  return ms >= lastSunday(year, 2) + HOUR_MS && ms < lastSunday(year, 9) + HOUR_MS ? 2 * HOUR_MS : HOUR_MS;
};
const midnight = (day) => day - offset(day - HOUR_MS); // the clock never changes at midnight

// Days that one request asks for; what is worked out once for all usage points.
class Window {
  constructor(first, last) {
    this.start = civil(first);
    this.end = civil(last);
    this.begin = midnight(first);
    this.dates = [];
    this.midnights = []; // elapsed minutes
    for (let day = first; day <= last; day += DAY_MS) {
      this.midnights.push((midnight(day) - this.begin) / MINUTE_MS);
      if (day < last) this.dates.push(civil(day));
    }
    this.daysAsked = new Set(this.dates);
    this.labels = new Map();
  }

  // The label of the end of every interval of so many minutes, in order.
  stamps(length) {
    let found = this.labels.get(length);
    if (found === undefined) {
      found = [];
      for (let at = length; at <= this.midnights.at(-1); at += length) {
        const ms = this.begin + at * MINUTE_MS;
        found.push(new Date(ms + offset(ms)).toISOString().slice(0, 19).replace("T", " "));
      }
      this.labels.set(length, found);
    }
    return found;
  }

  // Label -> elapsed minutes at which it may be: two in the hour that comes twice.
  get ends() {
    if (this.known === undefined) {
      this.known = new Map();
      this.stamps(5).forEach((stamp, i) => {
        const at = this.known.get(stamp);
        if (at === undefined) this.known.set(stamp, [5 * (i + 1)]);
        else at.push(5 * (i + 1));
      });
    }
    return this.known;
  }
}

const number = (text) => {
  if (text === null || text === undefined || text === "" || text === "null") return null;
  const value = Number(text);
  if (!Number.isInteger(value)) throw new Error(`no whole number: ${text}`);
  return value;
};
const state = (values) => (values.includes(null) ? "partial" : "complete");

// All days, where every interval came, in order, and all of one length; null where it is not so.
const regular = (window, dialect, points) => {
  const { value, stamp, interval } = dialect;
  const name = points.length > 0 ? interval(points[0]) : "PT30M";
  const length = MINUTES[name];
  const stamps = window.stamps(length);
  if (points.length !== stamps.length) return null;
  const values = new Array(points.length);
  for (let i = 0; i < points.length; i++) {
    const point = points[i];
    if (stamp(point) !== stamps[i] || interval(point) !== name) return null;
    values[i] = number(value(point));
  }
  return window.dates.map((date, i) => {
    const mine = values.slice(window.midnights[i] / length, window.midnights[i + 1] / length);
    return { date, fields: { state: state(mine), unit: "W", interval: `PT${length}M`, values: mine } };
  });
};

// The same for whatever comes: gaps, any order of lengths, lengths that change.
const irregular = (window, dialect, points) => {
  const byDay = new Map();
  let at = 0;
  for (const point of points) {
    const length = MINUTES[dialect.interval(point)];
    const mayBe = window.ends.get(dialect.stamp(point));
    if (mayBe === undefined) throw new Error(`a stamp outside of what was asked for: ${JSON.stringify(point)}`);
    at = mayBe.find((end) => end > at) ?? mayBe[0];
    const day = window.midnights.findLastIndex((minute) => minute <= at - length);
    if (!byDay.has(day)) byDay.set(day, []);
    byDay.get(day).push([at - length - window.midnights[day], length, number(dialect.value(point))]);
  }
  return [...byDay].sort(([a], [b]) => a - b).map(([day, mine]) => {
    const whole = window.midnights[day + 1] - window.midnights[day];
    const [[, length]] = mine;
    if (mine.every(([, own]) => own === length)) {
      const values = new Array(whole / length).fill(null);
      for (const [minute, , value] of mine) values[minute / length] = value;
      return { date: window.dates[day], fields: { state: state(values), unit: "W", interval: `PT${length}M`, values } };
    }
    const known = mine.filter(([, , value]) => value !== null);
    const covered = known.reduce((sum, [, own]) => sum + own, 0);
    return { date: window.dates[day], fields: { state: covered === whole ? "complete" : "partial", unit: "W", points: known } };
  });
};

const curveDays = (window, dialect, points) =>
  regular(window, dialect, points) ?? irregular(window, dialect, points);

const energyDays = (window, dialect, points) => {
  const days = [];
  for (const point of points) {
    const date = dialect.stamp(point);
    const value = number(dialect.value(point));
    if (!window.daysAsked.has(date)) throw new Error(`a day outside of what was asked for: ${JSON.stringify(point)}`);
    if (value !== null) days.push({ date, fields: { state: "complete", unit: "Wh", value } });
  }
  return days;
};

// --- the pipeline ---------------------------------------------------------------------------------------------------

class Peer {
  constructor(options, http, store) {
    this.options = options;
    this.http = http;
    this.store = store;
    this.dialect = DIALECTS[options.api];
    this.path = this.dialect.paths[options.kind];
    this.split = options.kind === "consumption_load_curve" ? curveDays : energyDays;
    this.requests = 0;
    this.days = 0;
  }

  async askToken() {
    const pair = Buffer.from(`${process.env.CLIENT_ID}:${process.env.CLIENT_SECRET}`).toString("base64");
    const { statusCode, body } = await this.http.request({
      method: "POST",
      path: "/oauth2/v3/token",
      headers: { authorization: `Basic ${pair}`, "content-type": "application/x-www-form-urlencoded" },
      body: "grant_type=client_credentials",
    });
    if (statusCode !== 200) throw new Error(`token: ${statusCode}`);
    this.headers = { authorization: `Bearer ${(await body.json()).access_token}`, accept: "application/json" };
  }

  async fetch(prm, window) {
    const path = this.path + this.dialect.query(prm, window);
    const { statusCode, body } = await this.http.request({ method: "GET", path, headers: this.headers });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${prm} ${window.start}: ${statusCode} ${text.slice(0, 200)}`);
    const { own, unit, quality, points } = this.dialect.open(JSON.parse(text));
    if (own !== prm || unit !== UNITS[this.options.kind])
      throw new Error(`${prm} ${window.start}: the answer is of ${own}, in ${unit}`);
    return { quality, days: this.split(window, this.dialect, points) };
  }

  async keep(prm, quality, days) {
    const { kind, prefix } = this.options;
    const end = { quality, source: this.dialect.name, fetched_at: `${new Date().toISOString().slice(0, 19)}Z` };
    const transaction = this.store.multi();
    for (const { date, fields } of days)
      transaction.set(`${prefix}:day:{${prm}}:${kind}:${date}`, JSON.stringify({ prm, kind, date, ...fields, ...end }));
    await transaction.exec();
  }

  async work(todo) {
    for (const [prm, window] of todo) {
      const { quality, days } = await this.fetch(prm, window);
      await this.keep(prm, quality, days);
      this.requests++;
      this.days += days.length;
    }
  }
}

// The newest first.
const windows = (start, end, days) => {
  const found = [];
  while (end > start) {
    const first = Math.max(start, end - days * DAY_MS);
    found.push(new Window(first, end));
    end = first;
  }
  return found;
};

function* pairs(prms, asked) {
  for (const prm of prms) for (const window of asked) yield [prm, window];
}

const names = ["upstream", "redis", "prefix", "prms", "kind", "api", "start", "end", "in-flight"];
const { values: options } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: "string" }])) });
const begin = performance.now();
const cpuBefore = process.cpuUsage();
const inFlight = Number(options["in-flight"]);
const http = new Pool(options.upstream, { connections: inFlight });
const store = await createClient({ socket: { path: options.redis } }).connect();
const prms = readFileSync(options.prms, "utf8").split(/\s+/).filter(Boolean);
const asked = windows(Date.parse(options.start), Date.parse(options.end), WINDOW_DAYS[options.kind]);
const peer = new Peer(options, http, store);
await peer.askToken();
const todo = pairs(prms, asked); // shared by all that work
await Promise.all(Array.from({ length: inFlight }, () => peer.work(todo)));
await http.close();
await store.close();
const { user, system } = process.cpuUsage(cpuBefore);
console.log(JSON.stringify({
  requests: peer.requests,
  days: peer.days,
  seconds: (performance.now() - begin) / 1000,
  cpu_s: (user + system) / 1e6,
}));
