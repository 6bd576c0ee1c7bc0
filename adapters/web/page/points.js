// The list of usage points: a page of them at a time, ascending, those whose number has the digits that were typed.
import { getObject } from "./api.js";
import { kindItem, kindsOf, stateKey } from "./coverage.js";
import { el, show } from "./dom.js";
import { count } from "./format.js";
import { amount, list, object, text } from "./given.js";
import { STATES } from "./kinds.js";
import { Loader } from "./loader.js";
import { refusalLines } from "./facts.js";
import { failureWords, word } from "./words.js";

const TYPING_MS = 250; // of silence, after which what was typed is looked for
const PAGE = 10;
const AGAIN_MS = 30e3;

function pointItem(point) {
  const prm = text(point.prm);
  const refused = refusalLines(point);
  return el(
    "li",
    { class: "point", "data-key": prm },
    el("h2", {}, el("a", { href: `#/points/${prm}` }, prm)),
    refused.length > 0 &&
      el(
        "ul",
        { class: "warn-text" },
        refused.map((line) => el("li", {}, line)),
      ),
    el(
      "ul",
      { class: "kinds" },
      kindsOf(point).map((kind) => kindItem(kind, prm)),
    ),
  );
}

const legend = () =>
  el(
    "ul",
    { class: "legend" },
    STATES.map((state) => el("li", {}, stateKey(state), word(`state_${state}_day`))),
  );

const address = (search, after) => {
  const query = new URLSearchParams(Object.entries({ search, after }).filter(([, value]) => value !== ""));
  return `#/points${query.size > 0 ? `?${query}` : ""}`;
};

export function points(main) {
  const said = el("p", { class: "count", role: "status" });
  const found = el("div", { class: "found" });
  const input = el("input", {
    id: "search",
    type: "search",
    inputmode: "numeric",
    autocomplete: "off",
    maxlength: 20,
    oninput: typed,
  });
  const heading = el("h1", { tabindex: "-1" }, word("usage_points"));
  main.append(
    heading,
    el("div", { class: "search", role: "search" }, el("label", { for: "search" }, word("search_digits")), input, said),
    found,
  );
  document.title = `${word("usage_points")} · relevé`;

  let route = null;
  let typing = null;
  let turns = false; // to another page of the list, which is read from its top
  let before = [];
  let lost = false; // what the pages before this one begin behind; lost where the address did not come from here
  const loader = new Loader(ask, (page, failure) => draw(page, failure), AGAIN_MS);

  function ask(signal) {
    const query = new URLSearchParams({ search: route.search, after: route.after, limit: PAGE });
    for (const name of ["search", "after"]) if (route[name] === "") query.delete(name);
    return getObject(`v1/points?${query}`, signal);
  }

  // The address follows what is typed, without filling the history.
  function typed() {
    clearTimeout(typing);
    typing = setTimeout(() => {
      const search = input.value.replace(/\D/g, "").slice(0, 14);
      if (search !== route.search) location.replace(address(search, ""));
    }, TYPING_MS);
  }

  function pager(next) {
    const back = before.at(-1) ?? "";
    return el(
      "nav",
      { class: "pager", "aria-label": word("pages") },
      route.after !== "" && el("a", { href: address(route.search, back), rel: "prev" }, word("previous")),
      next !== "" && el("a", { href: address(route.search, next), rel: "next" }, word("next")),
    );
  }

  function draw(page, failure) {
    if (failure !== null) {
      show(said, failureWords(failure));
      turns = false; // who waited for long is elsewhere by now
      return;
    }
    const all = list(page.points)
      .map(object)
      .filter(({ prm }) => text(prm) !== "");
    const next = text(page.next);
    const first = before.length * PAGE + 1;
    show(
      said,
      all.length === 0
        ? word(route.search === "" ? "no_points" : "none_found")
        : word(lost ? "points_in_all" : "points_shown", {
            first: count(first),
            last: count(first + all.length - 1),
            n: amount(page.count),
          }),
    );
    show(found, all.length > 0 && legend(), el("ol", { class: "points" }, all.map(pointItem)), pager(next));
    if (turns) heading.focus();
    turns = false;
  }

  return {
    show(asked) {
      turns = route !== null && asked.search === route.search && asked.after !== route.after;
      lost = asked.after !== "" && (lost || route === null);
      if (route === null || asked.search !== route.search || asked.after === "") before = [];
      else if (before.includes(asked.after)) before = before.slice(0, before.indexOf(asked.after));
      else if (asked.after !== route.after) before.push(route.after);
      route = asked;
      if (document.activeElement !== input) input.value = route.search;
      loader.start();
    },
    leave() {
      clearTimeout(typing);
      loader.stop();
    },
  };
}
