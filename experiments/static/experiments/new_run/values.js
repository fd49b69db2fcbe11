// What may be written into a field, in words and as a test. Pure.

/**
 * @typedef {object} Kind one kind of value that a field takes
 * @property {string} [type] "integer", "number", "boolean", "string" or "array"
 * @property {any[]} [choices]
 * @property {Kind} [items] of an array
 * @property {boolean} [objects] of an array: its members may be objects too, written as JSON
 * @property {number} [maxLength]
 * @property {number} [minimum]
 * @property {number} [maximum]
 * @property {number} [exclusiveMinimum]
 * @property {number} [exclusiveMaximum]
 */

/**
 * @typedef {object} Field as the schema of the options has it
 * @property {string} path
 * @property {string} title
 * @property {Kind[]} kinds
 * @property {any} [default]
 * @property {boolean} [required]
 * @property {boolean} [nullable]
 * @property {string} [help]
 * @property {string | null} [unit]
 * @property {string | null} [blank] what a blank field stands for, where its default does not say it
 */

/** @typedef {{value: any, error?: undefined} | {error: string, value?: undefined}} Parsed */

/**
 * @param {unknown} one
 * @param {unknown} other
 */
export const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** @param {string} text */
const bare = (text) => text.trim();

const NONE = "none";

/**
 * Read a JSON string or list; undefined for any other text.
 *
 * @param {string} text
 */
