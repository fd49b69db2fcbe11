// What the run is doing, in words, and how much of it is done. Pure.

import { count, duration, ENDED, known, plural, remaining } from "../frame/format.js";
import { queueText } from "../queue/queue_state.js";

/** @typedef {import("./run_types").RunState} RunState */

/**
 * Return the share of the training that is done, from 0 to 1; null where it is unknown.
 *
 * @param {Pick<RunState, "progress" | "epochsDone" | "maxEpochs">} state
 */
export function shareDone({ progress, epochsDone, maxEpochs }) {
  if (progress?.total_steps) return Math.min(1, (progress.step ?? 0) / progress.total_steps);
  if (known(progress?.fraction)) return progress.fraction;
  return epochsDone ? Math.min(1, epochsDone / maxEpochs) : null;
}

/**
 * Describe what the run is doing.
 *
 * @param {RunState} state
 */
export function progressText(state) {
  const { status, progress, epochsDone, maxEpochs } = state;
  if (status === "queued") return queueText(state);
  const epochs = `${count(epochsDone)} of ${plural(maxEpochs, "epoch")} done`;
  if (ENDED.has(status)) return `${epochs}${known(state.duration) ? ` in ${duration(state.duration)}` : ""}`;
  if (!progress && !epochsDone) return "Preparing data and model";
  if (status === "in_progress" && state.stopRequest === "finish")
    return `${epochs} · finishing early: evaluating the best one`;
  return [epochs, ...batchTexts(progress ?? {})].join(" · ");
}

/** @param {import("./run_types").AnyProgress} progress */
const batchTexts = ({ batches, batch_idx: batch, samples_per_second: rate, eta_seconds: eta }) => [
  ...(known(batches) ? [`batch ${count((batch ?? 0) + 1)} of ${count(batches)}`] : []),
  ...(known(rate) ? [`${count(Math.round(rate))} samples/s`] : []),
  ...(known(eta) ? [remaining(eta)] : []),
];
