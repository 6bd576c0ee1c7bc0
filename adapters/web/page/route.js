// What an address says behind its #: {view, key, …}; where `key` stays, the view does. What is no address of the page
// is said to be none: nothing else is shown instead.
import { isDay } from "./calendar.js";
import { isKind, kindOf } from "./kinds.js";

const nowhere = (path, what = "no_such_address") => ({ view: "nowhere", key: `nowhere ${path}`, path, what });

function listRoute(query) {
  const asked = new URLSearchParams(query);
  const digits = (name) => (asked.get(name) ?? "").replace(/\D/g, "").slice(0, 14);
  return {
    view: "points",
    key: "points",
    search: digits("search"),
    after: digits("after").length === 14 ? digits("after") : "",
  };
}

function pointRoute(path, [prm, kind, span, day, ...more]) {
  if (!/^\d{14}$/.test(prm)) return nowhere(prm, "no_such_prm");
  const isWrong =
    more.length > 0 ||
    (kind !== undefined && !isKind(kind)) ||
    (span !== undefined && !kindOf(kind).spans.includes(span)) ||
    (day !== undefined && !isDay(day));
  return isWrong ? nowhere(path) : { view: "point", key: prm, prm, kind, span, day };
}

function decoded(hash) {
  try {
    return decodeURIComponent(hash);
  } catch {
    return hash; // its % stand for nothing
  }
}

export function routeOf(hash) {
  const [path, query = ""] = hash.replace(/^#?\/?/, "").split("?");
  const [first, ...rest] = path.replace(/\/$/, "").split("/").map(decoded);
  if (first === "" && rest.length === 0) return { view: "overview", key: "overview" };
  if (first !== "points") return nowhere(decoded(path));
  return rest.length === 0 ? listRoute(query) : pointRoute(decoded(path), rest);
}
