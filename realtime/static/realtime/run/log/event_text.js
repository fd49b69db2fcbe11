// Each event as a sentence, for the event log. Pure.

import {
  bytes,
  count,
  duration,
  epochNumber,
  known,
  metricName,
  number,
  percent,
  plural,
  remaining,
  splitName,
  STATUS_WORDS,
  tick,
} from "../../frame/format.js";
import { metricValue } from "../../frame/metric_text.js";

/** @typedef {import("../../events/event_types").EventData} EventData */
/** @typedef {import("../../events/event_types").EventType} EventType */
/** @typedef {import("../../events/event_types").RunEvent} RunEvent */

/** @type {{[T in EventType]: (data: EventData[T]) => string}} */
const SENTENCES = {
  run_status({ status, previous, reason, queue_position: position }) {
    const before = previous && previous !== status ? ` (was ${STATUS_WORDS[previous].toLowerCase()})` : "";
    const queued = known(position) ? `, number ${position} in the queue` : "";
    return `${STATUS_WORDS[status]}${before}${queued}${because(reason)}`;
  },
  training_start({ max_epochs: epochs, resumed_from_epoch: epoch, dataset, model }) {
    const start = known(epoch) ? `continues after epoch ${epochNumber(epoch)}` : "starts";
    const network = `${model.name} with ${plural(model.parameters, "parameter")}`;
    return `Training ${start}: ${network} on ${dataset.name}, at most ${plural(epochs, "epoch")}.`;
  },
  batch_metrics({ epoch, batch_idx: batch, loss, accuracy, recall, f1 }) {
    const values = { loss: number(loss), accuracy: percent(accuracy), recall: percent(recall), F1: percent(f1) };
    return `Epoch ${epochNumber(epoch)}, batch ${batch + 1}: ${list(Object.entries(values))}.`;
  },
  gradient_stats({ step, total_norm: total, max_norm: most, min_norm: least, nonfinite }) {
    const groups = `layer groups ${number(least)} to ${number(most)}`;
    return `Step ${step}: gradient norm ${number(total)}, ${groups}${nonfinite ? ", not finite." : "."}`;
  },
  epoch_end: ({ epoch, phase, metrics }) =>
    `Epoch ${epochNumber(epoch)}, ${splitName(phase).toLowerCase()}: ${list(shortNames(metrics, phase))}.`,
  lr_update: ({ epoch, learning_rate: rate }) =>
    `Learning rate ${known(rate) ? tick(rate) : number(rate)} from epoch ${epochNumber(epoch)}.`,
  early_stopping({ epoch, patience, monitor, best_metric_value: best, reason }) {
    const limit = metricValue(monitor, best);
    const cause = `${metricName(monitor)} has not improved on ${limit} for ${plural(patience, "epoch")}`;
    return `Stopped early after epoch ${epochNumber(epoch)}: ${cause}. ${reason}`;
  },
  progress({ epoch, batch_idx: batch, batches, samples_per_second: rate, eta_seconds: eta }) {
    const parts = [
      `batch ${batch + 1}${known(batches) ? ` of ${batches}` : ""}`,
      known(rate) ? `${count(Math.round(rate))} samples per second` : "",
      known(eta) ? remaining(eta) : "",
    ];
    return `Epoch ${epochNumber(epoch)}, ${parts.filter(Boolean).join(", ")}.`;
  },
  resource_usage({ cpu_cores: cpu, memory_pss: pss, memory_rss: rss, gpus }) {
    const memory = pss ?? rss;
    const cores = `${known(cpu) ? cpu.toFixed(1) : "–"} processor cores`;
    const ofGpus = gpus.map(({ utilisation }, i) => `, GPU ${i} ${percent(utilisation, 0)}`).join("");
    return `The run uses ${cores} and ${known(memory) ? bytes(memory) : "–"} of memory${ofGpus}.`;
  },
  final_stats({ split, epoch, statistics }) {
    const values = [
      `AUROC ${metricValue("auroc", statistics.final_auroc_cm)}`,
      `recall ${percent(statistics.final_recall_cm)}`,
      `precision ${percent(statistics.final_precision_cm)}`,
    ];
    return `${splitName(split)} split, checkpoint of epoch ${epochNumber(epoch)}: ${values.join(", ")}.`;
  },
  training_end({ status, total_epochs: epochs, duration_seconds: seconds, best_epoch: best, reason }) {
    const end = `${STATUS_WORDS[status]} after ${plural(epochs, "epoch")} and ${duration(seconds)}`;
    return `${end}${known(best) ? `, best epoch ${epochNumber(best)}` : ""}${because(reason)}`;
  },
};

/**
 * Describe an event in a sentence.
 *
 * @param {RunEvent} event
 */
export const eventText = ({ type, data }) => /** @type {(data: any) => string} */ (SENTENCES[type])(data);

/** @param {string | null} reason */
const because = (reason) => (reason ? `: ${reason}` : ".");

/** @param {[name: string, value: string][]} pairs */
const list = (pairs) => pairs.map(([name, value]) => `${name} ${value}`).join(", ");

/**
 * @param {Record<string, number | null>} metrics
 * @param {string} phase
 * @returns {[name: string, value: string][]}
 */
function shortNames(metrics, phase) {
  const shown = Object.entries(metrics).filter(([name]) => name.startsWith(phase) && !name.includes("_cm_"));
  return shown.map(([name, value]) => [metricName(name).split(" ").slice(1).join(" "), metricValue(name, value)]);
}
