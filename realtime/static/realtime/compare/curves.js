// One chart per metric, one curve per run, all along the same axis.

import { Chart } from "../charts/chart.js";
import { arrange } from "../frame/dom.js";
import { capital, metricName } from "../frame/format.js";
import { isShare, metricValue } from "../frame/metric_text.js";
import { joined } from "./joined_curves.js";

const SHARES = /_(acc|precision|recall|f1|auroc)$|^batch\/(accuracy|recall|f1)$/;
const TITLES = {
  "batch/loss": "Batch loss",
  "batch/accuracy": "Batch accuracy",
  "batch/recall": "Batch recall",
  "batch/f1": "Batch F1",
  "gradient/total": "Gradient norm",
  "rate/learning_rate": "Learning rate",
  "throughput/samples_per_second": "Samples per second",
  "throughput/data_wait_share": "Share of time waiting for data",
};

export const title = (name) =>
  TITLES[name] ?? capital(name.startsWith("epoch/") ? metricName(name.slice(6)) : name.replaceAll(/[/_]/g, " "));

export const DEFAULT_CURVES = ["epoch/val_loss", "epoch/val_auroc", "epoch/val_recall", "epoch/train_loss"];

export class Curves {
  #charts = new Map(); // name -> chart
  #curves = new Map(); // run id -> name -> {x, y}

  // `onRange(name, range)`: the reader zooms; more detail may be added by `put`.
  constructor(container, onRange) {
    Object.assign(this, { container, onRange });
  }

  put(curves, names = null) {
    if (!names) this.#curves = curves;
    else
      for (const [id, found] of curves)
        for (const name of names) this.#curves.get(id)?.set(name, found.get(name) ?? { x: [], y: [] });
  }

  // `runs`: [{id, name, colour, dash}]
  draw(names, runs, { by, smooth }) {
    for (const [name, chart] of this.#charts) {
      if (names.includes(name) && chart.along === by) continue;
      chart.remove();
      this.#charts.delete(name);
    }
    for (const name of names) {
      if (!this.#charts.has(name)) this.#charts.set(name, this.#chart(name, by));
      const chart = this.#charts.get(name);
      const found = runs
        .map((run) => ({ run, curve: this.#curves.get(run.id)?.get(name) }))
        .filter(({ curve }) => curve?.x.length);
      const metric = name.split("/").pop();
      const written = { share: isShare(metric), words: (value) => metricValue(metric, value) };
      const data = joined(found.map(({ curve }) => curve));
      chart.smoothing = smooth;
      chart.update(
        found.map(({ run }) => ({
          label: run.name,
          colour: run.colour,
          dash: run.dash,
          points: undefined,
          ...written,
        })),
        data,
      );
    }
    arrange(
      this.container,
      names.map((name) => this.#charts.get(name).card),
    );
  }

  #chart(name, by) {
    return new Chart({
      title: title(name),
      along: by,
      bounded: SHARES.test(name),
      log: !SHARES.test(name),
      empty: "None of the shown runs has this curve.",
      onRange: (range) => this.onRange(name, range),
    });
  }
}
