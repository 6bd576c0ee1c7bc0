// The page of a usage point: what is known of it, its kinds, the calendar of one of them, and the values of some
// days. Four things are asked for, each when it can be: the facts, the coverage of the kind, its days, and, where a
// day has one value, all of these for the calendar.
import { getDays, getObject } from "./api.js";
import { add, dayOf, daysBetween, isDay } from "./calendar.js";
import { chartSection, widthOf } from "./chart.js";
import { isAbsent, kindItem, kindsOf, refusal } from "./coverage.js";
import { announce, el, show } from "./dom.js";
import { factsList, isUnheardOf, reasonOf, whyNothing } from "./facts.js";
import { measured, text } from "./given.js";
import { heatmap } from "./heatmap.js";
import { isKind, kindName, kindOf, stateOfLetter } from "./kinds.js";
import { live, now } from "./live.js";
import { Loader } from "./loader.js";
import { spanOf } from "./span.js";
import { failureWords, word } from "./words.js";

const FACTS_MS = 30e3;
const COVERAGE_MS = 10e3;
const DAYS_MAX = 4000; // of a coverage: far more than upstream serves

const STORED = ["complete", "partial", "hole", "pending", "unreadable"]; // as the state of a day may be told

const todayOf = () => (isDay(text(live.status?.today)) ? live.status.today : dayOf(now()));

// What the server says of the coverage, or null where it is none.
function readCoverage(found) {
  const { start, end } = found;
  const states = text(found.states).slice(0, DAYS_MAX);
  return isDay(start) && isDay(end) && states.length > 0 && daysBetween(start, end) >= states.length
    ? { start, end: add(start, states.length), states, refused: refusal(found.refused) }
    : null;
}

// A kind of which something is stored, the first one if it can be.
function firstKind(facts) {
  const kinds = kindsOf(facts);
  return (kinds.find((kind) => isDay(text(kind.last))) ?? kinds.find((kind) => !isAbsent(kind)) ?? kinds[0]).name;
}

