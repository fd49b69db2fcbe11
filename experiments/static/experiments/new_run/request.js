// The request that the form stands for: texts of fields, from and to JSON, and what differs from a run that is copied.
// Pure.

import { parse, same, textOf } from "./values.js";

const SHORT = ["width", "dropout"]; // of model.options
const TOP = "top";

/** @typedef {import("./values.js").Field} Field */
/** @typedef {Record<string, any>} Config */
/** @typedef {[path: string, value: any]} Pair */

/**
 * @param {unknown} value
 * @returns {value is Record<string, any>}
 */
const plain = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

export class Request {
  /** @param {{groups: {name: string, fields: Field[]}[], network_options: Record<string, Field[]>}} options */
  constructor({ groups, network_options: networkOptions }) {
    this.networkOptions = networkOptions;
    this.fixed = groups.flatMap(({ fields }) => fields).filter(({ path }) => path !== "model.options");
    this.names = new Set(groups.map(({ name }) => name).filter((name) => name !== TOP));
    /** @type {Map<string, string>} what was typed; nothing for the default */
    this.texts = new Map();
    /** @type {Map<string, any> | null} the values of the run that is copied */
    this.base = null;
  }

  get network() {
    return this.text("model.name") || "auto";
  }

  /**
   * The fields, those of the chosen network included.
   *
   * @returns {Field[]}
   */
  get fields() {
    return [...this.fixed, ...(this.networkOptions[this.network] ?? [])];
  }

  /** @param {string} path */
  field(path) {
    return this.fields.find((field) => field.path === path);
  }

  /** @param {string} path */
  text(path) {
    return this.texts.get(path) ?? "";
  }

  /**
   * Take what was typed.
   *
   * @param {string} path
   * @param {string} text
   */
  set(path, text) {
    const field = this.field(path);
    const found = field && parse(field, text);
    if (text.trim() === "" || (found && "value" in found && !field.required && same(found.value, field.default)))
      this.texts.delete(path);
    else this.texts.set(path, text);
  }

  /**
   * What is wrong, by path.
   *
   * @returns {Map<string, string>}
   */
  get errors() {
    const errors = new Map();
    for (const field of this.fields) {
      const { error } = parse(field, this.text(field.path));
      if (error) errors.set(field.path, error);
    }
    return errors;
  }

  /** @param {Field} field */
  value(field) {
    const found = parse(field, this.text(field.path));
    return "value" in found ? found.value : undefined;
  }

  /**
   * Return whether the field differs from the default, or from the copied run.
   *
   * @param {Field} field
   */
  isChanged(field) {
    if (!this.base) return !field.required && this.text(field.path) !== "";
    return !same(this.value(field), this.base.get(field.path));
  }

  /** @param {Field} field */
  reset(field) {
    if (this.base?.has(field.path)) this.texts.set(field.path, textOf(field, this.base.get(field.path)));
    else this.texts.delete(field.path);
  }

  get changed() {
    return this.fields.filter((field) => this.isChanged(field));
  }

  /** What differs from the defaults: a whole request. */
  get body() {
    const given = this.fields.filter((field) => field.required || !same(this.value(field), field.default));
    return nested(this.#pairs(given).filter(([, value]) => value !== undefined));
  }

  /** What differs from the copied run: the body of a clone. */
  get changes() {
    const found = this.changed;
    const paths = new Set(found.map(({ path }) => path));
    if (paths.has("callbacks.monitor") && !paths.has("callbacks.mode"))
      found.push(.../** @type {Field[]} */ ([this.field("callbacks.mode")])); // that of the run is final
    const isOwnOption = found.some(({ path }) => path.startsWith("model.options."));
    const short = isOwnOption ? SHORT.map((name) => /** @type {Pair} */ ([`model.${name}`, null])) : [];
    return nested([...this.#pairs(found), ...short]);
  }

  /**
   * @param {Field[]} fields
   * @returns {Pair[]}
   */
  #pairs(fields) {
    return fields.map((field) => [field.path, this.value(field)]);
  }

  /**
   * Take over a request or the configuration of a run. Return the names that are no options; then nothing is changed.
   *
   * @param {Config} config
   * @param {Config} [more]
   * @returns {string[]}
   */
  fill(config, more = {}) {
    const given = flat(this.#normal({ ...config, ...more }), this.names);
    const network = given.get("model.name") ?? "auto";
    const known = new Map([...this.fixed, ...(this.networkOptions[network] ?? [])].map((field) => [field.path, field]));
    const unknown = [...given.keys()].filter((path) => !known.has(path));
    if (unknown.length) return unknown;
    this.texts = new Map();
    for (const [path, value] of given) {
      const text = textOf(/** @type {Field} */ (known.get(path)), value);
      if (text !== "") this.texts.set(path, text);
    }
    return [];
  }

  /** Count as changed what differs from the present values from now on. */
  copyFrom() {
    this.base = new Map(this.fields.map((field) => [field.path, this.value(field)]));
  }

  /**
   * Write out short forms, and leave to the server what it had decided by itself.
   *
   * @param {Config} config
   */
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

/** @param {Pair[]} pairs */
function nested(pairs) {
  /** @type {Config} */
  const body = {};
  for (const [path, value] of pairs) {
    const parts = path.split(".");
    const last = parts.pop() ?? path;
    let at = body;
    for (const part of parts) at = at[part] ??= {};
    at[last] = value;
  }
  return body;
}

/**
 * @param {Config} config
 * @param {Set<string>} groups
 * @returns {Map<string, any>}
 */
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
