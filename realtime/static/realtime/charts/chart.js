// One chart in a card: a title, a read-out of the values under the cursor, the curve. Draws with uPlot.

import { el, setText } from "../frame/dom.js";
import { known, number, tick } from "../frame/format.js";
import { colour, onColours } from "../frame/theme.js";

const HEIGHT = 192;
const charts = new Set();

onColours(() => charts.forEach((chart) => chart.redraw()));

export class Chart {
  // `along` names the x axis ("epoch", "step"): charts along the same axis share their cursor.
  // `bounded`: values are shares, so the axis never leaves 0 to 1. `log`: offers a logarithmic axis.
  constructor({ title, along, empty, bounded = false, log = false, controls = [] }) {
    Object.assign(this, { title, along, bounded, series: [], data: [[]], zoomed: false, logarithmic: false, mark: null });
    this.readout = el("div", { class: "readout" });
    this.plot = el("div", { class: "plot", role: "img" });
    this.note = el("p", { class: "note", hidden: true });
    this.empty = el("p", { class: "empty" }, globalThis.uPlot ? empty : "The chart library is not installed: run `npm ci`.");
    const toggle = el("button", { type: "button", class: "quiet", "aria-pressed": "false", click: () => this.#toggle(toggle) }, "log");
    const head = el("div", { class: "chart-head" }, el("h3", {}, `${title} `, el("small", {}, `by ${along}`)), el("div", { class: "controls" }, ...controls, log ? toggle : null));
    this.card = el("article", { class: "card chart" }, head, this.readout, this.plot, this.empty, this.note);
    new ResizeObserver(() => this.#resize()).observe(this.plot);
    charts.add(this);
  }

  // `series`: [{label, colour, dash?, thin?, stepped?, exact?}]; `data`: [xs, ys, …], null = a gap; `mark`: {x, text} or null.
  update(series, data, { mark = null, note = "" } = {}) {
    const fresh = JSON.stringify(series) !== JSON.stringify(this.series);
    Object.assign(this, { series, data, mark });
    setText(this.note, note);
    this.note.hidden = !note;
    const drawable = data[0].length > 0 && globalThis.uPlot;
    this.empty.hidden = Boolean(drawable);
    this.plot.hidden = !drawable;
    this.readout.hidden = !drawable;
    if (!drawable) return this.#discard();
    if (fresh || !this.u) this.#build();
    else this.#feed();
    this.#read(null);
    this.plot.setAttribute("aria-label", this.#inWords());
  }

  redraw() {
    this.u?.redraw(false, true);
    this.#buildReadout();
    this.#read(this.u?.cursor.idx);
  }

  #build() {
    this.#discard();
    this.#buildReadout();
    this.u = new globalThis.uPlot(this.#options(), this.#drawn(), this.plot);
  }

  #discard() {
    this.u?.destroy();
    this.u = null;
    this.zoomed = false;
  }

  #feed() {
    this.u.setData(this.#drawn(), !this.zoomed);
    if (this.zoomed) this.u.redraw();
  }

  // A logarithm knows no zero, and an axis with a single place no length: it gets a next one, where nothing is yet.
  #drawn() {
    const [xs, ...columns] = this.data;
    const lone = xs.length === 1;
    const values = columns.map((ys) => (this.logarithmic ? ys.map((y) => (y > 0 ? y : null)) : ys));
    return [lone ? [xs[0], xs[0] + 1] : xs, ...values.map((ys) => (lone ? [...ys, null] : ys))];
  }

  #toggle(button) {
    this.logarithmic = !this.logarithmic;
    button.setAttribute("aria-pressed", String(this.logarithmic));
    if (this.u) this.#build();
    this.#read(null);
  }

  #resize() {
    const width = this.plot.clientWidth;
    if (width && this.u && width !== this.u.width) this.u.setSize({ width, height: HEIGHT });
  }

