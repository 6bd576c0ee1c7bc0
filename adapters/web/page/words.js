// The texts of the page, in English and in French. {name} stands for a value; where a text depends on the number {n},
// there is one for one and one for several.
import { count } from "./format.js";
import { language, locale } from "./language.js";
import { OVERVIEW_TEXTS } from "./texts_overview.js";
import { POINTS_TEXTS } from "./texts_points.js";

const TEXTS = { ...OVERVIEW_TEXTS, ...POINTS_TEXTS };

const plurals = new Intl.PluralRules(locale);

// The text of that name, in the reader's language.
export function word(name, values = {}) {
  const found = TEXTS[name]?.[language] ?? name;
  const text = typeof found === "string" ? found : (found[plurals.select(values.n)] ?? found.other);
  return text.replace(/\{(\w+)\}/g, (whole, value) => {
    if (!(value in values)) return whole;
    return typeof values[value] === "number" ? count(values[value]) : String(values[value]);
  });
}

// Why there is no answer, for people.
export const failureWords = ({ status, detail }) =>
  status === 0 ? word("failed_away") : word("failed_status", { status: String(status), detail: detail || "–" });
