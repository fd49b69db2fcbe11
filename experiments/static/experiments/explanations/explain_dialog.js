// The dialog in which a prediction is explained. Loaded when a reader asks for the first one.

import { ExplanationView } from "../../realtime/explanations/explanation_view.js";
import { call } from "../../realtime/frame/api.js";
import { el, setText } from "../../realtime/frame/dom.js";

class ExplainDialog {
  constructor() {
    this.view = new ExplanationView();
    this.title = el("h3", { id: "explain-title" });
    const close = el("button", { type: "button", click: () => this.root.close() }, "Close");
    this.root = el(
      "dialog",
      { class: "explain-dialog", "aria-labelledby": "explain-title", close: () => this.view.clear() },
      el("header", {}, this.title, close),
      this.view.root,
    );
    document.body.append(this.root);
  }

  open(name, ask) {
    setText(this.title, name);
    this.root.showModal();
    this.view.show(ask);
  }
}

let dialog = null;

// Explain what was predicted of `file`, or of `row` where there is none.
export function explainPrediction(address, name, { file, row }) {
  dialog ??= new ExplainDialog();
  dialog.open(name, (of) => (file ? sent(address, file, of) : call(address, { method: "POST", json: asked(row, of) })));
}

const asked = (row, name) => (name === null ? { row } : { row, class: name });

function sent(address, file, name) {
  const form = new FormData();
  form.append("file", file, file.name);
  if (name !== null) form.append("class", name);
  return call(address, { method: "POST", form });
}
