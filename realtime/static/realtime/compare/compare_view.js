// The parts of the page that compares runs.

import { drawMatrix } from "../charts/matrix.js";
import { arrange, el, setText } from "../frame/dom.js";
import { epochNumber, plural, splitName, STATUS_WORDS } from "../frame/format.js";
import { AXES } from "./address.js";
import { parallelAxes } from "./axes.js";
import { Curves, title } from "./curves.js";
import { DifferenceSection } from "./differences/difference_section.js";
import { drawOptions } from "./option_table.js";
import { drawParallel } from "./parallel.js";
import { lookAt, runLabel, swatch } from "./run_look.js";
import { drawScores } from "./score_table.js";
import { scoreRows } from "./scores.js";
import { comparable, lossesDiffer, testCaveat, warnings } from "./warnings.js";

// Where one run is shown, nothing is missing but others.
const FEW = [
  "A comparison needs two runs or more: add them above, or select them in",
  "One run so far. Add those to compare it with above, or select them in",
];
const FEWEST_LINES = 8; // runs: with fewer the table of options says more than the drawing
const find = (id) => document.getElementById(id);

export class CompareView {
  #runs = [];
  #rows = [];

  // `page`: the ComparePage. `labels` of the statistics; `lowerIsBetter`: their names.
  constructor(page, { labels, lowerIsBetter }) {
    Object.assign(this, { page, labels, lowerIsBetter });
    this.curves = new Curves(find("curves"), (name, range) => page.loadDetail(name, range));
    const lookOf = (id) => this.#lookOf(id);
    this.differences = new DifferenceSection(page.state, { names: labels, lowerIsBetter, lookOf });
    this.#listen(page.state);
  }

  #listen(state) {
    find("by").replaceChildren(...AXES.map((name) => el("option", { value: name }, name)));
    find("by").addEventListener("change", ({ target }) => {
      state.set({ by: target.value });
      this.page.reloadCurves();
    });
    find("smooth").addEventListener("input", ({ target }) => state.set({ smooth: Number(target.value) }));
    find("all").addEventListener("change", ({ target }) => state.set({ all: target.checked }));
    find("split").addEventListener("change", ({ target }) => state.set({ split: target.value }));
    addEventListener("resize", () => this.#drawAxes());
  }

  draw({ runs, names, finals, differences }) {
    const { state } = this.page;
    this.#runs = runs;
    this.#rows = scoreRows(runs, finals, this.labels, this.lowerIsBetter);
    find("few").hidden = runs.length >= 2;
    if (runs.length < 2) setText(find("few-words"), FEW[runs.length]);
    find("compared").hidden = runs.length === 0;
    document.title = `Compare ${runs.length ? plural(runs.length, "run") : "runs"} · Livetrain`;
    setText(find("count"), plural(runs.length, "run"));
    this.#drawChips();
    this.differences.draw(runs, finals);
    this.drawCurves(runs);
    this.#drawPicker(names);
    drawOptions(find("options"), runs, () => this.#heads(), state);
    const beside = {
      ids: runs.map(({ id }) => id),
      differences,
      testCaveat: testCaveat(runs),
      otherLosses: lossesDiffer(runs),
    };
    drawScores(find("scores"), this.#rows, () => this.#heads(), beside);
    this.#drawWarnings();
    this.#drawMatrices(finals);
    this.#drawAxes();
    find("all").checked = state.all;
    find("by").value = state.by;
    find("smooth").value = state.smooth;
  }

  #drawWarnings() {
    const found = warnings(this.#runs);
    const key = found.join();
    if (find("warnings").dataset.drawn === key) return;
    find("warnings").dataset.drawn = key;
    find("warnings").replaceChildren(...found.map((text) => el("p", { class: "notice warning" }, text)));
  }

  #lookOf(id) {
    return lookAt(this.page.state.runs.indexOf(id));
  }

  #drawChips() {
    arrange(
      find("chips"),
      this.#runs.map((run) => this.#chip(run)),
    );
  }

