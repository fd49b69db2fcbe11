// The charts of the run: which curve shows what, along which axis, with which marks.

import { Chart } from "../../charts/chart.js";
import { smooth } from "../../charts/smoothing.js";
import { arrange, el } from "../../frame/dom.js";
import { capital, known, count, measured, plural, tick } from "../../frame/format.js";
import { isShare, metricValue } from "../../frame/metric_text.js";
import { withDetail } from "./curve_table.js";
import { leadNames } from "./lead_names.js";

const METRICS = [
  ["auroc", "AUROC"],
  ["recall", "Recall"],
  ["f1", "F1"],
  ["acc", "Accuracy"],
  ["precision", "Precision"],
];
const STANDING = new Set(["loss", ...METRICS.map(([name]) => name)]); // what every run reports
const ADDED = /^epoch\/val_(?!cm_)(.+)$/;
const BATCH_VALUES = { loss: "Loss", accuracy: "Accuracy", recall: "Recall", f1: "F1" };
const GROUP_COLOURS = ["--c1", "--c2", "--c3", "--c4", "--c5", "--c6", "--c7", "--c8"];
const HEALTH = { vanishing: ["vanishing", "--warn"], exploding: ["exploding", "--bad"] };
const BATCH_SMOOTHING = 0.9; // where the reader asks for none: single batches say little
const LAYERS = "gradient/layer/";
const WAITING = "No epoch has ended yet.";

const written = (name) => ({ share: isShare(name), words: (value) => metricValue(name, value) });
const both = (name) => [
  { key: `epoch/train_${name}`, label: "train", colour: "--train", ...written(name) },
  { key: `epoch/val_${name}`, label: "val", colour: "--val", ...written(name) },
];

class Curves {
  #charts; // [{prefix, chart, draw}]
  #drawn = new Set(STANDING); // names of metrics that have a chart
  #details = new Map(); // by prefix: {range, table}, of what is looked at closely

