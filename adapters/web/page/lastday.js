// The last 24 hours as the server counts them, in slots of some minutes; and a small chart over them, which takes the
// width that there is.
import { HOUR, hourOf } from "./calendar.js";
import { el, svg } from "./dom.js";
import { amount, list, moment, number, object } from "./given.js";
import { pointed } from "./pointing.js";
import { word } from "./words.js";

const SLOTS_MAX = 300;
const WIDTH = 1000; // of the drawing, in units of its own: it is stretched

// [{from, to, granted: {bucket: n}, jobs: {state: n}}], ascending
export function slotsOf(history) {
  const ms = (amount(history.slot_s) || 600) * 1e3;
  return list(history.slots)
    .slice(-SLOTS_MAX)
    .map(object)
    .map(({ at, granted, jobs }) => ({
      from: moment(at),
      to: moment(at) + ms,
      granted: object(granted),
      jobs: object(jobs),
    }))
    .filter(({ from }) => Number.isFinite(from))
    .sort((a, b) => a.from - b.from);
}

// How much of a window was used, slot by slot, 0 to 1: of a long window what the last slots hold, of a short one the
// mean. The last slot runs still: of it, `used` says what the ledger has now.
export function sharesOf(slots, bucket, { limit, ms, used }) {
  const of = ({ granted }) => amount(granted[bucket]);
  return slots.map((slot, i) => {
    const last = i === slots.length - 1;
    const length = slot.to - slot.from;
    if (last && (ms >= length || i === 0)) return Math.min(1, amount(used) / limit);
    if (ms < length) return Math.min(1, of(last ? slots[i - 1] : slot) / ((limit * length) / ms));
    const held = slots.filter(({ from }) => from <= slot.from && from > slot.to - ms - 1);
    return Math.min(1, held.reduce((sum, one) => sum + of(one), 0) / limit);
  });
}

// A path of steps through [{from, to, value}], and the area below; where there is no value, a gap.
export function steps(parts, x, y) {
  let line = "";
  let area = "";
  let before = null;
  let start = null;
  const round = (value) => Math.round(value * 100) / 100;
  const close = () => {
    if (before !== null) area += `V${round(y(0))}H${round(x(start))}Z`;
  };
  for (const { from, to, value } of parts) {
    if (!Number.isFinite(number(value, NaN))) continue;
    if (before !== from) {
      close();
      start = from;
      line += `M${round(x(from))} ${round(y(value))}`;
      area += `M${round(x(from))} ${round(y(0))}V${round(y(value))}`;
    } else {
      line += `V${round(y(value))}`;
      area += `V${round(y(value))}`;
    }
    line += `H${round(x(to))}`;
    area += `H${round(x(to))}`;
    before = to;
  }
  close();
  return { line, area };
}

// The frame of a chart over the slots: hours below, and what `draw(x, height)` returns. `tell(moment)` says in words
// what is there, or null.
export function dayChart(slots, height, label, draw, tell) {
  const from = slots[0].from;
  const to = slots.at(-1).to;
  const x = (at) => ((at - from) / (to - from)) * WIDTH;
  const hours = [];
  for (let at = Math.ceil(from / HOUR) * HOUR; at < to; at += HOUR) if (hourOf(at) % 6 === 0) hours.push(at);
  return el(
    "div",
    { class: "day-chart" },
    svg(
      "svg",
      {
        class: "plot",
        viewBox: `0 0 ${WIDTH} ${height}`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": label,
        ...pointed((share) => tell(from + share * (to - from))),
      },
      hours.map((at) => svg("path", { class: "grid", d: `M${x(at)} 0V${height}` })),
      draw(x, height),
    ),
    svg(
      "svg",
      { class: "hours", "aria-hidden": "true" },
      hours.map((at) => {
        const share = x(at) / WIDTH;
        return svg(
          "text",
          { x: `${share * 100}%`, y: 11, "text-anchor": share < 0.04 ? "start" : share > 0.96 ? "end" : "middle" },
          word("hour", { hour: hourOf(at) }),
        );
      }),
    ),
  );
}
