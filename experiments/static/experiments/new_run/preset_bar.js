// The buttons of the presets, and what the chosen one sets.

import { el, setText } from "../../realtime/frame/dom.js";
import { choosePreset, presetMade, PRESETS, presetText } from "./presets.js";

const NO_WEIGHTS = "Fine-tuning needs starting weights, and the models folder of the server holds none.";

export class PresetBar {
  // `weights`: names of the files that a network may start from; `changed()` is called after a choice.
  constructor(place, request, weights, changed) {
    Object.assign(this, { request, weights });
    this.words = el("p", { class: "help", id: "preset-words", "aria-live": "polite" });
    this.buttons = new Map(
      Object.entries(PRESETS).map(([name, { title }]) => [name, this.#button(name, title, changed)]),
    );
    place.append(
      el("div", { class: "presets", role: "group", "aria-label": "Presets" }, ...this.buttons.values()),
      this.words,
    );
  }

  #button(name, title, changed) {
    return el(
      "button",
      {
        type: "button",
        "aria-pressed": "false",
        disabled: name === "fine_tune" && !this.weights.length,
        click: () => (choosePreset(this.request, name, this.weights), changed()),
      },
      title,
    );
  }

  show() {
    const made = presetMade(this.request, this.weights);
    for (const [name, button] of this.buttons) button.setAttribute("aria-pressed", String(name === made));
    const none = `A preset sets a few options; change what you like.${this.weights.length ? "" : ` ${NO_WEIGHTS}`}`;
    setText(this.words, made ? presetText(this.request, made, this.weights) : none);
  }
}
