// The axes of a chart: where ticks may stand and what they say, and how far they reach.

import { known, tick } from "../frame/format.js";

// Epochs and steps are whole numbers.
const WHOLE = [];
for (let power = 1; power < 1e12; power *= 10) WHOLE.push(power, 2 * power, 5 * power);
const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];
const TIMES = [
  1,
  2,
  5,
  10,
  15,
  30,
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...WHOLE.slice(0, 24).map((n) => n * DAY),
]; // never too few: without a fitting one uPlot would look for ticks forever

const NO_LENGTH = 1e-9; // of the size: values that differ by less are one, else there would be no number between them for a tick

const two = (number) => String(number).padStart(2, "0");

// Seconds as 1:05, 2:03:04 or 3 d 4:00.
export function elapsed(seconds) {
  const whole = Math.round(seconds);
  const [days, hours, minutes] = [
    Math.floor(whole / DAY),
    Math.floor((whole % DAY) / HOUR),
    Math.floor((whole % HOUR) / MINUTE),
  ];
  if (days) return `${days} d ${hours}:${two(minutes)}`;
  return hours ? `${hours}:${two(minutes)}:${two(whole % MINUTE)}` : `${minutes}:${two(whole % MINUTE)}`;
}

// A place on the x axis, in words.
export const place = (along, x) => (along === "time" ? elapsed(x) : String(x));

// As short as an axis needs it: 40k, 1.2M where that is the same number.
export function shortPlace(along, x) {
  if (along === "time") return elapsed(x);
  if (x >= 1e6 && x % 1e5 === 0) return `${x / 1e6}M`;
  return x >= 1e4 && x % 1e3 === 0 ? `${x / 1e3}k` : String(x);
}

export const stepsAlong = (along) => (along === "time" ? TIMES : WHOLE);

export const tickWords = (_, ticks) => ticks.map(tick);

// Some air around the curve; shares stay between 0 and 1.
export function linearRange(bounded) {
  return (_, low, high) => {
    if (!known(low) || !known(high)) return [0, 1];
    const size = Math.max(Math.abs(low), Math.abs(high));
    const length = high - low > size * NO_LENGTH ? high - low : size || 1;
    const air = length * 0.08;
    return bounded
      ? [Math.max(0, low - air), Math.min(1 + air / 4, high + air)]
      : [low >= 0 ? Math.max(0, low - air) : low - air, high + air];
  };
}

export function logRange(_, low, high) {
  return known(low) && known(high) && low > 0 ? globalThis.uPlot.rangeLog(low, high, 10, false) : [0.001, 1];
}
