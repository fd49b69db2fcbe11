// One chart in a card: a title, a read-out of the values under the cursor, the curves. Draws with uPlot.

import { el, setText } from "../frame/dom.js";
import { known, number, UNKNOWN } from "../frame/format.js";
import { colour, onColoursChanged } from "../frame/theme.js";
import { linearRange, logRange, place, shareTexts, shortPlace, stepsAlong, tickPlaces, tickTexts } from "./axes.js";
import { addGestures } from "./gestures.js";
import { countKnown, lastUpTo, newest } from "./readings.js";
import { drawMarks, FONT, seriesOptions } from "./series_drawing.js";
import { smooth } from "./smoothing.js";

const [HEIGHT, LEAD, LARGE] = [192, 260, 420];
const PAPER = 330; // pixels, of two columns
const DENSE = 20_000; // points of all curves
const REPORT_RANGE_AFTER = 150; // milliseconds without another move
const HINT =
  "Drag to zoom, Shift and drag to pan, Ctrl and wheel to zoom, double-click to reset the zoom. " +
  "With the keyboard: arrows, +, −, 0.";
const charts = new Set();

onColoursChanged(() => charts.forEach((chart) => chart.redraw()));
// Paper is narrower than the screen, and a canvas does not flow: each chart is redrawn for it.
addEventListener("beforeprint", () => charts.forEach((chart) => chart.fit(PAPER)));
addEventListener("afterprint", () => charts.forEach((chart) => chart.fit()));

export class Chart {
  #reporting = null;

