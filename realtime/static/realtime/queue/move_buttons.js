// Moves a queued run: to the front, past a neighbour, to the end. The server refuses those who may not.

import { call, errorText } from "../frame/api.js";
import { arrange, el } from "../frame/dom.js";

const WAYS = [
  ["front", "⤒ To the front", "To the front of the queue"],
  ["up", "↑ Up", "Up by one: before the run in front of it"],
  ["down", "↓ Down", "Down by one: behind the run after it"],
  ["end", "⤓ To the end", "To the end of the queue"],
];

export class MoveButtons {
  #busy = false;
  #problem = "";
  #drawn = null;

  constructor(root, link, onDone) {
    Object.assign(this, { root, link, onDone });
  }

  // `position` from 1 of `length`; either may be unknown, and nothing is shown of a run that does not wait.
  draw({ queued, position, length }) {
    this.state = { queued, position, length };
    const key = JSON.stringify([queued, position, length, this.#busy, this.#problem]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.root.hidden = !queued;
    const useless = { front: position === 1, up: position === 1, down: position === length, end: position === length };
    const buttons = WAYS.map(([to, sign, words]) =>
      el(
        "button",
        {
          type: "button",
          title: words,
          "aria-label": words,
          disabled: this.#busy || useless[to],
          click: () => this.#send(to),
        },
        sign,
      ),
    );
    arrange(
      this.root,
      queued
        ? [...buttons, this.#problem ? el("span", { class: "problem", role: "alert" }, this.#problem) : null].filter(
            Boolean,
          )
        : [],
    );
  }

  async #send(to) {
    [this.#busy, this.#problem] = [true, ""];
    this.draw(this.state);
    try {
      this.onDone(await call(this.link, { method: "POST", json: { to } }));
    } catch (error) {
      this.#problem = errorText(error);
    }
    this.#busy = false;
    this.draw(this.state);
  }
}
