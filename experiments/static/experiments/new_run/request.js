// The request that the form stands for: texts of fields, from and to JSON, and what differs from a run that is copied.
// Pure.

import { parse, same, textOf } from "./values.js";

const SHORT = ["width", "dropout"]; // of model.options
const TOP = "top";
const METRICS = "callbacks.metrics";

/** @typedef {import("./values.js").Field} Field */

/**
 * @typedef {object} Options
 * @property {{name: string, fields: Field[]}[]} groups
 * @property {Record<string, Field[]>} network_options
 * @property {Record<string, "min" | "max" | null>} [directions] of each number that may be monitored
 */

/** @typedef {Record<string, any>} Config */
/** @typedef {[path: string, value: any]} Pair */

/**
 * @param {unknown} value
 * @returns {value is Record<string, any>}
 */
const plain = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

export class Request {
  /** @param {Options} options */
  constructor({ groups, network_options: networkOptions, directions = {} }) {
    this.networkOptions = networkOptions;
    this.directions = directions;
    this.fixed = groups.flatMap(({ fields }) => fields).filter(({ path }) => path !== "model.options");
    /** Numbers of every run, by which its best epoch may be chosen. */
    this.standing = this.fixed.find(({ path }) => path === "callbacks.monitor")?.kinds[0].choices ?? [];
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
    if (path === METRICS) this.offerNumbers();
  }

  /**
   * Take data, and with a data set its project: a run uses only those of its own.
   *
   * @param {string} source
   * @param {{source_path: string, project?: string | null}[]} datasets
   */
  useData(source, datasets) {
    this.set("source_path", source);
    this.setProject(datasets.find((dataset) => dataset.source_path === source)?.project);
  }

  /**
   * Choose a project, where there are several and this is one of them.
   *
   * @param {string | null} [name]
   */
  setProject(name) {
    const field = this.field("project");
    if (field && name && !parse(field, name).error) this.set("project", name);
  }

  /** Offer the numbers of the added metrics where one is chosen that decides. */
  offerNumbers() {
    const [metrics, monitor] = [this.field(METRICS), this.field("callbacks.monitor")];
    if (!metrics || !monitor) return;
    const added = (this.value(metrics) ?? []).map(numberOf);
    monitor.kinds = [{ ...monitor.kinds[0], choices: [...new Set([...this.standing, ...added])] }];
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
    if (field.path === METRICS) this.offerNumbers();
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
    this.offerNumbers();
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
    if (plain(callbacks)) {
      const { metrics, mode, monitor } = callbacks;
      const short = Array.isArray(metrics) ? { metrics: metrics.map(shortMetric) } : {};
      const left = mode === this.#direction(monitor) ? { mode: "auto" } : {};
      result.callbacks = { ...callbacks, ...short, ...left };
    }
    return result;
  }

  /**
   * Return which values of a number are better, as far as it is known.
   *
   * @param {string} monitor
   */
  #direction(monitor = "") {
    const names = Object.keys(this.directions).filter((name) => monitor === name || monitor.startsWith(`${name}_`));
    const longest = names.sort((a, b) => b.length - a.length)[0];
    return longest ? this.directions[longest] : monitor === "val_loss" ? "min" : "max";
  }
}

/**
 * Return the number that an added metric has.
 *
 * @param {any} metric a name, or an object with name and suffix
 */
const numberOf = (metric) => `val_${plain(metric) ? [metric.name, metric.suffix].filter(Boolean).join("_") : metric}`;

/**
 * Write an added metric as short as it can be written.
 *
 * @param {any} metric
 */
function shortMetric(metric) {
  if (!plain(metric)) return metric;
  const { name, options, suffix } = metric;
  const given = {
    ...(plain(options) && Object.keys(options).length ? { options } : {}),
    ...(suffix ? { suffix } : {}),
  };
  return Object.keys(given).length ? { name, ...given } : name;
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
