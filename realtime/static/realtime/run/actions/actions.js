// What may be done with a run in its present state: stop it in one of three ways, resume it, run it again.

import { call, errorText } from "../../frame/api.js";
import { arrange, el, setText } from "../../frame/dom.js";
import { count, epochNumber } from "../../frame/format.js";

// Each offer: the words on the button, the endpoint, the body, and the question that comes first, if it cannot be
// undone.
const FINISH = {
  words: "Finish now",
  sure: "Finish run",
  action: "finish",
  ask: finishQuestion,
  hint: "Stop training, evaluate the best epoch, end as completed",
};
const CANCEL = { words: "Cancel", action: "cancel", ask: "Stop after this batch?" };
const EVALUATE = { words: "Evaluate, then cancel", action: "cancel", body: { evaluate: true } };
const KILL = {
  words: "Kill",
  action: "kill",
  ask: "End its processes at once?",
  hint: "Without waiting for the batch",
};
const RESUME = { words: "Resume", action: "resume", hint: "Continue from the last complete epoch" };
const RETRY = { words: "Run again", action: "retry", hint: "A new run of the same configuration" };

const CHANGE = {
  words: "Change and run again",
  change: true,
  hint: "A new run that begins with these options",
};

// `epochsDone`: the complete ones; the one that runs is not completed.
function finishQuestion({ epochsDone, maxEpochs }) {
  const at = epochsDone < maxEpochs ? `in epoch ${epochNumber(epochsDone)} of ${count(maxEpochs)}` : "now";
  return `Stop ${at} and evaluate the best epoch? A finished run cannot be resumed.`;
}

const questionOf = ({ ask }, state) => (typeof ask === "function" ? ask(state) : ask);

export function offers({ status, stopRequest, lastCheckpoint }) {
  if (status === "queued") return [CANCEL];
  if (status === "in_progress") return stopRequest === "finish" ? [CANCEL] : [FINISH, CANCEL];
  if (status === "cancelling") return stopRequest === "kill" ? [] : [KILL];
  const again = [...(status !== "completed" && lastCheckpoint ? [RESUME] : []), RETRY];
  return status === "failed" ? [CHANGE, ...again] : again; // the same again may well fail again
}

export class Actions {
  #drawn = null;
  #asking = null;
  #busy = false;
  #problem = "";
  question = el("span");

  // `links` maps an action to its address; `onDone(answer)` is called when the server has agreed.
  constructor(root, links, onDone) {
    Object.assign(this, { root, links, onDone });
  }

  draw(state) {
    this.state = state;
    const offered = offers(state);
    if (this.#asking && !offered.includes(this.#asking)) this.#asking = null;
    const key = JSON.stringify([offered, this.#asking, this.#busy, this.#problem]);
    if (this.#asking) setText(this.question, questionOf(this.#asking, state)); // the epoch in it changes
    if (key === this.#drawn) return;
    this.#drawn = key;
    const shown = this.#asking
      ? this.#question(this.#asking)
      : offered.map((offer) => (offer.change ? this.#link(offer) : this.#button(offer, () => this.#choose(offer))));
    const problem = this.#problem ? [el("span", { class: "problem", role: "alert" }, this.#problem)] : [];
    arrange(this.root, [...problem, ...shown]);
    if (this.#asking) this.root.querySelector("button").focus();
  }

  #question(offer) {
    const sure = { ...offer, words: offer.sure ?? `${offer.words} run`, hint: null };
    const evaluate = offer === CANCEL && this.state.status === "in_progress" && this.state.lastCheckpoint;
    return [
      this.question,
      this.#button(sure, () => this.#send(offer), "primary"),
      ...(evaluate ? [this.#button(EVALUATE, () => this.#send(EVALUATE))] : []),
      el("button", { type: "button", click: () => this.#answer(null) }, "Go back"),
    ];
  }

  #button({ words, hint }, click, kind = null) {
    return el("button", { type: "button", class: kind, title: hint, disabled: this.#busy, click }, words);
  }

  #link({ words, hint }) {
    return el("a", { class: "button primary", href: this.links.change, title: hint }, words);
  }

  #choose(offer) {
    if (offer.ask) this.#answer(offer);
    else this.#send(offer);
  }

  #answer(asking) {
    this.#asking = asking;
    this.#problem = "";
    this.draw(this.state);
  }

  async #send({ action, body = {} }) {
    this.#busy = true;
    this.#problem = "";
    this.draw(this.state);
    try {
      this.onDone(await call(this.links[action], { method: "POST", json: body }));
    } catch (error) {
      this.#problem = errorText(error);
    }
    this.#busy = false;
    this.#asking = null;
    this.draw(this.state);
  }
}
