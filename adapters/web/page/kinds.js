// The kinds of measures: in what unit, and how a span of them is drawn.
import { amount, text } from "./given.js";
import { word } from "./words.js";

// shape: "curve": many values a day; "bars", "peaks": one; "registers": what the meter showed
// spans: of days that can be looked at together, the first one is shown first
const KINDS = {
  daily_consumption: { unit: "Wh", shape: "bars", direction: "consumption", spans: ["month", "week", "year"] },
  consumption_load_curve: { unit: "W", shape: "curve", direction: "consumption", spans: ["day", "week"] },
  daily_consumption_max_power: {
    unit: "VA",
    shape: "peaks",
    direction: "consumption",
    spans: ["month", "week", "year"],
  },
  daily_production: { unit: "Wh", shape: "bars", direction: "production", spans: ["month", "week", "year"] },
  production_load_curve: { unit: "W", shape: "curve", direction: "production", spans: ["day", "week"] },
  index_consumption: { unit: "Wh", shape: "registers", direction: "consumption", spans: ["day"] },
  index_production: { unit: "Wh", shape: "registers", direction: "production", spans: ["day"] },
};

export const KIND_NAMES = Object.keys(KINDS);

export const isKind = (name) => Object.hasOwn(KINDS, name);

export const kindOf = (name) => KINDS[name];

// A kind that the page does not know (a document, say) keeps its name.
export const kindName = (name) => (isKind(name) ? word(`kind_${name}`) : text(name));

// The states of a day, in the order in which they are drawn.
export const STATES = ["complete", "partial", "hole", "pending", "missing"];

const OF_LETTER = { c: "complete", p: "partial", h: "hole", w: "pending", m: "missing", x: "cut" };

// The letter that stands for a day in the coverage.
export const stateOfLetter = (letter) => OF_LETTER[letter] ?? "missing";

// How many days of a kind are in that state.
export const countOf = (kind, state) => amount(kind[state === "hole" ? "holes" : state]);
