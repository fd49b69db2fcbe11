// The page's charts: which curve shows what, and the table of all epochs.

import { Chart } from "../charts/chart.js";
import { smooth } from "../charts/smoothing.js";
import { el } from "../frame/dom.js";
import { capital, count, known, metricName, number, plural } from "../frame/format.js";

const METRICS = [
  ["auroc", "AUROC"],
  ["recall", "Recall"],
  ["f1", "F1"],
  ["acc", "Accuracy"],
  ["precision", "Precision"],
];
const BATCH_VALUES = { loss: "Loss", accuracy: "Accuracy", recall: "Recall", f1: "F1" };
const GROUP_COLOURS = ["--c1", "--c2", "--c3", "--c4", "--c5", "--c6", "--c7", "--c8"];
const SMOOTHING = 0.9;
const MOST_ROWS = 500;
const WAITING = "No epoch has ended yet.";

const both = (name) => [
  { key: `train_${name}`, label: "train", colour: "--train" },
  { key: `val_${name}`, label: "val", colour: "--val" },
];

export class Curves {
  constructor(container, table) {
    const epochChart = (title, options) => new Chart({ title, along: "epoch", empty: WAITING, ...options });
    const sampled = (title, empty, options) => new Chart({ title, along: "step", empty, ...options });
    this.loss = epochChart("Loss", { log: true });
    this.metrics = METRICS.map(([name, title]) => [name, epochChart(title, { bounded: true })]);
    this.picked = "loss";
    this.batches = sampled("Batches", "No batch has been sampled yet.", { log: true, controls: [this.#picker()] });
    this.gradients = sampled("Gradient norm per layer group", "No gradient has been measured yet.", { log: true });
    this.rates = sampled("Learning rate", "Not known yet.", { log: true });
    container.append(...[this.loss, ...this.metrics.map(([, chart]) => chart), this.batches, this.gradients, this.rates].map((c) => c.card));
    this.table = table;
    table.addEventListener("toggle", () => this.state && this.#drawTable(this.state));
  }

  draw(state) {
    this.state = state;
    const marks = known(state.bestEpoch) ? [{ x: state.bestEpoch, text: "best" }] : [];
    this.#drawEpochs(this.loss, both("loss"), state, marks);
    for (const [name, chart] of this.metrics) this.#drawEpochs(chart, both(name), state, marks);
    this.#drawBatches(state);
    this.#drawGradients(state);
    this.#drawRates(state);
    this.#drawTable(state);
  }

  #drawEpochs(chart, series, { epochs }, marks) {
    const reported = new Set(epochs.names());
    const shown = series.filter(({ key }) => reported.has(key));
    const xs = shown.length ? epochs.epochs() : [];
    const columns = shown.map(({ key }) => xs.map((epoch) => epochs.value(epoch, key)));
    chart.update(shown, [xs, ...columns], { marks });
  }

  #drawBatches({ batches: { points, stride }, skipped }) {
    const ys = points.map((point) => point[this.picked]);
    const series = [
      { label: "of one batch", colour: "--faint", thin: true, points: false },
      { label: "smoothed", colour: "--train", points: false },
    ];
    this.batches.update(series, [points.map((point) => point.step), ys, smooth(ys, SMOOTHING)], { note: samplingNote(stride, skipped) });
  }

  #drawGradients({ gradients: { points, stride } }) {
    const groups = [...new Set(points.flatMap((point) => Object.keys(point.layer_norms)))];
    const series = [
      { label: "total", colour: "--text", points: false },
      ...groups.map((label, i) => ({
        label,
        colour: GROUP_COLOURS[i % GROUP_COLOURS.length],
        dash: i >= GROUP_COLOURS.length ? [4, 3] : undefined,
        points: false,
      })),
    ];
    const columns = groups.map((group) => points.map((point) => point.layer_norms[group]));
    const data = [points.map((point) => point.step), points.map((point) => point.total_norm), ...columns];
    const broken = points.filter((point) => point.nonfinite).length;
    const words = broken ? `${plural(broken, "sample")} had gradients that are not finite: gaps.` : "";
    this.gradients.update(series, data, { note: [samplingNote(stride, 0), words].filter(Boolean).join(" ") });
  }

  // A rate holds until it changes, so the line goes on to the newest step.
  #drawRates({ rates: { points }, step }) {
    const xs = points.map((point) => point.step);
    const ys = points.map((point) => point.learning_rate);
    if (xs.length && step > xs[xs.length - 1]) {
      xs.push(step);
      ys.push(ys[ys.length - 1]);
    }
    this.rates.update([{ label: "rate", colour: "--train", exact: true, stepped: true, points: false }], [xs, ...(xs.length ? [ys] : [])]);
  }

  #picker() {
    const options = Object.entries(BATCH_VALUES).map(([value, text]) => el("option", { value }, text));
    const pick = (event) => {
      this.picked = event.target.value;
      if (this.state) this.#drawBatches(this.state);
    };
    return el("select", { "aria-label": "Value of the batches", change: pick }, ...options);
  }

  #drawTable({ epochs, bestEpoch }) {
    if (!this.table.open) return;
    const names = epochs.names();
    const rows = epochs.epochs();
    const head = el("tr", {}, el("th", { scope: "col" }, "Epoch"), ...names.map((name) => el("th", { scope: "col", class: "number" }, capital(metricName(name)))));
    const body = rows.slice(-MOST_ROWS).reverse().map((epoch) => {
      const best = epoch === bestEpoch;
      const title = el("th", { scope: "row" }, String(epoch), best ? el("span", { class: "best" }, " best") : null);
      return el("tr", { class: best ? "is-best" : null }, title, ...names.map((name) => el("td", { class: "number" }, cell(name, epochs.value(epoch, name)))));
    });
    const missing = rows.length > MOST_ROWS ? el("p", { class: "note" }, `The last ${MOST_ROWS} of ${count(rows.length)} epochs; all are in metrics.csv.`) : "";
    const table = el("table", {}, el("thead", {}, head), el("tbody", {}, ...body));
    this.table.querySelector(".scroll").replaceChildren(table, missing);
  }
}

const cell = (name, value) => (/_cm_/.test(name) ? count(value) : number(value));

function samplingNote(stride, skipped) {
  const parts = [];
  if (stride > 1) parts.push(`One of every ${stride} samples is shown.`);
  if (skipped) parts.push(`${plural(skipped, "sampled event")} of the past not loaded or no longer kept.`);
  return parts.join(" ");
}
