// What was learned of a usage point, in sentences: refusals, activation, consent, and what cannot be read.
import { refusal } from "./coverage.js";
import { el } from "./dom.js";
import { date, dateAndTime } from "./format.js";
import { moment, object, text } from "./given.js";
import { isDay } from "./calendar.js";
import { KIND_NAMES, kindName, kindOf } from "./kinds.js";
import { word } from "./words.js";

// "CODE: message", in upstream's words
export const reasonOf = ({ code, message }) => [text(code), text(message)].filter((one) => one !== "").join(": ");

// A refusal that is too old to be believed is asked again by the next job: it is told, but as what it is.
function refusalLine(what, found) {
  const values = { what, why: reasonOf(found), since: dateAndTime(moment(found.since)) };
  return word(found.believed === false ? "was_refused" : "is_refused", values);
}

// What upstream refuses of the whole usage point, or of a direction of it.
export function refusalLines(point) {
  const lines = [];
  const { consumption, production } = object(point.directions);
  if (text(point.error) !== "") lines.push(word("facts_unreadable", { error: text(point.error) }));
  if (refusal(point.unknown)) lines.push(refusalLine(word("usage_point"), refusal(point.unknown)));
  for (const [name, direction] of [
    ["consumption", consumption],
    ["production", production],
  ]) {
    const found = refusal(object(direction).refused);
    if (found) lines.push(refusalLine(word(name), found));
  }
  return lines;
}

function floorLine(name, direction, floor) {
  const first = text(object(floor).first);
  return isDay(first) ? word(name, { what: direction, day: date(first) }) : null;
}

export function factsList(point) {
  const directions = object(point.directions);
  const lines = ["consumption", "production"]
    .flatMap((name) => {
      const { activation, consent, absent } = object(directions[name]);
      return [
        floorLine("activated_on", word(name), activation),
        floorLine("consent_from", word(name), consent),
        refusal(absent) && word("direction_absent", { what: word(name) }),
      ];
    })
    .filter(Boolean);
  const refused = refusalLines(point);
  return el(
    "ul",
    { class: "facts" },
    refused.map((line) => el("li", { class: "warn-text" }, line)),
    lines.map((line) => el("li", {}, line)),
  );
}

// Why nothing of a kind is stored, in a sentence: what upstream refused, of the kind or of what it belongs to.
// `refused`: what the coverage says, without a time.
export function whyNothing(point, kind, refused) {
  const { absent, unserved } = object(object(point.kinds)[kind]);
  const direction = object(object(point.directions)[kindOf(kind).direction]);
  const lacks = refusal(absent) ?? refusal(direction.absent);
  if (lacks) return word("kind_lacks", { since: dateAndTime(moment(lacks.since)), why: reasonOf(lacks) });
  const found = refusal(unserved) ?? refusal(direction.refused) ?? refusal(point.unknown);
  if (found) return refusalLine(kindName(kind), found);
  return refused ? word("kind_refused", { why: reasonOf(refused) }) : word("kind_nothing");
}

// Whether nothing at all was learned of the usage point, and nothing of it is stored.
export function isUnheardOf(point) {
  // null, or an object of such; what is something else was learned
  const isBlank = (value) => value == null || (typeof value === "object" && Object.values(value).every(isBlank));
  const isEmpty = ({ absent, unserved, error, complete, partial, holes, pending }) =>
    [absent, unserved, error].every(isBlank) && ![complete, partial, holes, pending].some(Boolean);
  return (
    [point.error, point.unknown, point.directions, point.documents].every(isBlank) &&
    KIND_NAMES.every((name) => isEmpty(object(object(point.kinds)[name])))
  );
}
