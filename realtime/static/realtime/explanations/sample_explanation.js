// The map of a sample of a run, in the dialog that shows its picture. Loaded when a reader asks for it.

import { call } from "../frame/api.js";
import { el } from "../frame/dom.js";
import { ExplanationView } from "./explanation_view.js";

export class SampleExplanation {
  // The map is laid over the picture that the network got, in `frame`; its words go to `place`. `styles` is the address
  // of the style sheet, which pages do not load before.
  constructor(frame, place, { api: address, styles }) {
    document.head.append(el("link", { rel: "stylesheet", href: styles }));
    this.view = new ExplanationView(frame);
    this.place = place;
    this.address = address;
    place.replaceChildren(this.view.root);
  }

  show(split, place) {
    this.place.hidden = false;
    const body = (name) => ({ split, place, ...(name === null ? {} : { class: name }) });
    return this.view.show((name) => call(this.address, { method: "POST", json: body(name) }));
  }

  hide() {
    this.place.hidden = true;
    this.view.clear();
  }
}
