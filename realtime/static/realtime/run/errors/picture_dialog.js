// One sample, as large as its file allows, with what is known of it. Loaded when a reader opens a picture.

import { errorText } from "../../frame/api.js";
import { el, setText } from "../../frame/dom.js";
import { sampleFacts } from "./error_words.js";

const COARSE = 64; // pixels a side, below which they are shown as squares
const find = (id) => document.getElementById(id);

class PictureDialog {
  #asked = 0; // pictures; the answer to an older one is dropped
  #explanation = null;

  constructor() {
    this.root = find("picture-dialog");
    find("picture-close").addEventListener("click", () => this.root.close());
    find("picture-before").addEventListener("click", () => this.#step(-1));
    find("picture-next").addEventListener("click", () => this.#step(1));
    this.explain = find("picture-explain"); // only where a run's model can be asked
    this.explain?.addEventListener("click", () => this.#toggle());
    this.root.addEventListener("keydown", ({ key, target }) => {
      if (target.matches("input, select")) return;
      if (key === "ArrowLeft" || key === "ArrowRight") this.#step(key === "ArrowLeft" ? -1 : 1);
    });
  }

  open(sample, from) {
    this.from = from;
    this.#show(from.samples.indexOf(sample));
    this.root.showModal();
  }

  #step(by) {
    const place = this.at + by;
    if (place >= 0 && place < this.from.samples.length) this.#show(place);
  }

  #show(at) {
    this.at = at;
    const { samples, frames } = this.from;
    const sample = samples[at];
    setText(find("picture-title"), sample.sample_id ?? "A sample");
    find("picture-facts").replaceChildren(
      ...(this.from.facts ?? sampleFacts)(sample).map(([name, value]) =>
        el("div", {}, el("dt", {}, name), el("dd", {}, value)),
      ),
    );
    find("picture-before").disabled = !at;
    find("picture-next").disabled = at === samples.length - 1;
    const small = frames.get(sample.sample_id)?.querySelector("img")?.src;
    this.#explanation?.hide();
    this.#draw(small);
    this.#load(sample, Boolean(small));
    if (this.#explains) this.#explained(sample);
  }

  get #explains() {
    return this.explain?.getAttribute("aria-pressed") === "true";
  }

  // Stays as it is for the samples before and after.
  #toggle() {
    this.explain.setAttribute("aria-pressed", String(!this.#explains));
    this.#show(this.at);
  }

  async #explained(sample) {
    const { SampleExplanation } = await import("../../explanations/sample_explanation.js");
    const [frame, place] = [find("picture-frame"), find("picture-explanation")];
    this.#explanation ??= new SampleExplanation(frame, place, this.explain.dataset);
    if (this.#explains && sample === this.from.samples[this.at]) {
      this.#explanation.show(this.from.split, sample.place);
    }
  }

  #draw(src) {
    const image = src ? el("img", { src, alt: "" }) : null;
    image?.addEventListener("load", () => image.classList.toggle("coarse", image.naturalWidth < COARSE));
    find("picture-frame").replaceChildren(...(image ? [image] : []));
  }

  // The map lies over the picture that the network got, which may have come first.
  #drawUnlessExplained(src) {
    if (!find("picture-frame").querySelector(".explained-layers")) this.#draw(src);
  }

  // The small one stays where there is no larger one.
  async #load(sample, hasSmall) {
    const asked = ++this.#asked;
    const { address, split, attempt } = this.from;
    const query = new URLSearchParams({ split, size: "large", attempt });
    const src = sample.address ?? `${address}${sample.place}/picture/?${query}`;
    setText(find("picture-words"), "Loading…");
    let words = "";
    try {
      const answer = await fetch(src, { headers: { Accept: "image/png, application/json" } });
      if (asked !== this.#asked) return;
      if (answer.ok) this.#drawUnlessExplained(src);
      else words = (await answer.json()).detail;
    } catch (error) {
      words = errorText(error);
    }
    if (asked !== this.#asked) return;
    const kept = hasSmall && words ? " This is the picture that the run keeps, as the network got it." : "";
    setText(find("picture-words"), words + kept);
  }
}

let dialog = null;

// `from`: the samples in their order, the frames of their small pictures, where the large ones are, and what is said of
// each, unless that is what is said of an error.
export function openPicture(sample, from) {
  dialog ??= new PictureDialog();
  dialog.open(sample, from);
}
