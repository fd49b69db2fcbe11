// The parts of a run's page that show its final result. Their scripts are loaded when there is one.

import { ENDED } from "../frame/format.js";

const find = (id) => document.getElementById(id);
export const drawingOfResult = () => import("./evaluation/final_curves.js");

export class ResultParts {
  pictures = null; // a function that waits for the first errors

  // `view`: the PageView. `below(work, again)` does what is below the first screen, `later` what is in it, and `now`
  // what the server has begun; `again()` follows where that fails.
  constructor(view, { below, later, now }) {
    Object.assign(this, { view, state: view.state, below, later, now });
    this.again = () => (view.dirty.results = true); // the server is away: again with what comes next
  }

  // A script that has to come first draws what is there then: meanwhile more may have come, and the run may have been
  // deleted or begun again.
  get #shown() {
    const { finals, attempt, status, deleted, operatingPoint: saved } = this.state;
    return finals.size && !deleted ? { finals, attempt, saved, hasEnded: ENDED.has(status) } : null;
  }

  draw() {
    this.#drawResult();
    this.#drawErrors();
    this.#drawPoints();
    this.#drawSubgroups();
  }

  #drawResult() {
    const { finals } = this.state;
    const [first] = finals.values();
    const many = first?.class_names.length > 2;
    this.view.arrangement.placeResults(many);
    if (!finals.size) find("results").hidden = true;
    if (!this.#shown) return this.#showEvaluation(false);
    if (many) {
      const draw = async () => {
        await this.#drawStatistics();
        this.#showEvaluation(Boolean(this.#shown));
        await this.#drawCurves();
      };
      return this.later(draw(), this.again);
    }
    this.below(() => this.#drawStatistics(), this.again);
    this.#showEvaluation(true);
    this.later(this.#drawCurves(), this.again);
  }

  async #drawCurves() {
    const { drawFinalCurves } = await drawingOfResult();
    if (this.#shown) drawFinalCurves(this.#shown, this.view.details, this.below);
  }

  async #drawStatistics() {
    const { drawResults } = await import("../charts/matrix.js");
    drawResults(find("results"), find("splits"), this.state.finals, this.view.labels);
    this.#drawSwitch();
  }

  #showEvaluation(shown) {
    find("evaluation").hidden = find("diagrams").hidden = !shown;
  }

  #drawSwitch() {
    const hasPatients = [...this.state.finals.values()].some(({ by_patient: found }) => found);
    find("counting").hidden = !hasPatients;
    if (!hasPatients) return;
    const draw = async () => {
      const { drawSwitch } = await import("./patients/patient_switch.js");
      drawSwitch(find("counting"), this.state.finals, this.view.labels);
    };
    this.later(draw(), this.again);
  }

  #drawErrors() {
    if (!this.#shown?.hasEnded) return (find("errors").hidden = true);
    const draw = async () => {
      const { drawErrors } = await import("./errors/error_gallery.js");
      if (this.#shown?.hasEnded) this.pictures = drawErrors(this.#shown);
    };
    if (find("errors").hidden) this.below(draw, this.again);
    else this.now(draw, this.again);
  }

  #drawPoints() {
    if (!this.state.finals.size) return (find("operating-points").hidden = true);
    const draw = async () => {
      const { drawPoints } = await import("./points/point_table.js");
      const { finals } = this.state;
      if (finals.size)
        await drawPoints(this.view.detail.links, finals, () => finals.size && finals === this.state.finals);
    };
    this.below(draw, this.again);
  }

  #drawSubgroups() {
    const { subgroup_columns: columns, subgroup_folder: folder } = this.view.detail.config.data ?? {};
    const isWanted = () => (columns?.length || folder) && this.#shown?.hasEnded;
    if (!isWanted()) return (find("subgroups").hidden = true);
    const draw = async () => {
      const { drawSubgroups } = await import("./subgroups/section.js");
      if (isWanted()) drawSubgroups(this.#shown);
    };
    this.below(draw, this.again);
  }
}
