// A run behind a share link: its numbers and curves as on its own page, to be read alone. While it trains they are
// asked for again; a link that has ended says so.

import { drawResults } from "../charts/matrix.js";
import { errorText, statusOf } from "../frame/api.js";
import { setText } from "../frame/dom.js";
import { ENDED } from "../frame/format.js";
import { axesFor } from "../run/curves/curve_kinds.js";
import { makeCurves } from "../run/curves/curves.js";
import { CurveStore } from "../run/curves/curve_store.js";
import { Header } from "../run/header.js";
import { SnapshotLoader } from "../run/snapshot_loader.js";
import { elapsedSeconds, newState, restore } from "../run/state.js";
import { SharedDiagrams } from "./shared_diagrams.js";

const AGAIN = 10_000; // milliseconds, while the run is unfinished
const SOON = 3_000; // after a failure
const find = (id) => document.getElementById(id);
const json = (id) => JSON.parse(find(id).textContent);

class SharedRun {
  #store = new CurveStore(axesFor(null), { zero: 0, stepsPerEpoch: null });
  #lastSeq = -1; // of what is drawn

  constructor(detail, labels, { address, samples }) {
    Object.assign(this, { labels, samples, state: newState(detail) });
    this.header = new Header({ id: detail.id, config: detail.config, report: "" });
    this.loader = new SnapshotLoader({ series: `${address}series/` }, `${address}snapshot/?points=1500`, () => {});
    this.diagrams = new SharedDiagrams(`${address}final-curves/`);
  }

  async start() {
    this.curves = await makeCurves(find("lead-curves"), find("curves"), this);
    find("smooth").addEventListener("input", () => this.#drawCurves());
    await this.#load();
  }

  // What the curves ask for when a reader zooms.
  loadDetail(prefix, range) {
    return this.loader.loadDetail(this.#store, prefix, range);
  }

  async #load() {
    if (!document.hidden) {
      try {
        this.#take(await this.loader.load(null));
      } catch (error) {
        if (statusOf(error)) return this.#end(errorText(error));
        return setTimeout(() => this.#load(), SOON);
      }
    }
    if (!ENDED.has(this.state.status)) setTimeout(() => this.#load(), AGAIN);
  }

  #take({ snapshot, store }) {
    const { last_seq: last } = snapshot;
    if (last === this.#lastSeq) return;
    this.#lastSeq = last;
    this.#store = store;
    restore(this.state, snapshot);
    this.state.lastMoment = snapshot.at;
    this.header.draw({ ...this.state, elapsed: elapsedSeconds(this.state) });
    this.#drawCurves();
    drawResults(find("results"), find("splits"), this.state.finals, this.labels);
    this.diagrams.draw(this.state.finals, ENDED.has(this.state.status));
    this.#drawErrors();
  }

  #drawCurves() {
    this.#store.markAllDirty();
    const prefixes = this.#store.takeDirty();
    const weight = Number(find("smooth").value);
    this.curves.draw(this.state, { store: this.#store, health: {}, weight, prefixes });
    find("curves-part").hidden = !this.curves.showFilled(!ENDED.has(this.state.status));
  }

  // Where the link shows samples, the page has a place for them.
  async #drawErrors() {
    const { finals, status, attempt, operatingPoint: saved } = this.state;
    if (!find("errors") || !finals.size || !ENDED.has(status)) return;
    const { drawErrors } = await import("../run/errors/error_gallery.js");
    drawErrors({ finals, attempt, saved });
  }

  #end(text) {
    find("ended").hidden = false;
    setText(find("ended-words"), text);
  }
}

await new SharedRun(json("shared-run"), json("statistic-labels"), find("shared").dataset).start();
