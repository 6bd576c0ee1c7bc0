// How full each window of each quota is: now, as a gauge, and over the last day. An API that nothing was asked of has
// one line with its like.
import { el, svg } from "./dom.js";
import { count, duration, share, time, windowName } from "./format.js";
import { amount, list, object, text } from "./given.js";
import { dayChart, sharesOf, slotsOf, steps } from "./lastday.js";
import { table } from "./table.js";
import { word } from "./words.js";

const CHART_HEIGHT = 40;

function gauge({ limit, used, ms }, bucket) {
  const part = Math.min(1, used / limit);
  const words = word("used_of", { used: count(used), limit: count(limit) });
  return el(
    "div",
    {
      class: "gauge",
      role: "meter",
      "aria-label": word("window_of", { bucket, window: windowName(ms) }),
      "aria-valuemin": 0,
      "aria-valuemax": limit,
      "aria-valuenow": Math.min(used, limit),
      "aria-valuetext": words,
    },
    svg(
      "svg",
      { "aria-hidden": "true" },
      svg("rect", { class: "room", width: "100%", height: "100%" }),
      svg("rect", { class: part >= 1 ? "used full" : "used", width: `${part * 100}%`, height: "100%" }),
    ),
  );
}

function chart(slots, bucket, window) {
  if (slots.length === 0) return null;
  const shares = sharesOf(slots, bucket, window);
  const most = Math.max(...shares);
  const label = word("window_of_day", { bucket, window: windowName(window.ms), most: share(most, 1) });
  const draw = (x, height) => {
    const { line, area } = steps(
      slots.map(({ from, to }, i) => ({ from, to, value: shares[i] })),
      x,
      (part) => height - part * (height - 2),
    );
    return [
      svg("path", { class: "limit", d: `M0 1H1000` }),
      svg("path", { class: "area", d: area }),
      svg("path", { class: "line", d: line }),
    ];
  };
  return dayChart(slots, CHART_HEIGHT, label, draw, (at) => {
    const i = slots.findIndex(({ from, to }) => from <= at && at < to);
    return i < 0 ? null : `${time(slots[i].from)} – ${time(slots[i].to)}${word("colon")} ${share(shares[i], 1)}`;
  });
}

const windowRow = (window, bucket, drawn) =>
  el(
    "div",
    { class: "window", "data-key": `${bucket} ${window.ms}` },
    el("h4", {}, word("window", { limit: count(window.limit), window: windowName(window.ms) })),
    gauge(window, bucket),
    el(
      "p",
      { class: "figure" },
      el("b", {}, count(window.used)),
      ` / ${count(window.limit)} `,
      el("span", { class: "share" }, share(window.used, window.limit)),
    ),
    drawn,
  );

function door({ next_ms, closed_ms }) {
  if (amount(closed_ms) > 0)
    return el("p", { class: "door warn" }, word("closed_for", { time: duration(amount(closed_ms)) }));
  if (amount(next_ms) > 1000)
    return el("p", { class: "door" }, word("next_permit", { time: duration(amount(next_ms)) }));
  return null;
}

function values(slots, bucket, windows) {
  const shares = windows.map((window) => sharesOf(slots, bucket, window));
  return table(word("values_of_day"), () => ({
    head: [word("from"), word("permits"), ...windows.map(({ limit, ms }) => `${count(limit)}/${windowName(ms)}`)],
    rows: slots.map((slot, i) => [
      time(slot.from),
      count(amount(slot.granted[bucket])),
      ...shares.map((of) => share(of[i], 1)),
    ]),
  }));
}

// Nearly all requests are of the first API, that of measures: the last day of the others is folded away.
function bucketBlock({ bucket, windows, next_ms, closed_ms }, slots, isFirst) {
  const charts = windows.map((window) => chart(slots, bucket, window));
  const folded = () =>
    el(
      "details",
      { class: "fold" },
      el("summary", {}, word("last_day")),
      windows.map((window, i) => [
        el("p", { class: "quiet" }, word("window", { limit: count(window.limit), window: windowName(window.ms) })),
        charts[i],
      ]),
      values(slots, bucket, windows),
    );
  return el(
    "div",
    { class: "bucket", "data-key": bucket },
    el("h3", {}, bucket),
    door({ next_ms, closed_ms }),
    windows.map((window, i) => windowRow(window, bucket, isFirst && charts[i])),
    slots.length > 0 && (isFirst ? values(slots, bucket, windows) : folded()),
  );
}

function read(one) {
  const windows = list(one.windows)
    .map(object)
    .filter(({ limit, ms }) => amount(limit) > 0 && amount(ms) > 0)
    .map(({ limit, ms, used }) => ({ limit, ms, used: amount(used) }));
  return { ...one, bucket: text(one.bucket), windows };
}

export function quotaSection(status, history) {
  const slots = slotsOf(history);
  const buckets = list(status.quota)
    .map(object)
    .map(read)
    .filter(({ bucket }) => bucket !== "");
  const isUsed = ({ bucket, windows, closed_ms }, i) =>
    i === 0 ||
    amount(closed_ms) > 0 ||
    windows.some(({ used }) => used > 0) ||
    slots.some(({ granted }) => amount(granted[bucket]) > 0);
  const used = buckets.filter(isUsed);
  const unused = buckets.filter((bucket, i) => !isUsed(bucket, i));
  return el(
    "section",
    { class: "quota", "aria-labelledby": "quota" },
    el("h2", { id: "quota" }, word("quota")),
    buckets.length === 0 && el("p", { class: "none" }, word("no_quota")),
    used.map((bucket, i) => bucketBlock(bucket, slots, i === 0)),
    unused.length > 0 &&
      el("p", { class: "quiet" }, word("unused", { list: unused.map(({ bucket }) => bucket).join(", ") })),
  );
}
