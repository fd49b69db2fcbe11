// "Is the difference real?": the compared runs against a reference run, which the address remembers.

import { call, errorText } from "../../frame/api.js";
import { el, setText } from "../../frame/dom.js";
import { ENDED, splitName } from "../../frame/format.js";
import { runLabel, swatch } from "../run_look.js";
import { chosenPair, comparisonsText, decisionText, samplesText, thresholdsText } from "./difference_text.js";
import { glanceTable, numbersTable } from "./difference_tables.js";
import { FlippedList } from "./flipped_list.js";

const ROOM = 533; // pixels of the table of numbers on a wide screen
const [GLANCE_HEAD, GLANCE_ROW] = [65, 54];
const find = (id) => document.getElementById(id);

export class DifferenceSection {
  #asked = ""; // the newest request; the answer to an older one is dropped
  #found = null;
  #drawn = "";

  // `names` of the statistics; `lookOf(id)` of a run.
  constructor(state, { names, lowerIsBetter, lookOf }) {
    Object.assign(this, { state, names, lowerIsBetter, lookOf });
    const choose = (id, name, read) =>
      find(id).addEventListener("change", ({ target }) => state.set({ [name]: read(target.value) }));
    choose("reference", "reference", Number);
    choose("against", "against", Number);
    choose("paired-split", "split", String);
  }

  draw(runs, finals) {
    this.runs = runs;
    const ended = runs.filter(({ status }) => ENDED.has(status)).map(({ id }) => id);
    this.pair = chosenPair(ended, finals, this.state);
    find("differences-part").hidden = !this.pair;
    if (!this.pair) {
      this.#asked = ""; // an answer that is on its way is of runs that are no longer compared
      return;
    }
    this.#drawChoices();
    this.#load();
    this.#drawFound();
  }

  #labelOf = (id) => `#${id}`;

  #drawChoices() {
    const { splits, split, runs, reference, others, against } = this.pair;
    const named = (id) => [id, runLabel(this.runs.find((run) => run.id === id))];
    fill("reference", runs.map(named), reference);
    fill("against", others.map(named), against);
    fill(
      "paired-split",
      splits.map((name) => [name, splitName(name)]),
      split,
    );
  }

  async #load() {
    const { runs, reference, split } = this.pair;
    const query = String(new URLSearchParams({ runs: runs.join(), reference, split }));
    const attempts = this.runs.map(({ attempt }) => attempt).join();
    const asked = `${query} ${attempts}`;
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.#found = null;
    this.#drawFound();
    this.#keepRoom(true);
    setText(find("differences-words"), "Comparing…");
    try {
      const found = await call(`/api/runs/differences/paired/?${query}`);
      if (asked !== this.#asked) return;
      this.#found = found;
      this.#drawFound();
    } catch (error) {
      if (asked !== this.#asked) return;
      this.#keepRoom(false);
      setText(find("differences-words"), errorText(error));
    }
  }

  // What is below stays where it is when the tables come.
  #keepRoom(waiting) {
    const others = this.pair.others.length;
    const rooms = { differences: ROOM, glance: others > 1 ? GLANCE_HEAD + others * GLANCE_ROW : 0 };
    for (const [id, height] of Object.entries(rooms)) {
      find(id).style.minHeight = waiting && height ? `${height}px` : "";
      find(id).hidden = !waiting || !height;
    }
  }

  #drawFound() {
    const key = this.#found ? `${this.#asked} ${this.pair.against}` : "";
    if (key === this.#drawn) return;
    this.#drawn = key;
    for (const id of ["glance", "differences", "decisions-words", "flipped"]) find(id).replaceChildren();
    if (!this.#found) return;
    this.#keepRoom(false);
    find("differences").hidden = this.#found.problem !== null;
    const { problem, against, decisions } = this.#found;
    const label = this.#labelOf;
    if (problem) return setText(find("differences-words"), `Not compared: ${problem}`);
    setText(
      find("differences-words"),
      [samplesText(this.#found, label), thresholdsText(decisions, label), comparisonsText(this.#found, label)].join(
        " ",
      ),
    );
    if (against.length > 1) this.#drawGlance(against);
    const one = against.find(({ run }) => run === this.pair.against);
    if (one) this.#drawPair(one, against.length > 1);
  }

  #drawGlance(against) {
    find("glance").hidden = false;
    const { reference, against: picked } = this.pair;
    find("glance").append(
      glanceTable(against, {
        headOf: (id) => this.#head(id),
        labelOf: this.#labelOf,
        reference: this.#labelOf(reference),
        names: this.names,
        lowerIsBetter: this.lowerIsBetter,
        picked,
        onPick: (run) => this.state.set({ against: run }),
      }),
    );
  }

  #drawPair({ run, numbers, decisions }, adjusted) {
    const { reference, split } = this.pair;
    const labels = { run: this.#labelOf(run), reference: this.#labelOf(reference) };
    const heads = { run: this.#head(run), reference: [...this.#head(reference), small("reference")] };
    const { names, lowerIsBetter } = this;
    find("differences").append(numbersTable({ numbers }, { heads, labels, names, lowerIsBetter, adjusted }));
    find("decisions-words").append(decisionText(decisions, labels));
    const query = [
      ["reference", reference],
      ["run", run],
      ["split", split],
    ];
    const decidedAt = (id) => scoreThreshold(this.#found.decisions.find((one) => one.run === id));
    const thresholds = { run: decidedAt(run), reference: decidedAt(reference) };
    const sizes = { run: decisions.run_only, reference: decisions.reference_only };
    const lists = ["run", "reference"].map(
      (right) => new FlippedList({ query, right, labels, thresholds, size: sizes[right] }).node,
    );
    const table = { href: `/api/runs/differences/samples/csv/?${new URLSearchParams(query)}`, download: "" };
    find("flipped").append(
      el("h3", {}, "Samples that flipped"),
      el("div", { class: "ledger" }, ...lists),
      el("p", { class: "screen-only" }, el("a", table, "All of them as CSV")),
    );
  }

  #head(id) {
    const run = this.runs.find((one) => one.id === id);
    const link = el("a", { href: run?.links.page ?? `/runs/${id}/` }, this.#labelOf(id));
    return [swatch(this.lookOf(id).colour), link, small(run?.experiment_name ?? "")];
  }
}

// Null where logits decide, or of several classes the highest score.
const scoreThreshold = ({ threshold, log_odds: odds }) => (odds === null ? threshold : null);
const small = (text) => el("small", { class: "muted" }, text);

function fill(id, options, chosen) {
  const select = find(id);
  const key = JSON.stringify(options);
  if (select.dataset.options !== key) {
    select.dataset.options = key;
    select.replaceChildren(...options.map(([value, text]) => el("option", { value: String(value) }, text)));
  }
  select.value = String(chosen);
  select.parentElement.hidden = options.length < 2;
}
