// The stream of the status. Says to whoever follows it what came last, when, and whether it has got old: `trouble` is
// null, or since when nothing new has come and where it broke ("connection" or "redis").
import { getObject } from "./api.js";
import { dayOf, daysBetween, isDay } from "./calendar.js";
import { object, text } from "./given.js";

const GRACE_MS = 5e3; // a stream that is there again so soon (the browser tries after 3 s) was not away
const REOPEN_MS = 5e3; // the server refused the stream (it has few): the browser does not try again by itself
const SILENT_MS = 40e3; // nothing was new for so long, or the connection is dead without anybody having said so

export const live = { status: null, at: null, trouble: null };

const followers = new Set();
let source = null;
let reopening = null;
let grace = null;
let heard = 0;
let aheadMs = 0;

export function follow(listener) {
  followers.add(listener);
  return () => followers.delete(listener);
}

const notify = () => followers.forEach((listener) => listener());

// Now, as the server has it: it may pretend to be on another day (RELEVE_TODAY).
export const now = () => Date.now() + aheadMs;

function believe(status) {
  live.status = object(status);
  live.at = Date.now();
  live.trouble = null;
  const today = text(live.status.today);
  aheadMs = isDay(today) ? daysBetween(dayOf(Date.now()), today) * 86400e3 : 0;
  clearTimeout(grace);
  grace = null;
  notify();
}

function doubt(what, detail = "") {
  clearTimeout(grace);
  grace = null;
  live.trouble = { what, detail, since: live.trouble?.since ?? live.at ?? Date.now() };
  notify();
}

function parse(data) {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

function open() {
  close();
  heard = Date.now();
  source = new EventSource("v1/events");
  source.addEventListener("status", ({ data }) => {
    heard = Date.now();
    const status = parse(data);
    if (status !== null) believe(status);
  });
  source.addEventListener("away", ({ data }) => {
    heard = Date.now();
    doubt("redis", text(object(parse(data)).detail));
  });
  source.addEventListener("error", () => {
    if (live.trouble?.what !== "connection") grace ??= setTimeout(() => doubt("connection"), GRACE_MS);
    if (source?.readyState !== EventSource.CLOSED) return;
    reopening ??= setTimeout(open, REOPEN_MS);
    poll();
  });
}

function close() {
  clearTimeout(reopening);
  reopening = null;
  source?.close();
  source = null;
}

// Asks for what the stream would have brought.
async function poll() {
  try {
    believe(await getObject("v1/status"));
    heard = Date.now();
  } catch (failure) {
    doubt(failure.status === 503 ? "redis" : "connection", failure.detail);
  }
}

// A status that does not change is not sent again, so silence says nothing.
async function listen() {
  if (source === null || Date.now() - heard < SILENT_MS) return;
  await poll();
  if (live.trouble !== null) open();
}

// A page that nobody sees needs no stream: the server has few.
export function start() {
  open();
  setInterval(listen, SILENT_MS / 4);
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
}
