// How long early stopping still waits, in words. Pure.

import { metricName, plural } from "../frame/format.js";
import { metricValue } from "../frame/metric_text.js";

/**
 * @typedef {object} Countdown as GET /api/runs/<id>/hints/ answers under `patience`
 * @property {string} monitor
 * @property {string} mode "min" or "max"
 * @property {number} min_delta
 * @property {number} patience epochs without an improvement that stop the run
 * @property {number | null} best
 * @property {number} waited
 * @property {number} left
 * @property {number | null} stops_after_epoch null where the run has its last epoch before
 * @property {boolean} exhausted
 */

/**
 * Describe the countdown; nothing for a run that does not train.
 *
 * @param {Countdown} countdown
 * @param {string} status
 */
export function countdownText({ monitor, mode, min_delta: delta, patience, best, exhausted, ...rest }, status) {
  const metric = metricName(monitor);
  const epochs = plural(patience, "epoch");
  if (exhausted) return `Early stopping: ${metric} has not improved on ${metricValue(monitor, best)} for ${epochs}.`;
  if (status !== "in_progress") return "";
  if (best === null)
    return `Early stopping waits for the first ${metric}; then ${epochs} without an improvement stop the run.`;
  const { waited, left, stops_after_epoch: stop } = rest;
  if (stop === null) {
    const since = `${waited} of ${epochs} in which ${metric} has not improved on ${metricValue(monitor, best)}`;
    return `Early stopping: ${since}; the run has its last epoch before they are over.`;
  }
  const goal = `improves on ${metricValue(monitor, best)}${delta ? ` by more than ${delta}` : ""}`;
  return `Stops in ${plural(left, "epoch")} unless ${metric} ${goal}${mode === "min" ? " (lower is better)" : ""}.`;
}
