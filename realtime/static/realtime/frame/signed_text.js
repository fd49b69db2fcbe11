// Differences and p values as people read them: of shares in percentage points, of scores with three decimals. The
// browser's copy of runs/wording/difference_text.py, compared by tests/runs/test_wording.py. Pure.

import { known, score, UNKNOWN } from "./format.js";
import { isShare, metricRange, metricValue } from "./metric_text.js";

const NOTHING = 1e-12; // of a share

/**
 * Write a p value with three decimals, never as 0; what is below 5 % never reads as 5 %.
 *
 * @param {number | null | undefined} p
 */
export function pText(p) {
  if (!known(p)) return UNKNOWN;
  if (p < 0.001) return "<0.001";
  return p < 0.05 && score(p) === "0.050" ? "<0.050" : score(p);
}

/**
 * Write a share in percentage points: 0.0 is none.
 *
 * @param {number} value
 */
function points(value) {
  const text = (100 * value).toFixed(1);
  if (!/^-?0\.0$/.test(text)) return text;
  return Math.abs(value) <= NOTHING ? "0.0" : value > 0 ? "<0.1" : ">-0.1";
}

/**
 * Write a difference with its sign; of shares in percentage points.
 *
 * @param {string} name of the metric
 * @param {number | null | undefined} value
 */
export function signed(name, value) {
  if (!known(value)) return UNKNOWN;
  const text = isShare(name) ? points(value) : metricValue(name, value);
  return `${/^\d/.test(text) && /[1-9]/.test(text) ? "+" : ""}${text}${isShare(name) ? " points" : ""}`;
}

/**
 * Write the interval of a difference; nothing where it has no ends.
 *
 * @param {string} name of the metric
 * @param {number | null | undefined} low
 * @param {number | null | undefined} high
 */
export function signedRange(name, low, high) {
  if (!isShare(name)) return metricRange(name, low, high);
  return known(low) && known(high) ? `${points(low)} to ${points(high)}` : "";
}