  // `along` is the x axis ("epoch", "step", "time" in seconds): charts along the same axis share cursor and zoom.
  // `bounded`: values are shares, so the axis never leaves 0 to 1. `log`: offers a logarithmic axis.
  // `onRange([from, to] | null)`: what is looked at has changed; null is all of it.
  constructor({ title, along, empty, bounded = false, log = false, controls = [], onRange = null }) {
    Object.assign(this, {
      title,
      along,
      bounded,
      onRange,
      series: [],
      data: [[]],
      filled: false, // with a value that is a number
      zoomed: false,
      logarithmic: false,
      marks: [],
      smoothing: 0,
    });
    this.readout = el("div", { class: "readout" });
    this.plot = el("div", { class: "plot", role: "img", tabindex: 0, title: HINT });
    this.note = el("p", { class: "note", hidden: true });
    this.waiting = globalThis.uPlot ? empty : "The chart library is not installed: run `npm ci`.";
    this.empty = el("p", { class: "empty" }, this.waiting);
    this.reset = el(
      "button",
      { type: "button", class: "quiet", hidden: true, click: () => this.resetZoom() },
      "Reset zoom",
    );
    const toggle = el(
      "button",
      { type: "button", class: "quiet", "aria-pressed": "false", click: () => this.#toggle(toggle) },
      "log",
    );
    const larger = el(
      "button",
      {
        type: "button",
        class: "quiet",
        "aria-pressed": "false",
        "aria-label": `${title}: larger`,
        title: "Larger",
        click: () => this.#enlarge(larger),
      },
      "⤢",
    );
    this.words = el("small");
    const head = el(
      "div",
      { class: "chart-head" },
      el("h3", {}, `${title} `, this.words),
      el("div", { class: "controls" }, this.reset, ...controls, log ? toggle : null, larger),
    );
    this.card = el("article", { class: "card chart" }, head, this.readout, this.plot, this.empty, this.note);
    new ResizeObserver(() => this.#resize()).observe(this.plot);
    // A busy page is told of several changes at once, the newest last.
    new IntersectionObserver((told) => this.#show(told.at(-1).isIntersecting), { rootMargin: "150px" }).observe(
      this.card,
    );
    addGestures(this.plot, this);
    charts.add(this);
  }

  // Takes the chart off the page for good.
  remove() {
    charts.delete(this);
    this.#discard();
    this.card.remove();
  }

  // `series`: [{label, colour, dash?, thin?, stepped?, words?, share?, points?, plain?}]; `words(value)` for the
  // read-out; the axis is in percent where all are `share`s; `plain` ones are never smoothed. `data`: [xs, ys, …];
  // null = a gap, undefined = nothing at that place. `marks`: [{x, text, short?, colour?}].
  update(series, data, { marks = [], note = "" } = {}) {
    Object.assign(this, { series, data, marks });
    const fresh = this.built !== this.#signature(series);
    setText(this.words, `by ${this.along}`);
    setText(this.note, note);
    this.note.hidden = !note;
    this.filled = data.slice(1).some((ys) => ys.some(known));
    const drawable = globalThis.uPlot && this.filled;
    setText(this.empty, data[0].length && globalThis.uPlot ? "None of its values is a number." : this.waiting);
    this.empty.hidden = Boolean(drawable);
    this.plot.hidden = !drawable;
    this.readout.hidden = !drawable;
    if (!drawable) return this.#discard();
    if (fresh || !this.u) this.#build();
    else if (this.seen) this.#setData();
    else this.stale = true; // drawn when it comes into view
    this.#drawReadout(this.u.cursor.idx); // an update keeps what the reader sees under the pointer
    this.plot.setAttribute("aria-label", this.#description());
  }

  // Runs along another axis from the next update on.
  setAxis(along) {
    if (along === this.along) return;
    this.along = along;
    this.zoomed = false;
    this.reset.hidden = true;
    this.#discard();
  }

  redraw() {
    this.u?.redraw(false, true);
  }

  range() {
    const { min, max } = this.u.scales.x;
    return [min, max];
  }

  // Every chart along this axis; never beyond the data, never closer than two points of them.
  zoomTo(min, max) {
    const xs = this.u.data[0];
    const [first, last] = [xs[0], xs[xs.length - 1]];
    const length = Math.min(last - first, max - min);
    if (!(length > 0)) return;
    if (length >= last - first) return this.resetZoom();
    const low = Math.min(Math.max(min, first), last - length);
    for (const chart of this.#siblings()) chart.u?.setScale("x", { min: low, max: low + length });
    for (const chart of this.#siblings()) chart.#setZoomed(true);
  }

  resetZoom() {
    for (const chart of this.#siblings()) {
      chart.#setZoomed(false);
      chart.u?.setData(chart.u.data, true);
    }
  }

  #siblings() {
    return [...charts].filter(({ along }) => along === this.along);
  }

  #setZoomed(zoomed) {
    if (!zoomed && !this.zoomed) return;
    this.zoomed = zoomed;
    this.reset.hidden = !zoomed;
    if (!this.onRange) return;
    clearTimeout(this.#reporting);
    this.#reporting = setTimeout(() => this.onRange(this.zoomed && this.u ? this.range() : null), REPORT_RANGE_AFTER);
  }

  #signature(series) {
    return JSON.stringify([series, this.along, this.smoothing > 0, this.logarithmic, this.#dense()]);
  }

  // Thick lines through very many points take long to paint, and hide each other.
  #dense() {
    return this.data[0].length * this.series.length > DENSE;
  }

  #build() {
    this.stale = false;
    const kept = this.u && this.zoomed ? this.range() : null;
    this.#discard();
    this.built = this.#signature(this.series);
    this.#buildReadout();
    this.u = new globalThis.uPlot(this.#options(), this.#drawnData(), this.plot);
    if (kept) this.u.setScale("x", { min: kept[0], max: kept[1] });
    this.zoomed = Boolean(kept);
    this.reset.hidden = !kept;
  }

  #discard() {
    this.u?.destroy();
    this.u = this.built = null;
  }

  #show(seen) {
    this.seen = seen;
    if (seen && this.stale && this.u) this.#setData();
  }

  #setData() {
    this.stale = false;
    this.u.setData(this.#drawnData(), !this.zoomed);
    if (this.zoomed) this.u.redraw();
  }

  // A logarithm knows no zero, and an axis with a single place no length: it gets a next one, where nothing is yet.
  // With smoothing each curve is there twice: as it was measured, then smooth.
  #drawnData() {
    const [xs, ...columns] = this.data;
    const lone = xs.length === 1;
    const positive = (ys) => (this.logarithmic ? ys.map((y) => (y === undefined || y > 0 ? y : null)) : ys);
    const measured = columns.map(positive);
    this.smoothed = this.smoothing
      ? columns.map((ys, i) => (this.series[i].plain ? null : positive(smooth(ys, this.smoothing))))
      : [];
    const all = [...measured, ...this.smoothed.filter(Boolean)];
    return [lone ? [xs[0], xs[0] + 1] : xs, ...all.map((ys) => (lone ? [...ys, null] : ys))];
  }

  #toggle(button) {
    this.logarithmic = !this.logarithmic;
    button.setAttribute("aria-pressed", String(this.logarithmic));
    if (this.u) this.#build();
    this.#drawReadout(null);
  }

