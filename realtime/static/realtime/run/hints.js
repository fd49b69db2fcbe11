// What the server makes of the run, in words: hints with their cures, and how long early stopping still waits.

import { call } from "../frame/api.js";
import { arrange, el, setText } from "../frame/dom.js";
import { metricName, number, plural } from "../frame/format.js";

const ASK_AT_MOST_EVERY = 2000; // milliseconds
const ASK_AGAIN_AFTER = 5000; // where no answer came
const SETTLED_AFTER = 300; // what ends a run may take it away too, and then there is nothing to ask for
const SEVERITIES = { error: "Problem", warning: "Warning", info: "Advice" };

export class Hints {
  health = {}; // {layer group: "ok", "vanishing" or "exploding"}
  #cards = new Map();
  #asking = null;
  #askedAt = 0;
  #turns = 0;
  #answered = 0; // the newest turn that was

  // `onNews()` after each answer.
  constructor({ section, container, countdown }, link, onNews) {
    Object.assign(this, { section, container, countdown, link, onNews });
  }

  ask() {
    if (this.resting) return;
    this.#asking ??= setTimeout(
      () => this.#ask(),
      this.#askedAt ? Math.max(SETTLED_AFTER, this.#askedAt + ASK_AT_MOST_EVERY - Date.now()) : 0,
    );
  }

  // Whether nothing is asked any more.
  rest(resting) {
    this.resting = resting;
    if (!resting) return;
    clearTimeout(this.#asking);
    this.#asking = null;
  }

  async #ask() {
    this.#asking = null; // what happens from now on is asked for once more
    this.#askedAt = Date.now();
    const turn = ++this.#turns;
    try {
      const { hints, gradients, patience } = await call(this.link);
      if (turn < this.#answered) return;
      this.#answered = turn;
      this.health = gradients;
      this.patience = patience;
      this.#draw(hints);
      this.onNews();
    } catch (error) {
      // The page's connection says that the server is away; an ended run has no next epoch to ask with.
      if ((!error.status || error.status >= 500) && !this.resting)
        this.#asking ??= setTimeout(() => this.#ask(), ASK_AGAIN_AFTER);
    }
  }

  drawCountdown({ status }) {
    const words = this.patience ? countdownWords(this.patience, status) : "";
    this.countdown.hidden = !words;
    setText(this.countdown, words);
    this.countdown.classList.toggle(
      "soon",
      Boolean(words) && this.patience.stops_after_epoch !== null && this.patience.left <= 2,
    );
  }

  #draw(hints) {
    this.section.hidden = !hints.length;
    const kept = new Map(hints.map((hint) => [hint.code, this.#cards.get(hint.code) ?? newCard()]));
    for (const hint of hints) fill(kept.get(hint.code), hint);
    this.#cards = kept;
    arrange(
      this.container,
      [...kept.values()].map(({ node }) => node),
    );
  }
}

function newCard() {
  const [severity, text, cure] = [el("b", { class: "severity" }), el("p"), el("p", { class: "cure" })];
  return { severity, text, cure, node: el("li", {}, severity, text, cure) };
}

function fill(card, { code, severity, text, cure }) {
  card.node.className = `card hint ${severity}`;
  card.node.dataset.code = code;
  setText(card.severity, SEVERITIES[severity]);
  setText(card.text, text);
  setText(card.cure, cure);
}

export function countdownWords(
  { monitor, mode, min_delta: delta, patience, best, waited, left, stops_after_epoch: stop, exhausted },
  status,
) {
  const metric = metricName(monitor);
  if (exhausted)
    return `Early stopping: ${metric} has not improved on ${number(best)} for ${plural(patience, "epoch")}.`;
  if (status !== "in_progress") return "";
  if (best === null)
    return `Early stopping waits for the first ${metric}; then ${plural(patience, "epoch")} without an improvement stop the run.`;
  const goal = `improves on ${number(best)}${delta ? ` by more than ${delta}` : ""}${mode === "min" ? " (lower is better)" : ""}`;
  if (stop !== null) return `Stops in ${plural(left, "epoch")} unless ${metric} ${goal}.`;
  return `Early stopping: ${waited} of ${plural(patience, "epoch")} in which ${metric} has not improved on ${number(best)}; the run has its last epoch before they are over.`;
}