  #options() {
    const axis = { stroke: () => colour("--muted"), font: "11px system-ui, sans-serif", ticks: { show: false } };
    const grid = { stroke: () => colour("--grid"), width: 1 };
    return {
      width: this.plot.clientWidth || 300,
      height: HEIGHT,
      legend: { show: false },
      padding: [16, 10, 0, 0],
      cursor: { sync: { key: this.along, scales: ["x", null] }, y: false, points: { size: 7 } },
      scales: { x: { time: false }, y: this.logarithmic ? { distr: 3, range: logRange } : { range: (_, low, high) => this.#range(low, high) } },
      axes: [
        { ...axis, grid: { show: false }, size: 26, gap: 4, incrs: STEPS, values: (_, ticks) => ticks.map((x) => String(x)) },
        { ...axis, grid, size: 52, gap: 6, space: 34, values: (_, ticks) => ticks.map(tick) },
      ],
      series: [{}, ...this.series.map((series) => this.#line(series))],
      hooks: {
        setCursor: [(u) => this.#read(u.cursor.idx)],
        setSelect: [() => (this.zoomed = true)],
        draw: [(u) => this.#drawMark(u)],
        ready: [(u) => u.over.addEventListener("dblclick", () => (this.zoomed = false))],
      },
    };
  }

  #line({ label, colour: name, dash, thin, stepped, points }) {
    return {
      label,
      stroke: () => colour(name),
      width: thin ? 1 : 1.75,
      dash,
      paths: stepped ? globalThis.uPlot.paths.stepped({ align: 1 }) : undefined,
      points: { size: 4.5, fill: () => colour(name), filter: lonely, ...(points === false ? { show: false } : {}) },
    };
  }

  // Some air around the curve; shares stay between 0 and 1.
  #range(low, high) {
    if (!known(low) || !known(high)) return [0, 1];
    const air = (high - low || Math.abs(high) || 1) * 0.08;
    return this.bounded ? [Math.max(0, low - air), Math.min(1 + air / 4, high + air)] : [low >= 0 ? Math.max(0, low - air) : low - air, high + air];
  }

  #buildReadout() {
    this.values = this.series.map(() => el("b"));
    this.at = el("span", { class: "at" });
    const entries = this.series.map(({ label, colour: name }, index) => {
      const swatch = el("i", { "aria-hidden": "true" });
      swatch.style.background = colour(name);
      return el("span", { class: "entry" }, swatch, label, " ", this.values[index]);
    });
    this.readout.replaceChildren(...entries, this.at);
  }

  // The values at an index of the data; null: each curve's newest.
  #read(index) {
    if (!this.values || !this.data[0].length) return;
    const [xs, ...columns] = this.data;
    const hovering = known(index);
    columns.forEach((ys, i) => this.values[i] && setText(this.values[i], this.#words(i, hovering ? ys[index] : newest(ys))));
    setText(this.at, hovering ? `${this.along} ${xs[index]}` : "");
  }

  #words(i, value) {
    return this.series[i].exact && known(value) ? tick(value) : number(value);
  }

  #drawMark(u) {
    const [low, high] = [u.scales.x.min, u.scales.x.max];
    if (!this.mark || this.mark.x < low || this.mark.x > high) return;
    const [ctx, ratio] = [u.ctx, devicePixelRatio];
    const x = Math.round(u.valToPos(this.mark.x, "x", true));
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = colour("--best");
    ctx.lineWidth = ratio;
    ctx.setLineDash([3 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, u.bbox.top);
    ctx.lineTo(x, u.bbox.top + u.bbox.height);
    ctx.stroke();
    ctx.font = `${11 * ratio}px system-ui, sans-serif`;
    const right = x > u.bbox.left + u.bbox.width - 40 * ratio;
    ctx.textAlign = right ? "right" : "left";
    ctx.fillText(this.mark.text, x + (right ? -4 : 4) * ratio, u.bbox.top - 5 * ratio);
    ctx.restore();
  }

  #inWords() {
    const [xs, ...columns] = this.data;
    const parts = this.series.map(({ label }, i) => `${label}: ${columns[i].filter(known).length} values, newest ${number(newest(columns[i]))}`);
    const best = this.mark ? `; best ${this.along} ${this.mark.x}` : "";
    return `${this.title} by ${this.along}, ${xs[0]} to ${xs[xs.length - 1]}. ${parts.join("; ")}${best}.`;
  }
}

// A value between two gaps has no line: it is drawn as a point even where others are not.
function lonely(u, index, show) {
  const ys = u.data[index];
  return show ? null : [...ys.keys()].filter((i) => known(ys[i]) && !known(ys[i - 1]) && !known(ys[i + 1]));
}

// Epochs and steps are whole numbers.
const STEPS = [];
for (let power = 1; power < 1e12; power *= 10) STEPS.push(power, 2 * power, 5 * power);

function logRange(u, low, high) {
  return known(low) && known(high) && low > 0 ? globalThis.uPlot.rangeLog(low, high, 10, false) : [0.001, 1];
}

// The last value, even if it is unknown (null: a gap, shown as "–"); undefined has only not come yet.
const newest = (ys) => ys.findLast((y) => y !== undefined);
