// What was learned of a usage point, in sentences: refusals, activation, consent, and what cannot be read.
import { refusal } from "./coverage.js";
import { el } from "./dom.js";
import { date, dateAndTime } from "./format.js";
import { moment, object, text } from "./given.js";
import { isDay } from "./calendar.js";
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
