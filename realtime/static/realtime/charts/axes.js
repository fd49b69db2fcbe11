// The axes of a chart: where ticks may stand and how they are written, and how far the axes reach. Pure.

import { epochNumber, known, tick } from "../frame/format.js";

/** @typedef {import("../run/curves/curve_types").Axis} Axis */
/** @typedef {[number, number]} Range from, to */

// Epochs and steps are whole numbers.
/** @type {number[]} */
const WHOLE = [];
for (let power = 1; power < 1e12; power *= 10) WHOLE.push(power, 2 * power, 5 * power);
const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];
// Never too few: without a fitting step uPlot would search for ticks forever.
const TIMES = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...WHOLE.slice(0, 24).map((n) => n * DAY),
];

// Of the size of the values: where they differ by less, no number for a tick would lie between them.
const NO_LENGTH = 1e-9;

/** @param {number} number */
const two = (number) => String(number).padStart(2, "0");

/**
 * Write seconds as 1:05, 2:03:04 or 3 d 4:00.
 *
 * @param {number} seconds
 */
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

/**
 * Return a place on the x axis as people count it: data have the first epoch at 0.
 *
 * @param {Axis} along
 * @param {number} x
 */
const counted = (along, x) => (along === "epoch" ? Number(epochNumber(x).toFixed(4)) : x);

/**
 * Write a place on the x axis.
 *
 * @param {Axis} along
 * @param {number} x
 */
export const place = (along, x) => (along === "time" ? elapsed(x) : String(counted(along, x)));

/**
 * Write a place as short as an axis needs it: 40k, 1.2M where that is the same number.
 *
 * @param {Axis} along
 * @param {number} x
 */
export function shortPlace(along, x) {
  if (along === "time") return elapsed(x);
  const number = counted(along, x);
  if (number >= 1e6 && number % 1e5 === 0) return `${number / 1e6}M`;
  return number >= 1e4 && number % 1e3 === 0 ? `${number / 1e3}k` : String(number);
}

/**
 * Return the places of the ticks, where people read round numbers.
 *
 * @param {Axis} along
 * @param {number} low
 * @param {number} high
 * @param {number} step between two of them
 */
export function tickPlaces(along, low, high, step) {
  const shift = counted(along, 0);
  const first = Math.ceil((low + shift) / step);
  const last = Math.floor((high + shift) / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step - shift);
}

/** @param {Axis} along */
export const stepsAlong = (along) => (along === "time" ? TIMES : WHOLE);

/**
 * @param {unknown} _ the chart
 * @param {number[]} ticks
 */
export const tickTexts = (_, ticks) => ticks.map(tick);

/**
 * @param {unknown} _ the chart
 * @param {number[]} ticks
 */
export const shareTexts = (_, ticks) => ticks.map((share) => `${tick(100 * share)} %`);

/**
 * Return a function for the range of the y axis: some room around the curve; shares stay between 0 and 1.
 *
 * @param {boolean} bounded whether the values are shares
 */
export function linearRange(bounded) {
  /**
   * @param {unknown} _ the chart
   * @param {number | null} low
   * @param {number | null} high
   * @returns {Range}
   */
  return (_, low, high) => {
    if (!known(low) || !known(high)) return [0, 1];
    const size = Math.max(Math.abs(low), Math.abs(high));
    const length = high - low > size * NO_LENGTH ? high - low : size || 1;
    const margin = length * 0.08;
    return bounded
      ? [Math.max(0, low - margin), Math.min(1 + margin / 4, high + margin)]
      : [low >= 0 ? Math.max(0, low - margin) : low - margin, high + margin];
  };
}

/**
 * Return a function for the range of a logarithmic y axis, which has no place for zero and below.
 *
 * @param {(low: number, high: number, base: number, full: boolean) => Range} rangeLog the library's
 */
export function logRange(rangeLog) {
  /**
   * @param {unknown} _ the chart
   * @param {number | null} low
   * @param {number | null} high
   * @returns {Range}
   */
  return (_, low, high) => (known(low) && known(high) && low > 0 ? rangeLog(low, high, 10, false) : [0.001, 1]);
}
