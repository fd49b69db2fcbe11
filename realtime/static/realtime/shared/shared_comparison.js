// Runs side by side behind a share link, to be read alone. While one of them trains they are asked for again.

import { drawMatrix } from "../charts/matrix.js";
import { Curves, DEFAULT_CURVES } from "../compare/curves.js";
import { drawOptions } from "../compare/option_table.js";
import { lookAt, runLabel, swatch } from "../compare/run_look.js";
import { fetchCurves, fetchDifferences, fetchFinals, fetchNames, fetchRuns } from "../compare/runs.js";
import { drawScores } from "../compare/score_table.js";
import { scoreRows } from "../compare/scores.js";
import { comparable, lossesDiffer } from "../compare/warnings.js";
import { errorText, statusOf } from "../frame/api.js";
import { el, fillSelect, setText } from "../frame/dom.js";
import { ENDED, epochNumber, splitName, STATUS_WORDS } from "../frame/format.js";

const AGAIN = 10_000; // milliseconds, while a run is unfinished
const AXES = ["epoch", "step", "time"];
const find = (id) => document.getElementById(id);
const json = (id) => JSON.parse(find(id).textContent);

class SharedComparison {
  #runs = [];
  #names = [];
  #finals = new Map();
  #differences = {};

  constructor({ ids, labels, lowerIsBetter, home }) {
    Object.assign(this, { ids, labels, lowerIsBetter, home });
    this.curves = new Curves(find("curves"), (name, range) => this.#loadDetail(name, range));
    fillSelect(
      find("by"),
      AXES.map((name) => [name, name]),
    );
    find("by").addEventListener("change", () => this.#loadCurves());
    find("smooth").addEventListener("input", () => this.#drawCurves());
    find("all").addEventListener("change", () => this.#drawOptions());
    find("split").addEventListener("change", () => this.#drawMatrices());
  }

  async load() {
    try {
      await this.#fetch();
    } catch (error) {
      find("ended").hidden = false;
      setText(find("ended-words"), errorText(error));
      if (statusOf(error)) return; // the link has ended
    }
    if (!this.#runs.length || this.#runs.some(({ status }) => !ENDED.has(status))) setTimeout(() => this.load(), AGAIN);
  }

  async #fetch() {
    if (document.hidden && this.#runs.length) return;
    const { runs } = await fetchRuns(this.ids);
    const ids = runs.map(({ id }) => id);
    const [names, finals] = await Promise.all([fetchNames(ids), fetchFinals(ids)]);
    [this.#runs, this.#names, this.#finals] = [runs, names, finals];
    find("ended").hidden = true;
    this.#draw();
    await this.#loadCurves();
    this.#differences = await fetchDifferences(ids).catch(() => ({}));
    this.#drawScores();
  }

  async #loadCurves() {
    this.curves.put(await fetchCurves(this.#ids, this.#curveNames, find("by").value));
    this.#drawCurves();
  }

  async #loadDetail(name, range) {
    if (!range) return this.#loadCurves();
    const found = await fetchCurves(this.#ids, [name], find("by").value, range).catch(() => null);
    if (!found) return;
    this.curves.put(found, [name]);
    this.#drawCurves();
  }

  get #ids() {
    return this.#runs.map(({ id }) => id);
  }

  get #curveNames() {
    return comparable(
      DEFAULT_CURVES.filter((name) => this.#names.includes(name)),
      this.#runs,
    );
  }

  #draw() {
    const chips = this.#runs.map((run, i) =>
      el(
        "li",
        { class: "chip" },
        swatch(lookAt(i).colour),
        el("a", { href: this.#page(run) }, runLabel(run)),
        el("span", { class: `pill ${run.status}` }, STATUS_WORDS[run.status]),
      ),
    );
    find("chips").replaceChildren(...chips);
    find("compared").hidden = false;
    this.#drawScores();
    this.#drawOptions();
    this.#drawMatrices();
  }

  #page = ({ id }) => `${this.home}runs/${id}/`;

  #heads() {
    return this.#runs.map((run, i) =>
      el(
        "th",
        { scope: "col" },
        swatch(lookAt(i).colour),
        el("a", { href: this.#page(run) }, `#${run.id}`),
        el("small", { class: "muted" }, run.experiment_name),
      ),
    );
  }

  #drawScores() {
    const rows = scoreRows(this.#runs, this.#finals, this.labels, this.lowerIsBetter);
    const beside = { ids: this.#ids, differences: this.#differences, testCaveat: "" };
    drawScores(find("scores"), rows, () => this.#heads(), { ...beside, otherLosses: lossesDiffer(this.#runs) });
  }

  #drawOptions() {
    drawOptions(find("options"), this.#runs, () => this.#heads(), { all: find("all").checked });
  }

  #drawCurves() {
    const shown = this.#runs.map((run, i) => ({ id: run.id, name: runLabel(run), ...lookAt(i) }));
    this.curves.draw(this.#curveNames, shown, { by: find("by").value, smooth: Number(find("smooth").value) });
  }

  #drawMatrices() {
    const splits = ["test", "val"].filter((split) => [...this.#finals.values()].some((found) => found[split]));
    find("matrices-part").hidden = !splits.length;
    if (!splits.length) return;
    fillSelect(
      find("split"),
      splits.map((split) => [split, splitName(split)]),
    );
    const cards = this.#runs.map((run) => this.#matrixCard(run, this.#finals.get(run.id)?.[find("split").value]));
    find("matrices").replaceChildren(...cards);
  }

  #matrixCard(run, final) {
    const label = runLabel(run);
    const content = final
      ? drawMatrix(final, label, `Epoch ${epochNumber(final.epoch)}; rows true, columns predicted`)
      : el("p", { class: "muted" }, "Not evaluated on this split.");
    return el("article", { class: "card" }, el("h3", {}, label), content);
  }
}

await new SharedComparison({
  ids: json("shared-runs"),
  labels: json("statistic-labels"),
  lowerIsBetter: new Set(json("lower-is-better")),
  home: find("shared").dataset.home,
}).load();