  #chip(run) {
    const visible = !this.page.state.hidden.has(run.id);
    const label = runLabel(run);
    const eye = {
      type: "button",
      class: "eye",
      "aria-pressed": String(visible),
      title: visible ? "Hide its curves" : "Show its curves",
      click: () => this.#toggle(run.id),
    };
    const remove = {
      type: "button",
      class: "quiet",
      "aria-label": `Remove ${label}`,
      title: "Remove",
      click: () => this.page.removeRun(run.id),
    };
    const hiddenText = el("span", { class: "hidden-visually" }, `Curves of ${label}`);
    return el(
      "li",
      { class: visible ? "chip" : "chip faded", "data-run": run.id },
      el("button", eye, swatch(this.#lookOf(run.id).colour), hiddenText),
      el("a", { href: run.links.page }, label),
      el("span", { class: `pill ${run.status}` }, STATUS_WORDS[run.status]),
      el("button", remove, "✕"),
    );
  }

  #toggle(id) {
    const { state } = this.page;
    const hidden = new Set(state.hidden);
    if (!hidden.delete(id)) hidden.add(id);
    state.set({ hidden });
  }

  drawCurves(runs) {
    const { state, curveNames } = this.page;
    const shown = runs
      .filter((run) => !state.hidden.has(run.id))
      .map((run) => ({ id: run.id, name: runLabel(run), ...this.#lookOf(run.id) }));
    this.curves.draw(curveNames, shown, state);
  }

  #drawPicker(names) {
    const place = find("metrics");
    const key = comparable(names, this.#runs).join();
    if (place.dataset.names === key) return;
    place.dataset.names = key;
    const chosen = new Set(this.page.curveNames);
    const offered = comparable(names, this.#runs).filter((name) => !name.startsWith("usage/") && !/_cm_/.test(name));
    const box = (name) => ({
      type: "checkbox",
      value: name,
      checked: chosen.has(name),
      change: () => this.#pick(),
    });
    place.replaceChildren(...offered.map((name) => el("label", {}, el("input", box(name)), ` ${title(name)}`)));
  }

  #pick() {
    const metrics = [...find("metrics").querySelectorAll("input:checked")].map(({ value }) => value);
    this.page.state.set({ metrics });
    this.page.reloadCurves();
  }

  #heads() {
    return this.#runs.map((run) =>
      el(
        "th",
        { scope: "col" },
        swatch(this.#lookOf(run.id).colour),
        el("a", { href: run.links.page }, `#${run.id}`),
        el("small", { class: "muted" }, run.experiment_name),
      ),
    );
  }

  #drawMatrices(finals) {
    const splits = ["test", "val"].filter((split) => [...finals.values()].some((found) => found[split]));
    const { split: wanted } = this.page.state;
    const split = splits.includes(wanted) ? wanted : splits[0];
    find("matrices-part").hidden = !split;
    if (!split) return;
    const option = (name) => el("option", { value: name, selected: name === split }, splitName(name));
    find("split").replaceChildren(...splits.map(option));
    find("matrices").replaceChildren(...this.#runs.map((run) => matrixCard(run, finals.get(run.id)?.[split])));
  }

  #drawAxes() {
    const lines = this.#runs.map((run) => ({
      id: run.id,
      name: runLabel(run),
      colour: this.#lookOf(run.id).colour,
    }));
    const few = lines.length < FEWEST_LINES;
    find("parallel-part").hidden = few;
    if (few) return;
    drawParallel(find("parallel"), parallelAxes(this.#runs, this.#rows), lines, highlight);
    find("parallel-part").hidden = find("parallel").hidden;
  }
}

function matrixCard(run, final) {
  const label = runLabel(run);
  const content = final
    ? drawMatrix(final, label, `Epoch ${epochNumber(final.epoch)}; rows true, columns predicted`)
    : el("p", { class: "muted" }, "Not evaluated on this split.");
  return el("article", { class: "card" }, el("h3", {}, label), content);
}

// The line and the chip of a run, null for none.
function highlight(id) {
  for (const path of find("parallel").querySelectorAll("path.run"))
    path.classList.toggle("faded", id !== null && Number(path.dataset.run) !== id);
  for (const chip of find("chips").children) chip.classList.toggle("picked", Number(chip.dataset.run) === id);
}
