// All fields on the page: what most people look at first, the rest by groups with a filter.

import { arrange, el, setText } from "../../realtime/frame/dom.js";
import { plural } from "../../realtime/frame/format.js";
import { DATA_FIELDS, DATA_GROUPS, DatasetPicker } from "./dataset.js";
import { Field } from "./field.js";
import { NETWORK_FIELDS, NetworkPicker } from "./network.js";
import { PresetBar } from "./preset_bar.js";

const BASICS = ["experiment_name", "project"]; // the latter where there are several to choose from
const POSITIVE = "model.positive_class";
// Fields that take the name of a column.
const COLUMN_FIELDS = [
  "data.id_column",
  "data.target_column",
  "data.patient_column",
  "data.split_column",
  "data.subgroup_columns",
];
const find = (id) => document.getElementById(id);
const groupOf = (path) => (path.includes(".") ? path.split(".")[0] : "this run");

export class Form {
  constructor(request, { models, weights, datasets, builtins, roots }, changed) {
    Object.assign(this, { request, changed, shown: new Map() });
    const basics = request.fixed.map(({ path }) => path).filter((path) => BASICS.includes(path));
    find("basics").append(...basics.map((path) => this.#field(path).node));
    const source = this.#field("source_path");
    this.data = new DatasetPicker(source, { builtins, datasets, roots }, (text) => this.#set("source_path", text));
    this.network = new NetworkPicker(models, weights);
    this.presets = new PresetBar(find("presets"), request, weights, () => (this.#forgetErrors(), this.changed()));
    this.#place();
    find("filter").addEventListener("input", () => this.#filter());
  }

  #set(path, text) {
    if (path === "source_path") this.request.useData(text, this.data.datasets);
    else this.request.set(path, text);
    this.shown.get(path)?.showError(null);
    if (path === "source_path") this.data.showError(false);
    this.changed();
  }

  #forgetErrors() {
    const { errors } = this.request;
    for (const [path, field] of this.shown) if (!errors.has(path)) field.showError(null);
  }

  #field(path, control = null) {
    const field = new Field(
      this.request.field(path),
      (name, text) => this.#set(name, text),
      (back) => {
        this.request.reset(back);
        this.shown.get(back.path).showError(null);
        this.changed();
      },
      control,
    );
    this.shown.set(path, field);
    return field;
  }

  #place() {
    const paths = this.request.fixed.map(({ path }) => path);
    this.#placeData();
    const name = this.#field("model.name", this.network.control);
    this.own = el("div", { class: "fields", id: "network-options" });
    find("network").append(
      name.node,
      this.network.about,
      this.own,
      el("div", { class: "fields" }, ...NETWORK_FIELDS.map((path) => this.#field(path).node)),
    );
    find("network").append(this.network.suggestFor(this.shown.get("model.weights_file").control));
    const first = this.request.fixed.filter((field) => field.first).map(({ path }) => this.#field(path).node);
    find("first").append(...first);
    const rest = paths.filter((path) => !this.shown.has(path));
    this.groups = [...new Set(rest.map(groupOf))].map((group) => {
      const nodes = rest.filter((path) => groupOf(path) === group).map((path) => this.#field(path).node);
      return el(
        "section",
        {},
        el("h3", {}, group[0].toUpperCase() + group.slice(1)),
        el("div", { class: "fields" }, ...nodes),
      );
    });
    this.rest = rest;
    find("groups").append(...this.groups);
  }

  #placeData() {
    const groups = Object.entries(DATA_GROUPS).map(([title, paths]) =>
      el(
        "section",
        { class: "data-group" },
        el("h3", {}, title),
        el("div", { class: "fields" }, ...paths.map((path) => this.#field(path).node)),
      ),
    );
    this.readingCount = el("span", { class: "muted" });
    this.columns = el(
      "details",
      { class: "inner", id: "reading-options" },
      el("summary", {}, "How the data are read ", this.readingCount),
      ...groups,
    );
    this.known = el("datalist", { id: "known-columns" });
    for (const path of COLUMN_FIELDS) this.shown.get(path).control.setAttribute("list", this.known.id);
    const positive = this.#field(POSITIVE);
    find("dataset").append(
      this.data.node,
      el("div", { class: "fields", id: "positive" }, positive.node, this.data.suggestFor(positive.control)),
      this.columns,
      this.known,
    );
  }

  // Names of columns that may be written: those of the table that was read.
  suggestColumns(names) {
    arrange(
      this.known,
      names.map((name) => el("option", { value: name })),
    );
  }

  // Opens what is folded around the fields of these options.
  reveal(paths) {
    if (paths.some((path) => DATA_FIELDS.includes(path))) this.columns.open = true;
    if (paths.some((path) => this.rest.includes(path))) find("more").open = true;
  }

  show() {
    this.#showOwnOptions();
    for (const field of this.request.fields) {
      this.shown
        .get(field.path)
        ?.show(this.request.text(field.path), this.request.isChanged(field), this.request.base?.get(field.path));
    }
    this.data.show(this.request.text("source_path"));
    this.network.show(this.request.network);
    this.presets.show();
    const builtin = this.request.text("source_path").startsWith("builtin:");
    this.columns.hidden = builtin && !DATA_FIELDS.some((path) => this.request.text(path));
    if (this.data.chosen?.problem) this.columns.open = true;
    this.#showCount(this.readingCount, DATA_FIELDS);
    this.#showCount(find("more-count"), this.rest);
  }

  #showCount(place, paths) {
    const changed = paths.filter((path) => this.request.isChanged(this.request.field(path))).length;
    setText(place, changed ? `${plural(changed, "change")} among ${paths.length}` : String(paths.length));
  }

  #showOwnOptions() {
    const { network } = this.request;
    if (this.own.dataset.network === network) return;
    this.own.dataset.network = network;
    for (const path of [...this.shown.keys()].filter((known) => known.startsWith("model.options.")))
      this.shown.delete(path);
    arrange(
      this.own,
      (this.request.networkOptions[network] ?? []).map(({ path }) => this.#field(path).node),
    );
  }

  // Marks what is wrong (path -> words), all else as right; the first gets the focus. True: nothing is wrong.
  // `possible`: path -> values that would be right.
  showErrors(errors, possible = {}) {
    for (const [path, field] of this.shown) field.showError(errors.get(path), possible[path]);
    this.data.showError(errors.has("source_path"));
    const first = [...this.shown].find(([path]) => errors.has(path));
    if (first) this.#focusField(first[1]);
    return errors.size === 0;
  }

  // The server's errors at their fields; returns the words of those that have none.
  showServerErrors(errors, possible) {
    const columns = COLUMN_FIELDS.map((path) => possible?.[path]).find(Boolean);
    if (columns) this.suggestColumns(columns);
    const own = new Map();
    const left = [];
    for (const { field, message } of errors) {
      const path = this.#shownPath(field);
      if (!path) left.push(field ? `${field}: ${message}` : message);
      else own.set(path, [own.get(path), path === field ? message : `${field}: ${message}`].filter(Boolean).join(" "));
    }
    this.showErrors(own, possible);
    return left;
  }

  // The field that has an error: of one member of a list, the list.
  #shownPath(name = "") {
    const parts = name.split(".");
    for (let end = parts.length; end > 0; end--) {
      const path = parts.slice(0, end).join(".");
      if (this.shown.has(path)) return path;
    }
    return null;
  }

  #focusField({ node, control, field }) {
    for (let parent = node.parentElement; parent; parent = parent.parentElement)
      if (parent.tagName === "DETAILS") parent.open = true;
    if (this.rest.includes(field.path)) {
      find("filter").value = "";
      this.#filter();
    }
    (node.hidden ? this.data.choice : control).focus(); // without a path field, what is missing is the choice
  }

  #filter() {
    const words = find("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const path of this.rest)
      this.shown.get(path).node.hidden = !words.every((word) => this.shown.get(path).words.includes(word));
    for (const group of this.groups) group.hidden = !group.querySelector(".field:not([hidden])");
    find("none-found").hidden = this.groups.some(({ hidden }) => !hidden);
  }
}
