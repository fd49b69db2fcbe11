// The choice of a network, with what is known of it, its own options and where its weights may come from.

import { arrange, el } from "../../realtime/frame/dom.js";

export const NETWORK_FIELDS = ["model.weights_file", "model.trainable"];
const INPUTS = { image: "for images", table: "for tables", any: "for images and tables" };

export class NetworkPicker {
  constructor(models, weights) {
    Object.assign(this, { models, weights });
    const words = ({ name, title, available }) => `${title} (${name})${available ? "" : " – not installed"}`;
    this.control = el(
      "select",
      {},
      el("option", { value: "" }, "Chosen by the data (auto): CNN for images, MLP for tables"),
      ...models.map((model) => el("option", { value: model.name, disabled: !model.available }, words(model))),
    );
    this.about = el("p", { class: "help", id: "network-about" });
    this.missing = models.filter(({ available }) => !available);
  }

  // Names of files that may be written into this control.
  suggestFor(control) {
    control.setAttribute("list", "weights");
    return el("datalist", { id: "weights" }, ...this.weights.map((name) => el("option", { value: name })));
  }

  show(name) {
    const model = this.models.find((known) => known.name === name);
    arrange(this.about, model ? this.#description(model) : [this.#defaultText()]);
  }

  #description({ description, inputs, channels, min_image_size: least, blocks }) {
    const colours = channels.length > 1 ? "grey or RGB" : channels[0] === 1 ? "grey" : "RGB";
    const parts = [
      description,
      `It is ${INPUTS[inputs]}.`,
      inputs === "table" ? "" : `Images of at least ${least} pixels, ${colours}.`,
      blocks.length ? `Its blocks: ${blocks.join(", ")}.` : "",
      this.#startText(),
    ];
    return [document.createTextNode(parts.filter(Boolean).join(" "))];
  }

  #startText() {
    const files = this.weights.length;
    if (!files) return "It starts from random weights: the models folder of the server holds no others.";
    const which = files === 1 ? "file" : `${files} files`;
    return `It starts from random weights, unless you name one of the ${which} of starting weights below.`;
  }

  #defaultText() {
    const cures = [...new Set(this.missing.map(({ install }) => install))];
    const more = cures.length ? ` ${this.missing.length} more can be installed: ${cures.join("; ")}.` : "";
    return document.createTextNode(`The small networks learn from random weights within minutes.${more}`);
  }
}
