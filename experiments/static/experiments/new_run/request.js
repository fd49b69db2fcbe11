// The request that the form stands for: texts of fields, from and to JSON, and what differs from a run that is copied. Pure.

import { parse, same, textOf } from "./values.js";

const SHORT = ["width", "dropout"]; // of model.options
const TOP = "top";
const plain = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

export class Request {
  constructor({ groups, network_options: networkOptions }) {
    this.networkOptions = networkOptions;
    this.fixed = groups.flatMap(({ fields }) => fields).filter(({ path }) => path !== "model.options");
    this.names = new Set(groups.map(({ name }) => name).filter((name) => name !== TOP));
    this.texts = new Map(); // path -> what was typed; nothing for the default
    this.base = null; // path -> value of the run that is copied
  }

  get network() {
    return this.text("model.name") || "auto";
  }

  // Those of the chosen network included.
  get fields() {
    return [...this.fixed, ...(this.networkOptions[this.network] ?? [])];
  }

  field(path) {
    return this.fields.find((field) => field.path === path);
  }

  text(path) {
    return this.texts.get(path) ?? "";
  }

  set(path, text) {
    const field = this.field(path);
    const found = field && parse(field, text);
    if (text.trim() === "" || (found && "value" in found && !field.required && same(found.value, field.default)))
      this.texts.delete(path);
    else this.texts.set(path, text);
  }

  // path -> what is wrong with it, in words
  get faults() {
    return new Map(
      this.fields.map((field) => [field.path, parse(field, this.text(field.path)).error]).filter(([, error]) => error),
    );
  }

  value(field) {
    const found = parse(field, this.text(field.path));
    return "value" in found ? found.value : undefined;
  }

  // What the field has unless somebody changes it: the default, or that of the copied run.
  isChanged(field) {
    if (!this.base) return !field.required && this.text(field.path) !== "";
    return !same(this.value(field), this.base.get(field.path));
  }

  reset(field) {
    if (this.base?.has(field.path)) this.texts.set(field.path, textOf(field, this.base.get(field.path)));
    else this.texts.delete(field.path);
  }

  get changed() {
    return this.fields.filter((field) => this.isChanged(field));
  }

  // What differs from the defaults: a whole request.
  get body() {
    const given = this.fields.filter((field) => field.required || !same(this.value(field), field.default));
    return nested(given.map((field) => [field.path, this.value(field)]).filter(([, value]) => value !== undefined));
  }

  // What differs from the copied run: the body of a clone.
  get changes() {
    const found = this.changed;
    const paths = new Set(found.map(({ path }) => path));
    if (paths.has("callbacks.monitor") && !paths.has("callbacks.mode")) found.push(this.field("callbacks.mode")); // the run's own is settled
    const pairs = found.map((field) => [field.path, this.value(field)]);
    if (found.some(({ path }) => path.startsWith("model.options.")))
      pairs.push(...SHORT.map((name) => [`model.${name}`, null]));
    return nested(pairs);
  }

  // Takes over a request or the configuration of a run; returns the names that are no options, and changes nothing then.
  fill(config, more = {}) {
    const given = flat(this.#normal({ ...config, ...more }), this.names);
    const network = given.get("model.name") ?? "auto";
    const known = new Map([...this.fixed, ...(this.networkOptions[network] ?? [])].map((field) => [field.path, field]));
    const unknown = [...given.keys()].filter((path) => !known.has(path));
    if (unknown.length) return unknown;
    this.texts = new Map();
    for (const [path, value] of given) {
      const text = textOf(known.get(path), value);
      if (text !== "") this.texts.set(path, text);
    }
    return [];
  }

  // From now on, what differs from what is written now counts as changed.
  copyFrom() {
    this.base = new Map(this.fields.map((field) => [field.path, this.value(field)]));
  }

  // Short ways are written out, and what the server has settled by itself is left to it again.
  #normal(config) {
    const { model, callbacks } = config;
    const result = { ...config };
    if (plain(model)) {
      const { width, dropout, ...rest } = model;
      const short = Object.fromEntries(
        Object.entries({ width, dropout }).filter(([, value]) => value !== null && value !== undefined),
      );
      result.model = { ...rest, options: { ...short, ...rest.options } };
    }
    if (plain(callbacks) && callbacks.mode === (callbacks.monitor === "val_loss" ? "min" : "max"))
      result.callbacks = { ...callbacks, mode: "auto" };
    return result;
  }
}

function nested(pairs) {
  const body = {};
  for (const [path, value] of pairs) {
    const parts = path.split(".");
    const last = parts.pop();
    let at = body;
    for (const part of parts) at = at[part] ??= {};
    at[last] = value;
  }
  return body;
}

function flat(config, groups) {
  const found = new Map();
  for (const [name, value] of Object.entries(config)) {
    if (!groups.has(name) || !plain(value)) found.set(name, value);
    else
      for (const [inner, own] of Object.entries(value)) {
        if (name === "model" && inner === "options" && plain(own))
          for (const [option, one] of Object.entries(own)) found.set(`model.options.${option}`, one);
        else found.set(`${name}.${inner}`, own);
      }
  }
  return found;
}
