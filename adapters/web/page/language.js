// The browser's language, if it is one that the page speaks; else English. The whole tag ("en-GB") says how numbers
// and dates are written.

const SPOKEN = ["en", "fr"];

const wanted = (navigator.languages ?? [navigator.language]).find((tag) =>
  SPOKEN.includes(tag.slice(0, 2).toLowerCase()),
);

export const locale = wanted ?? "en-GB";

export const language = SPOKEN.indexOf(locale.slice(0, 2).toLowerCase());

// A text that depends on a number.
export const several = (one, other) => ({ one, other });
