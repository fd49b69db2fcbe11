// What the server concludes from the run: hints with their cures, and how long early stopping still waits.

import { call } from "../frame/api.js";
import { arrange, el, setText } from "../frame/dom.js";

const ASK_AT_MOST_EVERY = 2000; // milliseconds
const ASK_AGAIN_AFTER = 5000; // where no answer came
const DELAY = 300; // what ends a run may delete it too, and then there is nothing to ask for
const SEVERITIES = { error: "Problem", warning: "Warning", info: "Advice" };

export class Hints {
  health = {}; // {layer group: "ok", "vanishing" or "exploding"}
  #hints = [];
  #told = ""; // codes of the notes
  #cards = new Map();
  #asking = null;
  #askedAt = 0;
  #turns = 0;
  #answered = 0; // the newest turn that was
  first = new Promise((resolve) => (this.resolveFirst = resolve)); // until the first answer, or failure

  // `mayStop`: whether early stopping may still end the run; `onUpdate()` after each answer.
  constructor({ section, container, countdown }, link, { mayStop, onUpdate }) {
    Object.assign(this, { section, container, countdown, link, mayStop, onUpdate });
  }

  ask() {
    if (this.paused) return;
    this.#asking ??= setTimeout(
      () => this.#load(),
      this.#askedAt ? Math.max(DELAY, this.#askedAt + ASK_AT_MOST_EVERY - Date.now()) : 0,
    );
  }

  // While paused nothing is asked for.
  setPaused(paused) {
    this.paused = paused;
    if (!paused) return;
    clearTimeout(this.#asking);
    this.#asking = null;
  }

  async #load() {
    this.#asking = null; // what happens from now on is asked for again
    this.#askedAt = Date.now();
    const turn = ++this.#turns;
    try {
      const { hints, gradients, patience } = await call(this.link);
      if (patience && this.mayStop) this.countdownText ??= (await import("./countdown_text.js")).countdownText;
      if (turn < this.#answered) return;
      this.#answered = turn;
      this.health = gradients;
      this.patience = patience;
      this.#hints = hints;
      this.#draw();
      this.onUpdate();
    } catch (error) {
      // The page's connection says that the server is away; an ended run has no next epoch to ask with.
      if ((!error.status || error.status >= 500) && !this.paused)
        this.#asking ??= setTimeout(() => this.#load(), ASK_AGAIN_AFTER);
    } finally {
      this.resolveFirst();
    }
  }

  // A note on the page says the same with its cure: such a hint is left out.
  tellElsewhere(notes) {
    const told = notes.map(({ code }) => code).join();
    if (told === this.#told) return;
    this.#told = told;
    this.#draw();
  }

  drawCountdown({ status }) {
    const words = (this.patience && this.countdownText?.(this.patience, status)) || "";
    this.countdown.hidden = !words;
    setText(this.countdown, words);
    this.countdown.classList.toggle(
      "soon",
      Boolean(words) && this.patience.stops_after_epoch !== null && this.patience.left <= 2,
    );
  }

  #draw() {
    const hints = this.#hints.filter(({ code }) => !this.#told.split(",").includes(code));
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