function literal(text) {
  if (!/^["[]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Read a text as it was typed: in quotes only where it could not stand without, as with blanks around it.
 *
 * @param {string} text
 */
function unquoted(text) {
  const value = literal(text);
  const needsQuotes = typeof value === "string" && (value !== bare(value) || value === NONE || value.startsWith('"'));
  return needsQuotes ? value : text;
}

/**
 * Write a text so that it is read as the same.
 *
 * @param {string} text
 */
const quoted = (text) => (text === NONE || unquoted(bare(text)) !== text ? JSON.stringify(text) : text);

/**
 * Parse what was typed. An error says what would be right; an empty text stands for the default.
 *
 * @param {Field} field
 * @param {string} text
 * @returns {Parsed}
 */
export function parse(field, text) {
  const written = bare(text);
  if (written === "") return field.required ? { error: `${field.title} is missing.` } : { value: field.default };
  if (field.nullable && written === NONE) return { value: null };
  for (const kind of field.kinds) {
    const found = parseKind(kind, written);
    if ("value" in found) return found;
  }
  return { error: `Write ${allowed(field)}.` };
}

/**
 * @param {Kind} kind
 * @param {string} text
 * @returns {Parsed}
 */
function parseKind(kind, text) {
  if (kind.choices)
    return kind.choices.map(String).includes(text)
      ? { value: kind.choices.find((choice) => String(choice) === text) }
      : { error: "" };
  if (kind.type === "boolean") return /^(true|false)$/.test(text) ? { value: text === "true" } : { error: "" };
  if (kind.type === "array") return parseList(kind, text);
  if (kind.type === "string") return parseText(kind, unquoted(text));
  const value = Number(text);
  const isNumber = kind.type === "integer" ? /^[+-]?\d+$/.test(text) : Number.isFinite(value);
  return isNumber && within(kind, value) ? { value } : { error: "" };
}

/**
 * @param {Kind} kind
 * @param {string} text
 * @returns {Parsed}
 */
const parseText = (kind, text) => (text.length > (kind.maxLength ?? Infinity) ? { error: "" } : { value: text });

/**
 * Read words or numbers with commas between them, or a JSON list.
 *
 * @param {Kind} kind
 * @param {string} text
 * @returns {Parsed}
 */
function parseList(kind, text) {
  const list = literal(text);
  const parts = Array.isArray(list) ? list.map((item) => parseMember(kind, item)) : splitMembers(kind, text);
  return parts.every((part) => "value" in part) ? { value: parts.map(({ value }) => value) } : { error: "" };
}

/**
 * Read an item of a JSON list, which is as it stands there.
 *
 * @param {Kind} kind
 * @param {unknown} item
 * @returns {Parsed}
 */
function parseMember(kind, item) {
  if (kind.objects && item !== null && typeof item === "object") return { value: item };
  const items = kind.items ?? {};
  if (typeof item === "string" && items.type === "string" && !items.choices) return parseText(items, item);
  return parseKind(items, String(item));
}

/**
 * @param {Kind} kind
 * @param {string} text
 * @returns {Parsed[]}
 */
function splitMembers(kind, text) {
  return (kind.objects ? members(text) : text.split(","))
    .map(bare)
    .filter(Boolean)
    .map((part) => (kind.objects && part.startsWith("{") ? parseObject(part) : parseKind(kind.items ?? {}, part)));
}

/**
 * Split at the commas that are not within braces.
 *
 * @param {string} text
 */
function members(text) {
  const found = [""];
  let depth = 0;
  for (const char of text) {
    depth += char === "{" ? 1 : char === "}" ? -1 : 0;
    if (char === "," && depth === 0) found.push("");
    else found[found.length - 1] += char;
  }
  return found;
}

/**
 * @param {string} text
 * @returns {Parsed}
 */
function parseObject(text) {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { error: "" };
  }
}

/**
 * @param {Kind} bounds
 * @param {number} value
 */
const within = (
  { minimum = -Infinity, maximum = Infinity, exclusiveMinimum = -Infinity, exclusiveMaximum = Infinity },
  value,
) => value >= minimum && value <= maximum && value > exclusiveMinimum && value < exclusiveMaximum;

/**
 * Say what may be written: "a whole number from 1 to 4096", `"auto", or a number above 0`.
 *
 * @param {Field} field
 * @param {number} [usual] bounds of this size and more are not named
 */
export function allowed(field, usual = Infinity) {
  const ways = field.kinds.map((kind) => kindText(kind, usual));
  if (field.nullable && field.default !== null) ways.push("none");
  return ways.join(", or ");
}

/**
 * @param {Kind} kind
 * @param {number} usual
 * @returns {string}
 */
function kindText(kind, usual) {
  if (kind.choices) return kind.choices.length > 1 ? `one of ${kind.choices.join(", ")}` : String(kind.choices[0]);
  if (kind.type === "boolean") return "true or false";
  if (kind.type === "array")
    return kind.items?.type === "string"
      ? `words${kind.objects ? " or JSON objects" : ""} with commas between them`
      : `numbers with commas between them, each ${kindText(kind.items ?? {}, usual)}`;
  if (kind.type === "string") return kind.maxLength ? `at most ${kind.maxLength} letters` : "a word";
  return `${kind.type === "integer" ? "a whole number" : "a number"}${range(kind, usual)}`;
}

const figure = new Intl.NumberFormat("en", { maximumFractionDigits: 20 });

/**
 * @param {Kind} bounds
 * @param {number} usual
 */
function range(bounds, usual) {
  const { minimum: least, maximum: most, exclusiveMinimum: above, exclusiveMaximum: below } = bounds;
  const [minimum, maximum, exclusiveMinimum, exclusiveMaximum] = [least, most, above, below].map((bound) =>
    bound === undefined || Math.abs(bound) >= usual ? undefined : figure.format(bound),
  );
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  const parts = [
    minimum !== undefined && `of at least ${minimum}`,
    exclusiveMinimum !== undefined && `above ${exclusiveMinimum}`,
    maximum !== undefined && `of at most ${maximum}`,
    exclusiveMaximum !== undefined && `below ${exclusiveMaximum}`,
  ].filter(Boolean);
  return parts.length ? ` ${parts.join(" and ")}` : "";
}

/**
 * Return what stands in the field for this value.
 *
 * @param {Field} field
 * @param {any} value
 */
export function textOf(field, value) {
  if (same(value, field.default)) return "";
  if (Array.isArray(value)) return listText(value);
  const isText = typeof value === "string" && !field.kinds.some(({ choices }) => choices?.includes(value));
  return isText ? quoted(value) : shown(value);
}

/** @param {any[]} list */
function listText(list) {
  const plain = list.map((item) => (typeof item === "string" ? quoted(item) : String(item)));
  const isPlain = list.length > 0 && plain.every((text, at) => text === String(list[at]) && !/^\[|,|^$/.test(text));
  return isPlain ? plain.join(", ") : JSON.stringify(list);
}

/**
 * @param {any} value
 * @returns {string}
 */
export function shown(value) {
  if (value === null || value === undefined) return "none";
  if (Array.isArray(value)) return value.map(shown).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** @param {Field} field */
export const isChoice = ({ kinds }) => kinds.length === 1 && Boolean(kinds[0].choices);
/** @param {Field} field */
export const isSwitch = ({ kinds }) => kinds.length === 1 && kinds[0].type === "boolean";
