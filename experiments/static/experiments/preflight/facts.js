// The report in a line of numbers, each with what it is made of.

import { el } from "../../realtime/frame/dom.js";
import { bytes, count, duration, known, plural } from "../../realtime/frame/format.js";
import { classesText } from "../../realtime/reading/reading_text.js";

export function drawFacts(list, report) {
  list.replaceChildren(
    ...facts(report).map(([name, value, detail]) =>
      el("div", {}, el("dt", {}, name), el("dd", {}, el("b", {}, value), el("span", {}, detail))),
    ),
  );
}

function facts({ counts, classes, images, table, trial, cost, reading }) {
  const total = counts.reduce((sum, part) => sum + part.total, 0);
  return [
    ["Samples", count(total), counts.map(({ split, total: size }) => `${count(size)} ${split}`).join(" · ")],
    ["Classes", count(classes.length), classesText({ classes, positive: reading?.positive ?? null })],
    images
      ? [
          "Image files",
          sizeWords(images),
          `seen as ${images.pixels} × ${images.pixels}, ${images.channels === 3 ? "RGB" : "grey"}`,
        ]
      : ["Columns", count(table?.column_count), "of the table"],
    ...trialFacts(trial),
    ["This report took", duration(cost.comparing + cost.trial), `beside reading the data (${duration(cost.reading)})`],
  ];
}

function sizeWords({ sizes, different_sizes: different }) {
  if (!sizes.length) return "–";
  return different === 1 ? `${sizes[0].width} × ${sizes[0].height}` : plural(different, "size");
}

function trialFacts(trial) {
  if (!trial) return [["Trial", "–", "not reached"]];
  const memory = known(trial.gpu_bytes)
    ? ["Memory of the GPU", bytes(trial.gpu_bytes), `of ${bytes(trial.gpu_total_bytes)}`]
    : ["Memory", known(trial.memory_bytes) ? bytes(trial.memory_bytes) : "–", "of the whole process, at most"];
  return [
    ["Model", trial.model, plural(trial.parameters, "parameter")],
    memory,
    ["One epoch", about(trial.epoch_seconds), plural(trial.batches_per_epoch, "batch").replace("batchs", "batches")],
    ["Whole training", about(trial.total_seconds), `${plural(trial.epochs, "epoch")} at most, on ${trial.device}`],
  ];
}

const about = (seconds) =>
  seconds < 1 ? "under 1 s" : `about ${duration(seconds < 10 ? seconds : Math.round(seconds))}`;