  #enlarge(button) {
    button.setAttribute("aria-pressed", String(this.card.classList.toggle("large")));
    this.#resize();
  }

  // Somewhat higher than the others, or not.
  setLead(leads) {
    this.card.classList.toggle("lead", leads);
    this.#resize();
  }

  get #height() {
    const { classList } = this.card;
    if (this.paper) return HEIGHT;
    return classList.contains("large") ? LARGE : classList.contains("lead") ? LEAD : HEIGHT;
  }

  // To a width in pixels; without one, to the room there is.
  fit(width) {
    this.paper = width;
    if (this.stale && this.u) this.#setData();
    this.#resize();
  }

  #resize() {
    const width = this.paper ?? this.plot.clientWidth;
    if (width && this.u && (width !== this.u.width || this.#height !== this.u.height))
      this.u.setSize({ width, height: this.#height });
  }

  #options() {
    const axis = { stroke: () => colour("--muted"), font: FONT, ticks: { show: false } };
    const grid = { stroke: () => colour("--grid"), width: 1 };
    const [faint, dense] = [this.smoothing > 0, this.#dense()];
    return {
      width: this.plot.clientWidth || 300,
      height: this.#height,
      legend: { show: false },
      padding: [16, 18, 0, 0],
      cursor: { sync: { key: this.along, scales: ["x", null] }, y: false, points: { size: 7 } },
      scales: {
        x: { time: false },
        y: this.logarithmic
          ? { distr: 3, range: logRange(globalThis.uPlot.rangeLog) }
          : { range: linearRange(this.bounded) },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 26,
          gap: 4,
          incrs: stepsAlong(this.along),
          splits: (_u, _axis, low, high, step) => tickPlaces(this.along, low, high, step),
          values: (_, ticks) => ticks.map((x) => shortPlace(this.along, x)),
        },
        {
          ...axis,
          grid,
          size: 52,
          gap: 6,
          space: 34,
          values: this.series.every(({ share }) => share) ? shareTexts : tickTexts,
        },
      ],
      series: [
        {},
        ...this.series.map((series) => seriesOptions(series, faint && !series.plain, dense)),
        ...(faint
          ? this.series.filter(({ plain }) => !plain).map((series) => seriesOptions(series, false, dense))
          : []),
      ],
      hooks: {
        setCursor: [(u) => this.#drawReadout(u.cursor.idx)],
        setSelect: [() => this.#setZoomed(true)],
        draw: [(u) => drawMarks(u, this.marks)],
        ready: [(u) => u.over.addEventListener("dblclick", () => this.resetZoom())],
      },
    };
  }

  #buildReadout() {
    this.values = this.series.map(() => el("b"));
    this.at = el("span", { class: "at" });
    const entries = this.series.map(({ label, colour: name }, index) => {
      const swatch = el("i", { "aria-hidden": "true" });
      swatch.style.background = `var(${name})`;
      return el("span", { class: "entry" }, swatch, label, " ", this.values[index]);
    });
    this.readout.replaceChildren(...entries, this.at);
  }

  // The values at an index of the data; null: each curve's newest.
  #drawReadout(index) {
    if (!this.values || !this.data[0].length) return;
    const [xs, ...columns] = this.data;
    const hovering = known(index) && index < xs.length;
    columns.forEach(
      (ys, i) =>
        this.values[i] && setText(this.values[i], this.#valueText(i, hovering ? lastUpTo(ys, index) : newest(ys))),
    );
    setText(this.at, hovering ? `${this.along} ${place(this.along, xs[index])}` : "");
  }

  #valueText(i, value) {
    return known(value) ? (this.series[i].words ?? number)(value) : UNKNOWN;
  }

  #description() {
    const [xs, ...columns] = this.data;
    const parts = this.series.map(
      ({ label }, i) => `${label}: ${countKnown(columns[i])} values, newest ${this.#valueText(i, newest(columns[i]))}`,
    );
    const marks = this.marks.map(({ x, text }) => `; ${text} ${this.along} ${place(this.along, x)}`).join("");
    const range = `${place(this.along, xs[0])} to ${place(this.along, xs[xs.length - 1])}`;
    return `${this.title} by ${this.along}, ${range}. ${parts.join("; ")}${marks}.`;
  }
}
