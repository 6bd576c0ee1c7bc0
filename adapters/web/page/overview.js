// The first view: the state in one sentence, then quota, upstream, work and results. The status comes by the stream,
// what was done in the last day is asked for.
import { getObject } from "./api.js";
import { announce, el, show } from "./dom.js";
import { time } from "./format.js";
import { list, object } from "./given.js";
import { follow, live, now } from "./live.js";
import { Loader } from "./loader.js";
import { quotaSection } from "./quota.js";
import { resultsSection, upstreamSection } from "./results.js";
import { findings } from "./verdict.js";
import { word } from "./words.js";
import { queuesSection, workersSection } from "./work.js";

const HISTORY_MS = 15e3;
const TICK_MS = 10e3; // ages grow while nothing is sent

// What was found long ago is told as what was found then.
function headline(found) {
  const [first, ...others] = found;
  const { trouble } = live;
  return [
    el(
      "h1",
      { class: `verdict ${trouble ? "old" : first.level}`, tabindex: "-1" },
      el("span", { class: "sign", "aria-hidden": "true" }),
      trouble ? word("it_was", { since: time(trouble.since), words: first.words }) : first.words,
    ),
    others.length > 0 &&
      el(
        "ul",
        { class: "findings" },
        others.map(({ level, words }) =>
          el("li", { class: level }, el("span", { class: "sign", "aria-hidden": "true" }), words),
        ),
      ),
  ];
}

const isEmpty = (counts) => Object.keys(object(counts)).length === 0;

// What was done in the last day. Where nothing was, whether there is any usage point: else nothing was ever done.
async function askHistory(signal) {
  const history = await getObject("v1/history", signal);
  const isIdle = list(history.slots)
    .map(object)
    .every(({ granted, jobs }) => isEmpty(granted) && isEmpty(jobs));
  if (!isIdle) return history;
  const { points } = await getObject("v1/points?limit=1", signal);
  return { ...history, isNew: Array.isArray(points) && points.length === 0 };
}

export function overview(main) {
  const box = el("div", { class: "overview" });
  main.append(box);
  let history = null; // until there is an answer, if only that there is none
  let told = null;

  function draw() {
    const { status } = live;
    if (status === null || history === null) {
      show(box, el("h1", { tabindex: "-1" }, word(live.trouble ? "nothing_known" : "connecting")));
      document.title = `${word("overview")} · relevé`;
      return;
    }
    const found = findings(status, now(), history.isNew === true);
    document.title = `${live.trouble ? "? " : ""}${found[0].words.replace(/\.$/, "")} · relevé`;
    show(
      box,
      headline(found),
      el(
        "div",
        { class: "sections" },
        el("div", {}, quotaSection(status, history)),
        el("div", {}, upstreamSection(status), queuesSection(status, now()), workersSection(status)),
        el("div", { class: "wide" }, resultsSection(status, history, now())),
      ),
    );
    const state = `${found[0].level} ${found[0].what}`;
    if (told !== null && told !== state) announce(found[0].words);
    told = state;
  }

  const loader = new Loader(
    askHistory,
    (found) => {
      history = found ?? history ?? {};
      draw();
    },
    HISTORY_MS,
  );
  let unfollow = null;
  let timer = null;
  return {
    show() {
      unfollow ??= follow(draw);
      timer ??= setInterval(draw, TICK_MS);
      loader.start();
      draw();
    },
    leave() {
      unfollow();
      clearInterval(timer);
      loader.stop();
    },
  };
}
