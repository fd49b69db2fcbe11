// Curves of the final result, and a threshold to try. Loaded when a run has a final result.

import { call, errorText } from "../../frame/api.js";
import { fillSelect, setText } from "../../frame/dom.js";
import { splitName, testFirst } from "../../frame/format.js";
import {
  alternatives,
  precisionRecallPoints,
  precisionRecallWords,
  reliabilityAlternative,
  reliabilityWords,
  rocPoints,
  rocWords,
} from "./curve_paths.js";
import { DecisionPanel } from "./decision_panel.js";
import { rates, Stops } from "./decisions.js";
import { Diagram } from "./diagrams.js";

const MOST_POINTS = 100_000; // that the server gives
const find = (id) => document.getElementById(id);

class FinalCurves {
  #asked = 0; // requests; the answer to an older one is dropped
  #mayRefine = false; // some of the thresholds are shown, and all have not been asked for

  // The addresses that answer with curves and with samples, `pictures` "none" where there are none of these; `details`
  // asks for what no event says; `below(work)` does what is below the first screen.
  constructor({ curves, samples, pictures }, details, below) {
    Object.assign(this, { curvesAddress: curves, samplesAddress: samples, pictures, below });
    this.roc = new Diagram(find("roc"), { x: "1 − specificity", y: "Sensitivity" });
    this.curve = new Diagram(find("precision-recall"), { x: "Recall (sensitivity)", y: "Precision (PPV)" });
    this.reliability = new Diagram(find("reliability"), { x: "Mean score", y: "Share that is true" });
    this.panel = new DecisionPanel({
      onMove: (...counts) => this.#mark(...counts),
      onNeed: () => this.#refine(),
      onCell: (cell, threshold) => this.#openCell(cell, threshold),
      onTry: () => this.saved?.forgetRule(),
    });
    this.details = details;
    if (find("saved-point"))
      below(async () => {
        const { SavedPoint } = await import("../points/saved_point.js");
        this.saved = new SavedPoint(this.panel, details);
        this.drawSaved?.();
      });
    find("evaluation-split").addEventListener("change", () => this.#changeSplit());
    find("evaluation-class").addEventListener("change", () => this.#load());
  }

  draw(finals) {
    this.finals = finals;
    const splits = testFirst(finals.keys());
    fillSelect(
      find("evaluation-split"),
      splits.map((split) => [split, splitName(split)]),
    );
    this.#changeSplit();
  }

  get #final() {
    return this.finals.get(find("evaluation-split").value);
  }

  #changeSplit() {
    const { class_names: names, reliability = [], split } = this.#final;
    const classes = names.map((name, label) => [label, name]);
    fillSelect(find("evaluation-class"), classes.length > 2 ? classes : classes.slice(1)); // of two, the positive one
    this.reliability.drawReliability(reliability, reliabilityAlternative(reliability, split));
    setText(find("reliability-words"), reliabilityWords(reliability, names.length));
    this.#load();
  }

  async #load() {
    const asked = ++this.#asked;
    this.#mayRefine = false;
    this.cells?.close();
    try {
      const curves = await call(`${this.curvesAddress}?${this.#chosen()}`);
      if (asked === this.#asked) this.#show(curves);
    } catch (error) {
      if (asked === this.#asked) this.#say(errorText(error));
    }
  }

  // The slider is in use: all thresholds, so that each can be reached.
  async #refine() {
    if (!this.#mayRefine) return;
    this.#mayRefine = false;
    const asked = this.#asked;
    try {
      const { stops, ...sizes } = await call(`${this.curvesAddress}?${this.#chosen()}&points=${MOST_POINTS}`);
      if (asked === this.#asked && stops) this.panel.refine(new Stops(stops, sizes));
    } catch {
      if (asked === this.#asked) this.#mayRefine = true; // with the next use
    }
  }

  async #openCell(cell, threshold) {
    const { CellList } = await import("./cell_list.js");
    this.cells ??= new CellList(this.samplesAddress, { pictures: this.pictures !== "none" });
    this.cells.open(cell, threshold, this.#chosen());
  }

  #chosen() {
    const query = new URLSearchParams({ split: find("evaluation-split").value });
    query.set("label", find("evaluation-class").value);
    return query;
  }

  #show(curves) {
    const { roc, precision_recall: curve, samples, positives, stops, problem } = curves;
    this.#say(problem);
    this.#mayRefine = true;
    const words = alternatives(curves);
    this.prevalence = samples ? positives / samples : null;
    const level =
      this.prevalence === null
        ? []
        : [
            [0, this.prevalence],
            [1, this.prevalence],
          ];
    this.roc.drawCurve(roc ? rocPoints(roc) : [], { words: words.roc });
    this.curve.drawCurve(curve ? precisionRecallPoints(curve) : [], { words: words.precisionRecall, reference: level });
    setText(find("roc-words"), rocWords(curves));
    setText(find("precision-recall-words"), precisionRecallWords(curves));
    this.below(async () => {
      const { drawNetBenefit } = await import("./net_benefit_diagram.js");
      drawNetBenefit(curves.decision_curve);
    });
    const { class_names: names, confusion_matrix: matrix } = this.#final;
    const two = names.length === 2 ? names : [`not ${curves.class}`, curves.class];
    const saved = this.details.state.operatingPoint?.threshold ?? null;
    this.panel.show(stops && new Stops(stops, { samples, positives }), {
      threshold: saved ?? curves.threshold,
      names: two,
      counts: names.length === 2 && saved === null ? countsOf(matrix) : null,
    });
    this.drawSaved = () => this.saved?.drawOf(curves.threshold, { usable: Boolean(stops) && names.length === 2 });
    this.drawSaved();
  }

  #mark(chosen, own) {
    const shown = chosen && `${chosen.tp} ${chosen.fp}`;
    if (shown !== this.counted) this.cells?.close(); // it is of another threshold
    this.counted = shown;
    const points = [chosen, own].map((counts) => counts && rates(counts));
    const [here, there] = points.map((found) => found && [1 - found.specificity, found.sensitivity]);
    this.roc.markChosen(here);
    this.roc.markOwn(there);
    const [now, before] = points.map((found) => found && [found.sensitivity, found.ppv]);
    this.curve.markChosen(now);
    this.curve.markOwn(before);
  }

  #say(problem) {
    setText(find("evaluation-problem"), problem ?? "");
  }
}

const countsOf = ([[tn, fp], [fn, tp]]) => ({ tn, fp, fn, tp });

let drawn = null;
let drawnOf = null;

// They are drawn again only for another evaluation, or when it has more splits.
export function drawFinalCurves({ finals, attempt, hasEnded }, details, below) {
  drawn ??= new FinalCurves(find("evaluation").dataset, details, below);
  const key = [attempt, hasEnded, ...finals.keys()].join();
  if (key === drawnOf) {
    drawn.saved?.draw();
    return;
  }
  drawnOf = key;
  drawn.draw(finals);
}
