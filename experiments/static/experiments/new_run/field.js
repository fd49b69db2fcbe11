// One option as a form shows it: label, control, help, what is wrong with it, and the way back to what it was.

import { el, setText } from "../../realtime/frame/dom.js";
import { capital } from "../../realtime/frame/format.js";
import { allowed, isChoice, isSwitch, shown, textOf } from "./values.js";

const OFFERED = 30; // values as buttons

export class Field {
  // `changed(path, text)` is called while the reader types; `control` replaces the default one.
  constructor(field, changed, reset, control = null) {
    this.field = field;
    this.id = `f-${field.path.replaceAll(".", "-")}`;
    this.control = control ?? this.#control();
    this.control.id = this.id;
    this.control.dataset.path = field.path;
    this.control.setAttribute("aria-describedby", `${this.id}-help ${this.id}-fault`);
    this.control.addEventListener("input", () => changed(field.path, this.#text()));
    this.reset = el("button", {
      type: "button",
      class: "quiet back",
      hidden: true,
      click: () => (reset(field), this.control.focus()),
    });
    this.error = el("p", { id: `${this.id}-fault`, class: "fault", hidden: true });
    this.offers = el("ul", { class: "offers", "aria-label": `Possible for ${field.title}`, hidden: true });
    this.choose = (text) => changed(field.path, text);
    const label = el(
      "label",
      { for: this.id },
      field.title,
      field.unit ? el("small", { class: "muted" }, ` ${field.unit}`) : null,
    );
    const head = el("div", { class: "field-head" }, label, this.reset);
    const help = el("p", { id: `${this.id}-help`, class: "help" }, helpText(field));
    this.node = el(
      "div",
      { class: isSwitch(field) ? "field switch" : "field", "data-field": field.path },
      head,
      this.control,
      this.error,
      this.offers,
      help,
    );
  }

  show(text, isChanged, before) {
    if (isSwitch(this.field)) this.control.checked = text === "" ? this.field.default : text === "true";
    else if (isChoice(this.field)) this.#showChoice(text === "" ? String(this.field.default) : text);
    else if (this.control.value !== text) this.control.value = text;
    this.node.classList.toggle("changed", isChanged);
    this.reset.hidden = !isChanged;
    const usual = before === undefined ? this.field.default : before;
    const words = usual === null && this.field.blank ? "the default" : shown(usual) || "none"; // of an empty list
    setText(this.reset, `Changed; back to ${words.length > 24 ? `${words.slice(0, 24)}…` : words}`);
    this.reset.setAttribute("aria-label", `${this.field.title} is changed; back to ${words}`);
  }

  // `possible`: values that would be right, as buttons.
  showError(text, possible = []) {
    this.error.hidden = !text;
    this.offers.hidden = !possible.length;
    this.offers.replaceChildren(...possible.slice(0, OFFERED).map((value) => el("li", {}, this.#offer(value))));
    setText(this.error, text ?? "");
    if (text) this.control.setAttribute("aria-invalid", "true");
    else this.control.removeAttribute("aria-invalid");
  }

  #offer(value) {
    const isList = this.field.kinds[0].type === "array";
    const text = textOf(this.field, isList ? [value] : value);
    return el("button", { type: "button", click: () => (this.choose(text), this.control.focus()) }, value);
  }

  get words() {
    const { path, title, help } = this.field;
    return `${path} ${path.replaceAll("_", " ")} ${title} ${help}`.toLowerCase();
  }

  // What may be chosen can depend on another field.
  #showChoice(text) {
    const offered = this.control.tagName === "SELECT" ? [...this.control.options].map(({ value }) => value) : null;
    if (offered && offered.join() !== this.field.kinds[0].choices.map(String).join())
      this.control.replaceChildren(...this.#options());
    this.control.value = text;
  }

  #options() {
    const { kinds, default: standard } = this.field;
    return kinds[0].choices.map((choice) =>
      el("option", { value: String(choice) }, choice === standard ? `${choice} (default)` : String(choice)),
    );
  }

  #text() {
    if (isSwitch(this.field)) return String(this.control.checked);
    return this.control.value;
  }

  #control() {
    const { field } = this;
    if (isSwitch(field)) return el("input", { type: "checkbox" });
    if (isChoice(field)) return el("select", {}, ...this.#options());
    const numeric = field.kinds.every(({ type }) => type === "integer" || type === "number");
    return el("input", {
      type: "text",
      inputmode: numeric ? "decimal" : null,
      maxlength: 5000,
      autocapitalize: "none",
      spellcheck: "false",
      required: field.required,
      placeholder: placeholder(field),
    });
  }
}

function placeholder({ required, blank, default: value }) {
  if (required) return null;
  if (blank) return blank;
  return Array.isArray(value) ? "none" : shown(value);
}

const USUAL = 1e6; // bounds beyond it are there for programs: nobody meets them by hand

// The help of the schema speaks of null; a reader writes none. What may be written follows.
function helpText(field) {
  const words = field.help.replaceAll("null", "none");
  if (isSwitch(field) || isChoice(field) || field.kinds.every(({ type }) => type === "string")) return words;
  return `${words}${words ? ". " : ""}${capital(allowed(field, USUAL))}.`;
}
