// ROC, precision-recall and reliability of a final result, for one class of one split.

import { call, errorText } from "../frame/api.js";
import { fillSelect, setText } from "../frame/dom.js";
import { splitName, testFirst } from "../frame/format.js";
import {
  alternatives,
  precisionRecallPoints,
  precisionRecallWords,
  reliabilityAlternative,
  reliabilityWords,
  rocPoints,
  rocWords,
} from "../run/evaluation/curve_paths.js";
import { Diagram } from "../run/evaluation/diagrams.js";

const find = (id) => document.getElementById(id);

export class SharedDiagrams {
  #asked = 0; // requests; the answer to an older one is dropped
  #drawn = ""; // the evaluation that is drawn

  constructor(address) {
    this.address = address;
    this.roc = new Diagram(find("roc"), { x: "1 − specificity", y: "Sensitivity" });
    this.curve = new Diagram(find("precision-recall"), { x: "Recall (sensitivity)", y: "Precision (PPV)" });
    this.reliability = new Diagram(find("reliability"), { x: "Mean score", y: "Share that is true" });
    for (const id of ["evaluation-split", "evaluation-class"])
      find(id).addEventListener("change", () => this.#show(id === "evaluation-split"));
  }

  draw(finals, hasEnded) {
    find("evaluation").hidden = !finals.size || !hasEnded;
    const evaluation = JSON.stringify([...finals.values()].map(({ split, epoch }) => [split, epoch]));
    if (!finals.size || !hasEnded || evaluation === this.#drawn) return;
    this.#drawn = evaluation;
    this.finals = finals;
    fillSelect(
      find("evaluation-split"),
      testFirst(finals.keys()).map((split) => [split, splitName(split)]),
    );
    this.#show(true);
  }

  async #show(isOtherSplit) {
    const { class_names: names, reliability = [], split } = this.finals.get(find("evaluation-split").value);
    if (isOtherSplit) {
      const classes = names.map((name, label) => [label, name]);
      fillSelect(find("evaluation-class"), classes.length > 2 ? classes : classes.slice(1)); // of two, the positive one
      this.reliability.drawReliability(reliability, reliabilityAlternative(reliability, split));
      setText(find("reliability-words"), reliabilityWords(reliability, names.length));
    }
    const asked = ++this.#asked;
    const query = new URLSearchParams({ split, label: find("evaluation-class").value });
    try {
      const curves = await call(`${this.address}?${query}`);
      if (asked === this.#asked) this.#drawCurves(curves);
    } catch (error) {
      if (asked === this.#asked) setText(find("evaluation-problem"), errorText(error));
    }
  }

  #drawCurves(curves) {
    const { roc, precision_recall: curve, samples, positives, problem } = curves;
    setText(find("evaluation-problem"), problem ?? "");
    const words = alternatives(curves);
    const share = samples ? positives / samples : null;
    const reference = share === null ? [] : [0, 1].map((x) => [x, share]);
    this.roc.drawCurve(roc ? rocPoints(roc) : [], { words: words.roc });
    this.curve.drawCurve(curve ? precisionRecallPoints(curve) : [], { words: words.precisionRecall, reference });
    setText(find("roc-words"), rocWords(curves));
    setText(find("precision-recall-words"), precisionRecallWords(curves));
  }
}
