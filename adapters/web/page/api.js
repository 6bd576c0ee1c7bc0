// Questions to the server this page came from. A handful at once at most; the others wait for their turn.
import { list, number, object, text } from "./given.js";

const AT_ONCE = 4;
const PATIENCE_MS = 20e3; // the server answers within 5 s, if only to say that Redis does not
const DAYS_PAGES_MAX = 6; // of 400 days: more than upstream serves

let asking = 0;
const waiting = [];

async function inTurn(ask) {
  if (asking >= AT_ONCE) await new Promise((go) => waiting.push(go));
  asking++;
  try {
    return await ask();
  } finally {
    asking--;
    waiting.shift()?.();
  }
}

// `status` is HTTP's, 0 where there was no answer; `detail` is the server's own line, or "".
export class Failure extends Error {
  constructor(status, detail, retryMs) {
    super(detail);
    Object.assign(this, { status, detail, retryMs });
  }
}

async function refusal(answer) {
  const body = object(await answer.json().catch(() => null));
  return new Failure(answer.status, text(body.detail), number(Number(answer.headers.get("Retry-After"))) * 1e3);
}

// Paths are relative to the page, which a proxy may serve below a path of its own.
function ask(path, signal, read) {
  return inTurn(async () => {
    const signals = [AbortSignal.timeout(PATIENCE_MS), ...(signal ? [signal] : [])];
    try {
      const answer = await fetch(path, { signal: AbortSignal.any(signals), cache: "no-cache" });
      if (!answer.ok) throw await refusal(answer);
      return await read(answer);
    } catch (error) {
      if (signal?.aborted || error instanceof Failure) throw error;
      throw new Failure(0, "", 0);
    }
  });
}

export const getObject = (path, signal) => ask(path, signal, async (answer) => object(await answer.json()));

function parse(line) {
  try {
    return object(JSON.parse(line));
  } catch {
    return {};
  }
}

async function readDays(answer) {
  const lines = (await answer.text()).split("\n").filter((line) => line !== "");
  const next = /<\/?(v1\/[^>]*)>; *rel="next"/.exec(answer.headers.get("Link") ?? "");
  return { days: lines.map(parse).filter((day) => text(day.date) !== ""), next: next?.[1] };
}

// The stored days of [start, end[, by their date.
export async function getDays(prm, kind, start, end, signal) {
  const found = new Map();
  let path = `v1/points/${prm}/days/${kind}?start=${start}&end=${end}`;
  for (let page = 0; path !== undefined && page < DAYS_PAGES_MAX; page++) {
    const { days, next } = await ask(path, signal, readDays);
    for (const day of list(days)) found.set(day.date, day);
    path = next;
  }
  return found;
}