  // `page.loadDetail(prefix, range)` gives a table with all samples of that range.
  constructor(lead, container, page) {
    Object.assign(this, { lead, container, page });
    this.picked = "loss";
    const make = (...given) => this.#make(...given);
    this.#charts = [
      this.#metric("loss", "Loss", { log: true }),
      ...METRICS.map(([name, title]) => this.#metric(name, title, { bounded: true })),
      make(
        "batch",
        "Batches",
        "No batch has been sampled yet.",
        { log: true, controls: [this.#picker()] },
        this.#drawBatches,
      ),
      make(
        "gradient",
        "Gradient norm per layer group",
        "No gradient has been measured yet.",
        { log: true },
        this.#drawGradients,
      ),
      make("rate", "Learning rate", "Not known yet.", { log: true }, this.#drawRates),
      make("throughput", "Samples per second", "Not measured yet.", {}, this.#drawThroughput),
    ];
  }

  #make(prefix, title, empty, options, draw) {
    const chart = new Chart({
      title,
      along: "step",
      empty,
      onRange: (range) => this.#loadDetail(prefix, range),
      ...options,
    });
    chart.card.dataset.kind = prefix; // paper has not all of them
    return { prefix, chart, draw: (table) => draw.call(this, chart, table) };
  }

  #metric(name, title, options) {
    const draw = (chart, table) => this.#drawMetric(chart, name, table);
    return { ...this.#make("epoch", title, WAITING, options, draw), name };
  }

  // A chart for each metric that the run adds to those of every run, after theirs.
  #addMetrics(table) {
    for (const key of table.columns.keys()) {
      const name = ADDED.exec(key)?.[1];
      if (!name || this.#drawn.has(name)) continue;
      this.#drawn.add(name);
      const added = this.#metric(name, capital(name.replaceAll("_", " ")), {});
      added.chart.setAxis(this.store.axes.epoch);
      const last = this.#charts.findLastIndex(({ prefix }) => prefix === "epoch");
      this.#charts.splice(last + 1, 0, added);
      this.placed = null;
    }
  }

  // Another store, along other axes.
  #show(store) {
    this.store = store;
    this.#details.clear();
    for (const { prefix, chart } of this.#charts) chart.setAxis(store.axes[prefix]);
  }

  // `store`: where the curves are; `health`: {layer group: "ok", "vanishing" or "exploding"}; `weight`: of the
  // smoothing; `prefixes`: what has changed.
  draw(state, { store, health, weight, prefixes }) {
    if (store !== this.store) this.#show(store);
    Object.assign(this, { state, health, weight });
    // The line of the rate continues to the newest step.
    if (prefixes.has("batch") || prefixes.has("throughput")) prefixes.add("rate");
    if (prefixes.has("epoch")) this.#addMetrics(this.#table("epoch"));
    this.#place();
    for (const { prefix, chart, draw } of this.#charts) {
      if (!prefixes.has(prefix)) continue;
      chart.smoothing = weight;
      draw(this.#table(prefix));
    }
  }

  // The curves that answer most have a place of their own.
  #place() {
    const names = leadNames(this.state);
    if (this.placed === names.join()) return;
    this.placed = names.join();
    const leading = names.map((name) => this.#charts.find((one) => one.name === name)).filter(Boolean);
    for (const one of this.#charts) one.chart.setLead(leading.includes(one));
    const cards = (charts) => charts.map(({ chart }) => chart.card);
    arrange(this.lead, cards(leading));
    arrange(this.container, cards(this.#charts.filter((one) => !leading.includes(one))));
  }

  // Hide the charts without a value, and those of the epochs where none has a number, unless they `wait` for one.
  // Return whether any chart is left.
  showFilled(wait) {
    const told = this.#charts.some(({ prefix, chart }) => prefix === "epoch" && chart.filled);
    for (const { prefix, chart } of this.#charts)
      chart.card.hidden = !wait && (!chart.data[0].length || (prefix === "epoch" && !told));
    return this.#charts.some(({ chart }) => !chart.card.hidden);
  }

  #table(prefix) {
    const [table, detail] = [this.store.table(prefix), this.#details.get(prefix)];
    return detail?.table ? withDetail(table, detail.table, detail.range) : table;
  }

  async #loadDetail(prefix, range) {
    const [store, table, before] = [this.store, this.store.table(prefix), this.#details.get(prefix)];
    if (!range || !table.thinned) {
      if (this.#details.delete(prefix)) this.#redraw(prefix);
      return;
    }
    // Another chart of the kind has asked already.
    if (before && before.range[0] === range[0] && before.range[1] === range[1]) return;
    const detail = { range, table: before?.table && within(range, before.range) ? before.table : null };
    this.#details.set(prefix, detail);
    const found = await this.page.loadDetail(prefix, range).catch(() => null); // what is kept stays
    if (!found || this.store !== store || this.#details.get(prefix) !== detail) return;
    detail.table = found;
    this.#redraw(prefix);
  }

  #redraw(prefix) {
    for (const one of this.#charts) if (one.prefix === prefix && this.state) one.draw(this.#table(prefix));
  }

  #drawMetric(chart, name, table) {
    const shown = both(name).filter(({ key }) => table.columns.has(key));
    chart.update(shown, shown.length ? [table.xs, ...shown.map(({ key }) => table.values(key))] : [[]], {
      marks: this.#marks("epoch"),
      note: sampling(table, shown[0]?.key),
    });
  }

  #drawBatches(chart, table) {
    const ys = table.values(`batch/${this.picked}`);
    const series = [
      { label: "single batches", colour: "--faint", thin: true, points: false, plain: true, ...written(this.picked) },
      { label: "smoothed", colour: "--train", points: false, plain: true, ...written(this.picked) },
    ];
    chart.update(series, [table.xs, ys, smooth(ys, this.weight || BATCH_SMOOTHING)], {
      marks: this.#resumes("batch"),
      note: sampling(table, `batch/${this.picked}`),
    });
  }

  #drawGradients(chart, table) {
    const groups = [...table.columns.keys()]
      .filter((name) => name.startsWith(LAYERS))
      .sort(new Intl.Collator("en", { numeric: true }).compare);
    const series = [
      { label: "total", colour: "--text", points: false },
      ...groups.map((name, i) => ({ ...this.#layer(name.slice(LAYERS.length), i), points: false })),
    ];
    const broken = table.gaps.get("gradient/total") ?? 0;
    const words = broken ? `${plural(broken, "sample")} had gradients that are not finite: gaps.` : "";
    const note = [sampling(table, "gradient/total"), words, ...this.#healthTexts()].filter(Boolean).join(" ");
    chart.update(series, [table.xs, ...["gradient/total", ...groups].map((name) => table.values(name))], {
      marks: this.#resumes("gradient"),
      note,
    });
  }

  #layer(group, i) {
    const [words, colour] = HEALTH[this.health[group]] ?? [];
    const dash = i >= GROUP_COLOURS.length ? [4, 3] : undefined;
    return {
      label: words ? `${group} (${words})` : group,
      colour: colour ?? GROUP_COLOURS[i % GROUP_COLOURS.length],
      dash,
    };
  }

  #healthTexts() {
    const of = (health) => Object.keys(this.health).filter((group) => this.health[group] === health);
    return Object.entries(HEALTH).flatMap(([health, [words]]) =>
      of(health).length ? [`The gradient is ${words} in ${of(health).join(", ")}.`] : [],
    );
  }

  // A rate holds until it changes, so the line continues to the newest place.
  #drawRates(chart, table) {
    const last = this.store.newest("rate", this.state);
    const [xs, ys] = [[...table.xs], [...table.values("rate/learning_rate")]];
    if (xs.length && last > xs[xs.length - 1]) {
      xs.push(last);
      ys.push(ys[ys.length - 1]);
    }
    chart.update(
      [{ label: "rate", colour: "--train", words: tick, stepped: true, points: false, plain: true }],
      [xs, ...(xs.length ? [ys] : [])],
    );
  }

  #drawThroughput(chart, table) {
    const key = "throughput/samples_per_second";
    chart.update(
      [{ label: "samples/s", colour: "--train", points: false, words: measured }],
      [table.xs, table.values(key)],
      { note: sampling(table, key) },
    );
  }

  #marks(prefix) {
    const { bestEpoch, stop } = this.state;
    const best = known(bestEpoch) ? [{ x: this.#placeOfBest(prefix), text: "best" }] : [];
    const end = stop ? [{ x: this.#placeAt(prefix, stop.epoch, stop.time), text: "early stop", colour: "--warn" }] : [];
    return [...best, ...end, ...this.#resumes(prefix)].filter(({ x }) => Number.isFinite(x));
  }

  #resumes(prefix) {
    return this.state.resumes
      .map(({ attempt, epoch, time }) => ({
        x: this.#placeAt(prefix, epoch, time),
        text: `attempt ${attempt} after`,
        short: `attempt ${attempt}`,
        colour: "--muted",
      }))
      .filter(({ x }) => Number.isFinite(x));
  }

  #placeAt(prefix, epoch, time) {
    const by = this.store.axes[prefix];
    if (by === "time") return time - this.store.zero;
    // Samples within an epoch stand between its number and the next one.
    return prefix === "epoch" || by === "step" ? this.store.atEpoch(epoch, prefix) : epoch + 1;
  }

  #placeOfBest(prefix) {
    const { monitor, best, bestEpoch } = this.state;
    if (this.store.axes[prefix] !== "time") return this.store.atEpoch(bestEpoch, prefix);
    const table = this.store.table(prefix);
    return table.xs[table.values(`epoch/${monitor}`).indexOf(best.value)];
  }

  #picker() {
    const options = Object.entries(BATCH_VALUES).map(([value, text]) => el("option", { value }, text));
    const pick = (event) => {
      this.picked = event.target.value;
      this.#redraw("batch");
    };
    return el("select", { "aria-label": "Value of the batches", change: pick }, ...options);
  }
}

// A page whose first screen has no charts names their library in `data-library`, and leaves loading it to this.
export async function makeCurves(lead, container, page) {
  const { library: src } = lead.dataset;
  if (src) await new Promise((done) => document.head.append(el("script", { src, load: done, error: done })));
  return new Curves(lead, container, page);
}

const within = (inner, outer) => inner[0] >= outer[0] && inner[1] <= outer[1];

function sampling(table, name) {
  if (!name || !table.thinned) return "";
  const [kept, total] = table.kept(name);
  return kept < total
    ? `${count(kept)} of ${count(total)} samples are drawn, every high and low among them; zoom in for all.`
    : "";
}
