// Moves a queued run: to the front, past a neighbour, to the end. Who may not do that is told so by the server.

import { arrange, el } from "../frame/dom.js";

const WAYS = [
  ["front", "⤒", "To the front of the queue"],
  ["up", "↑", "Before the run in front of it"],
  ["down", "↓", "Behind the run after it"],
  ["end", "⤓", "To the end of the queue"],
];

export class Moving {
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
      el("button", { type: "button", title: words, "aria-label": words, disabled: this.#busy || useless[to], click: () => this.#send(to) }, sign),
    );
    arrange(this.root, queued ? [...buttons, this.#problem ? el("span", { class: "problem", role: "alert" }, this.#problem) : null].filter(Boolean) : []);
  }

  async #send(to) {
    [this.#busy, this.#problem] = [true, ""];
    this.draw(this.state);
    try {
      const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
      const headers = { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token };
      const response = await fetch(this.link, { method: "POST", headers, body: JSON.stringify({ to }) });
      const answer = await response.json();
      if (response.ok) this.onDone(answer);
      else this.#problem = answer.detail ?? `The server answered ${response.status}.`;
    } catch {
      this.#problem = "The server could not be reached; try again.";
    }
    this.#busy = false;
    this.draw(this.state);
  }
}
