// The threshold that a reader tries: matrix and rates at it, at once.

import { setText } from "../../frame/dom.js";
import { count, percent, scoreBeside } from "../../frame/format.js";
import { inField, probabilityText, rates, share, shortest, typedShare } from "./decisions.js";

const find = (id) => document.getElementById(id);
const ABOVE_ALL = 2; // scores end at 1
const RATES = ["sensitivity", "specificity", "ppv", "npv"];

export class DecisionPanel {
  #stops = null;
  #place = 0;
  #own = null; // the run's threshold, or the saved one
  #wish = null; // what was typed, until all thresholds are there
  #nodes = new Map(); // of the numbers, which a move all writes

  // `onMove(counts, ownCounts)`: the points on the curves; `onNeed`: all thresholds are needed; `onCell(cell,
  // threshold)`: the samples of a cell are asked for; `onTry()`: the reader has moved the threshold.
  constructor({ onMove, onNeed, onCell, onTry }) {
    Object.assign(this, { onMove, onNeed });
    this.root = find("decision");
    this.slider = find("threshold-slider");
    this.field = find("threshold-field");
    this.back = find("threshold-back");
    this.prevalence = find("prevalence");
    this.root.addEventListener("focusin", () => this.#needAll());
    this.slider.addEventListener("input", () => this.#move(this.#stops.length - this.slider.valueAsNumber));
    this.field.addEventListener("input", () => this.#type());
    this.field.addEventListener("change", () => this.#stops.isComplete || this.#move(this.#place));
    this.back.addEventListener("click", () => this.#goTo(this.#own));
    for (const [node, type] of [
      [this.slider, "input"],
      [this.field, "input"],
      [this.back, "click"],
    ])
      node.addEventListener(type, onTry);
    this.prevalence.addEventListener("input", () => this.#drawField());
    for (const cell of this.root.querySelectorAll(".open-cell"))
      cell.addEventListener("click", () => onCell(cell.dataset.cell, this.threshold));
  }

  // The number that decides as it is shown.
  get threshold() {
    return this.#wish ?? this.#stops?.thresholdAt(this.#place) ?? ABOVE_ALL;
  }

  // Of another split or class: at the run's threshold, and with the prevalence of the split.
  // `counts`: what that gives, if it is known without them.
  show(stops, { threshold, names, counts = null }) {
    this.#stops = stops;
    this.#own = threshold ?? 0.5;
    for (const [i, side] of ["negative", "positive"].entries())
      for (const node of this.root.querySelectorAll(`[data-${side}]`)) setText(node, names[i]);
    for (const node of this.root.querySelectorAll("input, .open-cell, #threshold-back")) node.disabled = !stops;
    setText(this.back, `Back to ${shortest(this.#own)}`);
    if (!stops) return this.#clear(counts);
    this.slider.max = stops.length;
    this.prevalence.value = stops.samples ? Number(((100 * stops.positives) / stops.samples).toPrecision(3)) : "";
    this.#goTo(this.#own);
    if (this.root.contains(document.activeElement)) this.#needAll();
  }

  // Some of the thresholds are enough until somebody is about to use them.
  #needAll() {
    if (this.#stops && !this.#stops.isComplete) this.onNeed();
  }

  // All thresholds of what is shown already: the reader stays where they are.
  refine(stops) {
    const wish = this.#wish ?? this.#stops.thresholdAt(this.#place);
    this.#stops = stops;
    this.slider.max = stops.length;
    this.#move(wish === null ? 0 : stops.placeOf(wish), { keepField: true });
  }

  // A threshold that the reader asked for otherwise, exact as soon as all thresholds are there.
  goTo(threshold) {
    if (!this.#stops) return;
    this.#needAll();
    this.#goTo(threshold);
  }

  // The threshold that "back" leads to; the reader stays where they are.
  setOwn(threshold) {
    if (!this.#stops) return;
    this.#own = threshold;
    setText(this.back, `Back to ${shortest(threshold)}`);
    this.onMove(this.#stops.counts(this.#place), this.#stops.counts(this.#stops.placeOf(threshold)));
  }

  // How the scores become probabilities; null where they do not.
  setRecalibration(parameters) {
    this.platt = parameters;
    if (this.#stops) this.#drawProbability();
  }

  #type() {
    const typed = this.field.valueAsNumber;
    if (!(typed >= 0 && typed <= 1)) return;
    this.#wish = typed;
    this.#move(this.#stops.placeOf(typed), { keepField: true });
  }

  #goTo(threshold) {
    this.#move(this.#stops.placeOf(threshold), { keepField: true });
    this.#wish = threshold;
    this.field.value = threshold;
  }

  #move(place, { keepField = false } = {}) {
    const stops = this.#stops;
    this.#place = place;
    this.slider.value = stops.length - place;
    if (!keepField) {
      this.#wish = null;
      this.field.value = stops.thresholdAt(place) ?? "";
    }
    this.#draw(stops.counts(place));
    this.onMove(stops.counts(place), stops.counts(stops.placeOf(this.#own)));
  }

  #draw(counts) {
    this.#fill(counts);
    const words = this.#words();
    setText(find("threshold-words"), words);
    this.slider.setAttribute("aria-valuetext", words);
    this.#drawProbability();
    this.#drawField();
  }

  #fill(counts) {
    const { tp, fp, fn, tn } = counts;
    const [ill, healthy] = [tp + fn, fp + tn];
    this.found = rates(counts);
    for (const [name, whole] of Object.entries({ tp: ill, fn: ill, fp: healthy, tn: healthy })) {
      const part = share(counts[name], whole);
      setText(this.#of("count", name), count(counts[name]));
      setText(this.#of("share", name), percent(part));
      this.#of("count", name).parentElement.style.setProperty("--share", `${Math.round(100 * (part ?? 0))}%`);
    }
    for (const name of RATES) setText(this.#of("rate", name), percent(this.found[name]));
  }

  #words() {
    if (!this.#place) return "Above all scores: no sample is positive.";
    const [lowest, all] = [this.#stops.thresholds[this.#place - 1], this.#stops];
    const coarse = all.isComplete ? "" : ` One of ${count(all.length)} thresholds out of ${count(all.distinct)}.`;
    const { tp, fp } = all.counts(this.#place);
    const positive = `${count(tp + fp)} of ${count(all.samples)} samples are predicted positive`;
    return `${positive}; the lowest of their scores is ${scoreBeside(lowest, this.threshold)}.${coarse}`;
  }

  #drawProbability() {
    setText(find("threshold-probability"), probabilityText(this.platt, this.threshold));
  }

  #drawField() {
    const field = inField(this.found, typedShare(this.prevalence.value));
    for (const name of ["ppv", "npv"]) setText(this.#of("field", name), percent(field[name]));
  }

  #clear(counts) {
    for (const node of this.root.querySelectorAll("[data-count], [data-share], [data-rate], [data-field]"))
      setText(node, "–");
    setText(find("threshold-words"), "");
    setText(find("threshold-probability"), "");
    this.field.value = this.prevalence.value = "";
    if (counts) this.#fill(counts);
    this.onMove(null, null);
  }

  #of(kind, name) {
    const which = `[data-${kind}="${name}"]`;
    if (!this.#nodes.has(which)) this.#nodes.set(which, this.root.querySelector(which));
    return this.#nodes.get(which);
  }
}
