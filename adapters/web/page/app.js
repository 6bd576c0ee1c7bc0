// The frame of the page: which view is shown, for the address behind the #, and what stands around it. A view is an
// object with show(route): a new address of the same thing; and leave().
import { announce, el, show } from "./dom.js";
import { dateAndTime, timeWithSeconds } from "./format.js";
import { object, text } from "./given.js";
import { locale } from "./language.js";
import { follow, live, start } from "./live.js";
import { nowhere } from "./nowhere.js";
import { overview } from "./overview.js";
import { point } from "./point.js";
import { points } from "./points.js";
import { routeOf } from "./route.js";
import { word } from "./words.js";

const VIEWS = { overview, points, point, nowhere };
const main = document.getElementById("main");
let view = null;
let shown = null;

function showNavigation(route) {
  const links = [
    ["#/", "overview", route.view === "overview"],
    ["#/points", "usage_points", route.view === "points" || route.view === "point"],
  ];
  show(
    document.getElementById("nav"),
    links.map(([href, name, here]) => el("a", { href, "aria-current": here && "page" }, word(name))),
  );
}

// What changed is said by the address; the focus goes to the heading of what is new, but not when the page begins.
function go() {
  const route = routeOf(location.hash);
  showNavigation(route);
  if (shown?.view === route.view && shown.key === route.key) {
    shown = route;
    view.show(route);
    return;
  }
  view?.leave();
  main.replaceChildren();
  view = VIEWS[route.view](main);
  view.show(route);
  if (shown !== null) {
    scrollTo(0, 0);
    main.querySelector("h1")?.focus();
  }
  shown = route;
}

// --- how old the figures are -----------------------------------------------------------------------------------------

let told = null;

function showConnection() {
  const { trouble, at } = live;
  const box = document.getElementById("trouble");
  const since = trouble && (Date.now() - trouble.since > 12 * 3600e3 ? dateAndTime : timeWithSeconds)(trouble.since);
  show(
    document.getElementById("link-state"),
    at === null && !trouble
      ? word("connecting")
      : [
          el("span", { class: trouble ? "dot bad" : "dot well", "aria-hidden": "true" }),
          trouble ? word(at === null ? "no_figures" : "old_since", { since }) : word("live"),
        ],
  );
  const lines = trouble && [
    ...(at === null
      ? [word(`away_${trouble.what}`)] // since when, nobody knows: it never answered here
      : [word(`trouble_${trouble.what}`, { since }), word("figures_are_old", { since })]),
    word("tries_again"),
  ];
  box.hidden = !trouble;
  show(box, trouble && el("p", {}, lines.join(" ")));
  const state = trouble?.what ?? (at === null ? null : "well");
  if (told !== null && state !== told) announce(trouble ? lines.join(" ") : word("is_back"));
  told = state ?? told;
}

// --- whose data these are --------------------------------------------------------------------------------------------

let differed = null;

function showOrigin() {
  const { version, redis, prefix, mismatch } = object(live.status);
  const box = document.getElementById("mismatch");
  const differs = text(mismatch);
  box.hidden = differs === "";
  show(box, differs !== "" && el("p", { lang: "en" }, differs));
  if (differs !== differed && differs !== "") announce(differs);
  differed = differs;
  const parts = [
    ["relevé", text(version)].join(" ").trim(),
    text(redis) !== "" && word("redis_at", { redis: text(redis), prefix: text(prefix) || "–" }),
    word("times_of_paris"),
  ];
  show(document.getElementById("foot"), el("p", {}, parts.filter(Boolean).join(" · ")));
}

document.documentElement.lang = locale;
document.getElementById("skip").textContent = word("skip");
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault(); // the part behind the # is a route
  main.focus();
});
document.getElementById("nav").setAttribute("aria-label", word("navigation"));
addEventListener("hashchange", go);
follow(showConnection);
follow(showOrigin);
start();
go();
showConnection();
showOrigin();
