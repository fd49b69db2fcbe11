// What the run uses of its machine: charts along time, and the newest numbers.

import { Chart } from "../charts/chart.js";
import { arrange, el, setText } from "../frame/dom.js";
import { bytes, known, measured, percent } from "../frame/format.js";

const GIB = 2 ** 30;
const COLOURS = ["--c1", "--c2", "--c3", "--c4", "--c5", "--c6", "--c7", "--c8"];
const NONE = "Not measured yet.";

const gib = (ys) => ys.map((y) => (known(y) ? y / GIB : y));
const share = (ys) => ys.map((y) => (known(y) ? 100 * y : y));

export class Machine {
  #made = [];

  constructor(section, container, words) {
    Object.assign(this, { section, words, container });
    const chart = (title, options = {}) => new Chart({ title, along: "time", empty: NONE, ...options });
    this.cpu = chart("Processor, cores in use");
    this.memory = chart("Memory, GiB");
    this.wait = chart("Waiting for data, % of the time");
    this.gpu = chart("GPU in use, %");
    this.gpuMemory = chart("GPU memory, GiB");
  }

  // `weight`: of the smoothing.
  draw({ usage }, store, weight) {
    const [used, throughput] = [store.table("usage"), store.table("throughput")];
    const waited = throughput.values("throughput/data_wait_share");
    const hasWait = waited.some(known);
    const gpus = [
      ...new Set([...used.columns.keys()].map((name) => /^usage\/gpu\/(\d+)\//.exec(name)?.[1]).filter(Boolean)),
    ].sort((a, b) => a - b);
    const shown = [
      ...(used.xs.length > 1 ? [this.cpu, this.memory] : []), // one measurement is no curve; it stands above
      ...(waited.filter(known).length > 1 ? [this.wait] : []),
      ...(gpus.length && used.xs.length > 1 ? [this.gpu, this.gpuMemory] : []),
    ];
    this.section.hidden = !usage && !shown.length;
    if (this.section.hidden) return;
    if (shown.length !== this.#made.length)
      arrange(
        this.container,
        (this.#made = shown).map(({ card }) => card),
      );
    for (const chart of shown) chart.smoothing = weight;
    const own = [
      { label: "this run", colour: "--train", points: false },
      { label: "whole machine", colour: "--faint", points: false },
    ];
    if (used.xs.length) {
      this.cpu.update(own, [used.xs, used.values("usage/cpu_cores"), used.values("usage/machine_cpu_cores")]);
      this.memory.update(own, [
        used.xs,
        gib(used.values(used.columns.has("usage/memory_pss") ? "usage/memory_pss" : "usage/memory_rss")),
        gib(used.values("usage/machine_memory_used")),
      ]);
    }
    if (hasWait) {
      this.wait.setAxis(store.axes.throughput);
      this.wait.update(
        [{ label: "waiting", colour: "--val", points: false, words: measured }],
        [throughput.xs, share(waited)],
      );
    }
    const ofGpu = (chart, name, scaled) =>
      chart.update(
        gpus.map((id, i) => ({ label: `GPU ${id}`, colour: COLOURS[i % COLOURS.length], points: false })),
        [used.xs, ...gpus.map((id) => scaled(used.values(`usage/gpu/${id}/${name}`)))],
      );
    if (gpus.length) {
      ofGpu(this.gpu, "utilisation", share);
      ofGpu(this.gpuMemory, "memory_used", gib);
    }
    arrange(this.words, usage ? facts(usage).map(([name, value], i) => this.#fact(i, name, value)) : []);
  }

  #fact(i, name, value) {
    const node = this.words.children[i] ?? el("div", {}, el("dt"), el("dd", {}, el("b")));
    setText(node.firstChild, name);
    setText(node.querySelector("b"), value);
    return node;
  }
}

// In the unit of the charts beside it.
const gibibytes = (value) => `${(value / GIB).toFixed(value < 10 * GIB ? 2 : 1)} GiB`;

const of = (value, total, words) =>
  known(value) ? `${words(value)}${known(total) ? ` of ${words(total)}` : ""}` : "–";

function facts({
  cpu_cores: cpu,
  machine_cores: cores,
  memory_pss: pss,
  memory_rss: rss,
  machine_memory_total: memory,
  disk_free: free,
  disk_total: disk,
  processes,
  gpus,
}) {
  return [
    ["Processor", known(cpu) ? `${cpu.toFixed(1)}${known(cores) ? ` of ${cores}` : ""} cores` : "–"],
    ["Memory of the run", of(pss ?? rss, memory, gibibytes)],
    ["Processes", known(processes) ? String(processes) : "–"],
    ["Disk that is free", of(free, disk, bytes)],
    ...(gpus ?? []).map((gpu, i) => [
      `GPU ${i}: ${gpu.name}`,
      [
        percent(gpu.utilisation, 0),
        of(gpu.memory_used, gpu.memory_total, gibibytes),
        known(gpu.temperature) ? `${Math.round(gpu.temperature)} °C` : "",
      ]
        .filter(Boolean)
        .join(", "),
    ]),
  ];
}
