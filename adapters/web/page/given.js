// What the server sends may lack members or have them of another type: anybody can write to Redis. These say what is
// drawn instead, so that nothing else has to ask.

export const list = (value) => (Array.isArray(value) ? value : []);

export const object = (value) => (value !== null && typeof value === "object" && !Array.isArray(value) ? value : {});

export const text = (value) => (typeof value === "string" ? value : "");

export const number = (value, otherwise = 0) => (Number.isFinite(value) ? value : otherwise);

// A count or a duration: never below 0, and never a number of hundreds of digits.
export const amount = (value) => Math.min(1e15, Math.max(0, number(value)));

// What was measured, in W, Wh or VA; null where there is no such value.
export const measured = (value) => (Number.isFinite(value) && value >= 0 && value <= 1e9 ? value : null);

// A time as the server writes it ("2026-11-19T19:10:28Z"), in ms; NaN where it is none.
export const moment = (value) => Date.parse(text(value));