export function point(main) {
  const heading = el("h1", { tabindex: "-1" });
  const facts = el("div");
  const body = el("div");
  main.append(heading, facts, body);
  let route;
  let kind = null;
  let known = null;
  let coverage = null;
  let days = new Map();
  let asked = "";
  let loaded = "";
  let failure = null;
  let focusDay = null;
  let wantsWords = false;
  let scrolled = null;

  const factsLoader = new Loader(
    (signal) => getObject(`v1/points/${route.prm}`, signal),
    (found, failed) => {
      known = found ?? known;
      failure = failed;
      if (kind === null && known !== null) choose();
      draw();
    },
    FACTS_MS,
  );
  const coverageLoader = new Loader(
    (signal) => getObject(`v1/points/${route.prm}/coverage/${kind}`, signal),
    (found, failed) => {
      coverage = (found && readCoverage(found)) ?? coverage;
      failure = failed;
      askDays();
      draw();
    },
    COVERAGE_MS,
  );
  const daysLoader = new Loader(
    async (signal) => {
      const { start, end } = range();
      const what = asked;
      return { what, days: await getDays(route.prm, kind, start, end, signal) };
    },
    (found, failed) => {
      failure = failed;
      if (found) ({ what: loaded, days } = found);
      draw();
    },
  );

  // --- what is shown ---

  // The day that the address names, else the newest that has values: of those that upstream serves, or today, which
  // is where a coverage ends. Only asked for where there is a coverage.
  function day() {
    const { start, end, states } = coverage;
    const last = Math.max(states.lastIndexOf("c"), states.lastIndexOf("p"));
    const wanted = route.day ?? add(start, last >= 0 ? last : states.length - 1);
    return wanted < start ? start : wanted > end ? end : wanted;
  }

  const spanName = () => (kindOf(kind).spans.includes(route.span) ? route.span : kindOf(kind).spans[0]);
  const span = () => spanOf(spanName(), day());

  // The days that are asked for: of a kind with one value a day, all of them, for the calendar.
  function range() {
    const shown = span();
    if (!["bars", "peaks"].includes(kindOf(kind).shape)) return shown;
    return {
      start: shown.start < coverage.start ? shown.start : coverage.start,
      end: shown.end > coverage.end ? shown.end : coverage.end,
    };
  }

  function stateOf(day) {
    const stored = text(days.get(day)?.state);
    if (STORED.includes(stored)) return stored;
    if (day >= todayOf()) return "future";
    const i = coverage === null ? -1 : daysBetween(coverage.start, day);
    return i >= 0 && i < coverage.states.length ? stateOfLetter(coverage.states[i]) : "missing";
  }

  const isStored = () => /[cphw]/.test(coverage.states);

  // Days are asked for again when their states have changed.
  function askDays() {
    if (coverage === null || !isStored()) return;
    const { start, end } = range();
    const states = coverage.states.slice(
      Math.max(0, daysBetween(coverage.start, start)),
      Math.max(0, daysBetween(coverage.start, end)),
    );
    const wanted = [kind, start, end, states].join(" ");
    if (wanted === asked) return;
    asked = wanted;
    daysLoader.start();
  }

  function choose() {
    const chosen = isKind(route.kind) ? route.kind : known === null ? null : firstKind(known);
    if (chosen === kind) return;
    [kind, coverage, days, asked, loaded, focusDay] = [chosen, null, new Map(), "", "", null];
    daysLoader.stop();
    coverageLoader.start();
  }

  const address = (span, day) => `#/points/${route.prm}/${kind}/${span}/${day}`;

  // From the calendar: a day of a curve, the month or so of what has one value a day.
  function open(day) {
    wantsWords = true;
    focusDay = day;
    const to = address(spanName() === "week" && kindOf(kind).shape === "curve" ? "day" : spanName(), day);
    if (location.hash === to) draw();
    else location.hash = to;
  }

  // --- drawing ---

  const kindsNav = () =>
    el(
      "nav",
      { class: "kinds-nav", "aria-label": word("kinds") },
      el(
        "ul",
        { class: "kinds" },
        kindsOf(known).map((one) => kindItem(one, route.prm, kind)),
      ),
    );

  function calendar() {
    const valued = ["bars", "peaks"].includes(kindOf(kind).shape);
    const values = new Map(valued ? [...days].map(([date, { value }]) => [date, measured(value)]) : []);
    focusDay ??= day();
    const focus =
      focusDay < coverage.start ? coverage.start : focusDay >= coverage.end ? add(coverage.end, -1) : focusDay;
    return heatmap({
      ...coverage,
      values,
      unit: kindOf(kind).unit,
      direction: kindOf(kind).direction,
      selected: valued ? spanOf("day", day()) : span(),
      focus,
      open,
      label: word("calendar_of", { kind: kindName(kind) }),
      reach: (reached) => (focusDay = reached),
    });
  }

  const calendarSection = (...content) =>
    el(
      "section",
      { class: "calendar", "aria-labelledby": "calendar", "data-key": kind },
      el("h2", { id: "calendar" }, kindName(kind)),
      content,
    );

  // A calendar and a chart of nothing would be long ways to say one thing.
  function showNothing() {
    show(
      body,
      calendarSection(
        el("p", { class: "none" }, known === null ? word("loading") : whyNothing(known, kind, coverage.refused)),
      ),
    );
  }

  function draw() {
    show(heading, word("usage_point_n", { prm: route.prm }));
    document.title = `${route.prm}${kind ? ` · ${kindName(kind)}` : ""} · relevé`;
    show(
      facts,
      known && factsList(known),
      failure && el("p", { class: "warn-text", role: "status" }, failureWords(failure)),
      known && (isUnheardOf(known) ? el("p", { class: "none" }, word("unheard_of")) : kindsNav()),
    );
    if (kind === null || (known && isUnheardOf(known))) {
      show(body);
      return;
    }
    if (coverage !== null && !isStored()) {
      showNothing();
      return;
    }
    show(
      body,
      calendarSection(
        coverage?.refused && el("p", { class: "warn-text" }, word("kind_refused", { why: reasonOf(coverage.refused) })),
        coverage === null ? el("p", { class: "none" }, word(failure ? "nothing_known" : "loading")) : calendar(),
      ),
      coverage !== null &&
        chartSection({
          kind: kindOf(kind),
          kindName: kindName(kind),
          spanName: spanName(),
          day: day(),
          span: span(),
          found: days,
          stateOf,
          isLoaded: loaded === asked,
          address,
          today: todayOf(),
          first: coverage.start,
        }),
    );
    if (scrolled !== kind) scrollToDay();
    settle();
  }

  // A calendar that is wider than the screen begins where its newest days are.
  function scrollToDay() {
    const cell = body.querySelector(`.cell[tabindex="0"]`);
    const box = cell?.closest(".scroll");
    if (box) box.scrollLeft = Math.max(0, cell.offsetLeft - box.clientWidth / 2);
    scrolled = box ? kind : null;
  }

  // After a day was opened it is said what is shown of it: the focus stays where it is, in the calendar, say, where
  // arrows go on.
  function settle() {
    const title = document.getElementById("chart");
    if (title === null || loaded !== asked) return;
    const summary = body.querySelector(".summary")?.textContent ?? "";
    if (wantsWords) announce([title.textContent, summary].filter(Boolean).join(". "));
    wantsWords = false;
  }

  // The height changes too, when a phone hides its bars.
  let width = widthOf();
  function resized() {
    if (width === widthOf()) return;
    width = widthOf();
    draw();
  }
  addEventListener("resize", resized);

  return {
    show(next) {
      wantsWords ||= route !== undefined && next.day !== route.day;
      route = next;
      if (known === null) factsLoader.start();
      choose();
      if (kind !== null) askDays();
      draw();
    },
    leave() {
      removeEventListener("resize", resized);
      for (const loader of [factsLoader, coverageLoader, daysLoader]) loader.stop();
    },
  };
}
