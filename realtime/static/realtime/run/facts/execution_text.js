// What really carried out a run, in words: device, precision, threads, batches. Pure.

import { count, plural } from "../../frame/format.js";

/** @typedef {import("../run_types").Execution} Execution */
/** @typedef {[name: string, value: string, detail: string]} Fact */

const WEIGHTS_SHOWN = 4;
const TF32 = "with TF32: the factors keep 10 binary digits";

const weights = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });

/**
 * Give what carried out the newest attempt in a few facts, each with its detail.
 *
 * @param {Execution} execution
 * @param {{precision?: string}} asked the options of the trainer
 * @param {readonly string[]} classes in label order
 * @returns {Fact[]}
 */
export function executionFacts(execution, asked, classes) {
  const { device, processes, threads, loader_processes: loaders, deterministic, loss_weights: loss } = execution;
  const { batch_size: batch, samples_per_step: step, versions, sync_batchnorm: synchronised } = execution;
  const { torch, python } = versions;
  /** @type {(Fact | false)[]} */
  const facts = [
    ["Device", device, processesText(execution)],
    ["Precision", execution.compute_type, precisionText(execution, asked)],
    execution.compute_type !== "float32" &&
      execution.evaluation_precision === "32-true" && ["Evaluation", "float32", "of the best checkpoint"],
    ["Threads", count(threads), processes > 1 ? "of each process" : "that compute"],
    ["Loading of data", loaders ? count(loaders) : "in the training", loaders ? "processes of its own" : ""],
    ["Batch", plural(batch, "sample"), step === batch ? "" : `${count(step)} in one step of the optimizer`],
    Boolean(loss) && ["Loss weights", weightsText(/** @type {number[]} */ (loss)), classNames(loss, classes)],
    synchronised && ["Batch normalisation", "synchronised", "over all processes"],
    ["Deterministic", deterministic ? "yes" : "no", deterministic ? "the same numbers each time" : ""],
    ["PyTorch", torch ?? "", python ? `Python ${python}` : ""],
  ];
  return facts.filter((fact) => fact !== false);
}

/**
 * Tell attempts apart where they were carried out differently: from which one on, by what.
 *
 * @param {Execution[]} executions
 */
export const attemptRows = (executions) =>
  executions.length < 2
    ? []
    : executions.map((one) => [
        count(one.attempt),
        one.device,
        one.precision,
        count(one.threads),
        count(one.samples_per_step),
      ]);

/** @param {Execution} execution */
function processesText({ processes, nodes }) {
  if (processes === 1) return "one process";
  return `${count(processes)} processes${nodes > 1 ? ` on ${count(nodes)} machines` : ""}`;
}

/**
 * @param {Execution} execution
 * @param {{precision?: string}} asked
 */
function precisionText({ precision, tf32_convolutions: convolutions, tf32_products: products }, { precision: wanted }) {
  const instead = wanted && wanted !== precision ? `${precision}, not ${wanted} as asked for` : precision;
  const rounded = products ? `products ${TF32}` : convolutions ? `convolutions ${TF32}` : "";
  return [instead, rounded].filter(Boolean).join("; ");
}

/** @param {number[]} loss */
function weightsText(loss) {
  const shown = loss.slice(0, WEIGHTS_SHOWN).map((weight) => weights.format(weight));
  return shown.join(" · ") + (loss.length > WEIGHTS_SHOWN ? " · …" : "");
}

/**
 * @param {number[] | null} loss
 * @param {readonly string[]} classes
 */
const classNames = (loss, classes) =>
  loss?.length === classes.length && classes.length <= WEIGHTS_SHOWN ? `of ${classes.join(", ")}` : "one per class";
