// The saved operating point of a run: what holds, who decided it, and another one to save.

import { call, errorText } from "../../frame/api.js";
import { arrange, el, setText } from "../../frame/dom.js";
import { betweenScores, NUMBERS, requestBody, savedLines, typedNumber, wouldSave } from "./saved_text.js";

const find = (id) => document.getElementById(id);
const item = (text) => el("li", {}, text);

export class SavedPoint {
  #chosen = null; // the rule by which the panel's threshold was chosen; null: by hand
  #drawn = null;
  #own = 0.5; // the run's threshold
  #busy = false;

  // `panel`: where thresholds are tried; `details`: asks for what no event says, and has the run's state.
  constructor(panel, details) {
    Object.assign(this, { panel, details, links: details.links, root: find("saved-point"), form: find("save-point") });
    this.buttons = [find("point-go"), ...(this.form?.querySelectorAll("button") ?? [])];
    this.rule = find("point-rule");
    this.number = find("point-number");
    this.rule.addEventListener("change", () => this.#showNumber());
    find("point-choosing").addEventListener("submit", (event) => (event.preventDefault(), this.#go()));
    find("point-history").addEventListener("toggle", () => this.#loadHistory());
    this.form?.addEventListener("submit", (event) => (event.preventDefault(), this.#save()));
    find("withdraw-point")?.addEventListener("click", () => this.#withdraw());
    this.#showNumber();
  }

  get #point() {
    return this.details.state.operatingPoint;
  }

  get threshold() {
    return this.#point?.threshold ?? null;
  }

  // Of a run whose own threshold is this; `usable`: it has two classes, and scores that can be read.
  drawOf(own, { usable }) {
    this.#own = own ?? 0.5;
    this.root.hidden = find("point-choosing").hidden =
      this.details.state.finals.values().next().value?.class_names.length > 2;
    for (const node of [...this.root.querySelectorAll("input, button"), ...find("point-choosing").elements])
      node.disabled = !usable;
    Object.assign(this, { usable });
    this.#drawn = this.#chosen = null;
    this.draw();
  }

  draw() {
    const point = this.#point;
    const { recalibration } = this.details.state;
    const platt = recalibration?.methods.find(({ name, problem }) => name === "platt" && !problem);
    this.panel.setRecalibration(platt?.parameters ?? null);
    const key = JSON.stringify(point);
    if (key !== this.#drawn) {
      this.#drawn = key;
      const [line, ...lines] = point ? savedLines(point) : ["None: the run’s own threshold holds."];
      const shifts = lines.splice(lines.length - (point?.shifts.length ?? 0));
      setText(find("saved-line"), line);
      arrange(find("saved-words"), lines.map(item));
      arrange(find("saved-shifts"), shifts.map(item));
      if (find("withdraw-point")) find("withdraw-point").hidden = !point;
      this.panel.setOwn(this.threshold ?? this.#own);
      if (find("point-history").open) this.#loadHistory();
    }
    this.#drawChoice();
  }

  // The reader moved the threshold: it is no longer that of a rule.
  forgetRule() {
    this.#chosen = null;
    setText(find("point-problem"), "");
    this.#drawChoice();
  }

  #drawChoice() {
    if (this.form && this.usable) setText(find("would-save"), wouldSave(this.#chosen, this.panel.threshold));
  }

  #showNumber() {
    const wanted = NUMBERS[this.rule.value];
    find("point-number-label").hidden = !wanted;
    if (!wanted) return;
    setText(find("point-number-words"), wanted.label);
    this.number.value = wanted.value;
  }

  // Ask the server for the point, and move the slider there.
  async #go() {
    const rule = this.rule.value;
    const wanted = NUMBERS[rule];
    const number = wanted ? typedNumber(rule, this.number.value) : null;
    if (wanted && number === null) return setText(find("point-problem"), "Write a number above 0.");
    const query = wanted ? `?${new URLSearchParams({ [wanted.parameter]: number })}` : "";
    await this.#alone("point-problem", async () => {
      const { points } = await call(`${this.links.operating_points}${query}`);
      const found = points?.find((point) => point.rule === rule);
      if (found && found.threshold !== null) this.#arrive(found, number);
      if (found && !found.reason) return betweenScores(found);
      return found ? found.reason : "The run’s predictions are not kept: no point can be chosen.";
    });
  }

  // One request at a time, so that nothing is saved but what is shown; `act` returns what to say.
  async #alone(place, act) {
    if (this.#busy) return;
    this.#busy = true;
    for (const button of this.buttons) button.disabled = true;
    setText(find(place), "One moment…");
    try {
      setText(find(place), (await act()) ?? "");
    } catch (error) {
      setText(find(place), errorText(error));
    } finally {
      this.#busy = false;
      for (const button of this.buttons) button.disabled = !this.usable;
    }
  }

  #arrive({ rule, label, threshold }, number) {
    this.panel.goTo(threshold);
    this.#chosen = { rule, number, label };
    this.#drawChoice();
  }

  async #save() {
    const reason = find("point-reason").value;
    await this.#send(this.links.operating_point, requestBody(this.#chosen, this.panel.threshold, reason));
  }

  async #withdraw() {
    await this.#send(`${this.links.operating_point}withdraw/`, { reason: find("point-reason").value });
  }

  async #send(address, json) {
    await this.#alone("save-problem", async () => {
      const { operating_point: point, problem } = await call(address, { method: "POST", json });
      this.details.discardPending();
      this.details.state.operatingPoint = point;
      find("point-reason").value = "";
      this.draw();
      this.details.ask();
      return problem ?? (point ? "Saved." : "Withdrawn.");
    });
  }

  async #loadHistory() {
    if (!find("point-history").open) return;
    try {
      const { history } = await call(this.links.operating_point);
      const told = history.map((point) => item(savedLines(point).join(" ")));
      arrange(find("point-decisions"), told.length ? told : [item("Nothing was decided yet.")]);
    } catch (error) {
      arrange(find("point-decisions"), [item(errorText(error))]);
    }
  }
}
