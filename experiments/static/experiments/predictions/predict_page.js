// The page on which a run's model predicts files or rows that the reader has, or a whole data set.

import { call, errorText } from "../../realtime/frame/api.js";
import { el, setText } from "../../realtime/frame/dom.js";
import { count, plural } from "../../realtime/frame/format.js";
import {
  csvOf,
  decisionWords,
  recalibrationWords,
  requestsOf,
  rowsOf,
  summaryWords,
  tooLargeWords,
} from "./prediction_words.js";
import { JobList } from "./job_list.js";
import { ResultTable } from "./result_table.js";

const find = (id) => document.getElementById(id);
const NOTHING = {
  predicted: null,
  logit: null,
  logits: null,
  score: null,
  scores: null,
  probability: null,
  probabilities: null,
  read: null,
};

class PredictPage {
  #busy = null; // what stops the requests that are under way

  constructor(described) {
    this.described = described;
    this.address = find("predict").dataset.api;
    const { explain } = find("predict").dataset;
    this.table = new ResultTable(find("predict-results"), described, async (name, of) => {
      const { explainPrediction } = await import("../explanations/explain_dialog.js");
      explainPrediction(explain, name, of);
    });
    setText(find("decision-words"), decisionWords(described));
    setText(find("recalibration-words"), recalibrationWords(described));
    find("predict-files").addEventListener("change", ({ target }) => {
      this.#take([...target.files]);
      target.value = ""; // the same files may be chosen again
    });
    this.#drops(find("predict-drop"));
    find("predict-rows-form")?.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#takeRows();
    });
    find("predict-stop").addEventListener("click", () => this.#busy?.abort());
    find("predict-clear").addEventListener("click", () => this.#clear());
    find("predict-csv").addEventListener("click", () => this.#save());
  }

  #drops(place) {
    for (const name of ["dragenter", "dragover"])
      place.addEventListener(name, (event) => {
        event.preventDefault();
        place.classList.add("over");
      });
    for (const name of ["dragleave", "drop"]) place.addEventListener(name, () => place.classList.remove("over"));
    place.addEventListener("drop", (event) => {
      event.preventDefault();
      this.#take([...event.dataTransfer.files]);
    });
  }

  async #take(files) {
    if (!files.length) return;
    if (this.described.kind === "table") {
      await this.#work(async (signal) => this.#show(await this.#send(files.slice(0, 1), signal)));
      return;
    }
    const { limits } = this.described;
    const { parts, tooLarge } = requestsOf(files, limits);
    await this.#work(async (signal) => {
      let sent = 0;
      for (const part of parts) {
        setText(find("predict-words"), `Predicting ${plural(files.length, "file")}: ${count(sent)} done…`);
        this.#show(await this.#send(part, signal), { files: part });
        sent += part.length;
      }
      const left = tooLarge.map((file) => ({ ...NOTHING, name: file.name, problem: tooLargeWords(file, limits) }));
      if (left.length) this.#show({ items: left }, { files: tooLarge });
    });
  }

  async #takeRows() {
    const { rows, problem } = rowsOf(find("predict-rows").value);
    if (problem) {
      this.#tell(problem);
      return;
    }
    await this.#work(async () => this.#show(await call(this.address, { method: "POST", json: { rows } }), { rows }));
  }

  // One thing at a time; a refusal is told, and what came before it stays.
  async #work(job) {
    if (this.#busy) return;
    this.#busy = new AbortController();
    this.#tell("");
    setText(find("predict-words"), "Predicting… The first prediction of a model takes longer: it is loaded.");
    this.#drawTools();
    try {
      await job(this.#busy.signal);
    } catch (error) {
      if (error?.name !== "AbortError") this.#tell(errorText(error));
    }
    this.#busy = null;
    this.#drawTools();
  }

  #send(files, signal) {
    const form = new FormData();
    for (const file of files) form.append("files", file, file.name);
    return call(this.address, { method: "POST", form, signal });
  }

  #show({ items }, of) {
    this.table.add(items, of);
    this.#drawTools();
  }

  #clear() {
    this.table.clear();
    this.#tell("");
    this.#drawTools();
    find("predict-files").focus();
  }

  #tell(problem) {
    setText(find("predict-problem"), problem);
    find("predict-problem").hidden = !problem;
  }

  #drawTools() {
    const { items } = this.table;
    find("predict-stop").hidden = !this.#busy;
    for (const id of ["predict-csv", "predict-clear"]) find(id).hidden = !items.length || Boolean(this.#busy);
    if (!this.#busy) setText(find("predict-words"), items.length ? summaryWords(items, this.described.classes) : "");
  }

  #save() {
    const file = new Blob([csvOf(this.table.items, this.described)], { type: "text/csv" });
    const link = el("a", { href: URL.createObjectURL(file), download: `run-${this.described.run_id}-predictions.csv` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
}

const described = find("model-described");
if (described) {
  new PredictPage(JSON.parse(described.textContent));
  new JobList(find("predict-jobs"), find("predict-data"), find("predict").dataset.api).refresh();
}
document.documentElement.dataset.settled = "";
