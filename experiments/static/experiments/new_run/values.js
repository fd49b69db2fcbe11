// What may be written into a field, in words and as a test; pure. A text of "" stands for the default.

export const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

const bare = (text) => text.trim();

// -> {value}, or {error} with what would be right.
export function parse(field, text) {
  const written = bare(text);
  if (written === "") return field.required ? { error: `${field.title} is missing.` } : { value: field.default };
  let closest = null;
  for (const kind of field.kinds) {
    const found = parseKind(kind, written);
    if ("value" in found) return found;
    closest ??= found.error;
  }
  if (field.nullable && written === "none") return { value: null };
  return { error: `Write ${allowed(field)}.` };
}

function parseKind(kind, text) {
  if (kind.choices)
    return kind.choices.map(String).includes(text)
      ? { value: kind.choices.find((choice) => String(choice) === text) }
      : { error: "" };
  if (kind.type === "boolean") return /^(true|false)$/.test(text) ? { value: text === "true" } : { error: "" };
  if (kind.type === "array") return parseList(kind, text);
  if (kind.type === "string") return text.length > (kind.maxLength ?? Infinity) ? { error: "" } : { value: text };
  const value = Number(text);
  const isNumber = kind.type === "integer" ? /^[+-]?\d+$/.test(text) : Number.isFinite(value);
  return isNumber && within(kind, value) ? { value } : { error: "" };
}

function parseList(kind, text) {
  const parts = text
    .split(",")
    .map(bare)
    .filter(Boolean)
    .map((part) => parseKind(kind.items, part));
  return parts.every((part) => "value" in part) ? { value: parts.map(({ value }) => value) } : { error: "" };
}

const within = (
  { minimum = -Infinity, maximum = Infinity, exclusiveMinimum = -Infinity, exclusiveMaximum = Infinity },
  value,
) => value >= minimum && value <= maximum && value > exclusiveMinimum && value < exclusiveMaximum;

// "a whole number from 1 to 4096", `"auto", or a number above 0`
export function allowed(field) {
  const ways = field.kinds.map(inWords);
  if (field.nullable && field.default !== null) ways.push("none");
  return ways.join(", or ");
}

function inWords(kind) {
  if (kind.choices) return kind.choices.length > 1 ? `one of ${kind.choices.join(", ")}` : String(kind.choices[0]);
  if (kind.type === "boolean") return "true or false";
  if (kind.type === "array")
    return kind.items.type === "string"
      ? "words with commas between them"
      : `numbers with commas between them, each ${inWords(kind.items)}`;
  if (kind.type === "string") return kind.maxLength ? `at most ${kind.maxLength} letters` : "a word";
  return `${kind.type === "integer" ? "a whole number" : "a number"}${range(kind)}`;
}

const figure = new Intl.NumberFormat("en", { maximumFractionDigits: 20 });

function range(bounds) {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = Object.fromEntries(
    Object.entries(bounds)
      .filter(([, value]) => typeof value === "number")
      .map(([name, value]) => [name, figure.format(value)]),
  );
  return rangeWords({ minimum, maximum, exclusiveMinimum, exclusiveMaximum });
}

function rangeWords({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }) {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  const parts = [
    minimum !== undefined && `of at least ${minimum}`,
    exclusiveMinimum !== undefined && `above ${exclusiveMinimum}`,
    maximum !== undefined && `of at most ${maximum}`,
    exclusiveMaximum !== undefined && `below ${exclusiveMaximum}`,
  ].filter(Boolean);
  return parts.length ? ` ${parts.join(" and ")}` : "";
}

// What stands in the field for this value.
export function textOf(field, value) {
  if (same(value, field.default)) return "";
  return shown(value);
}

export function shown(value) {
  if (value === null || value === undefined) return "none";
  return Array.isArray(value) ? value.join(", ") : String(value);
}

export const isChoice = ({ kinds }) => kinds.length === 1 && Boolean(kinds[0].choices);
export const isSwitch = ({ kinds }) => kinds.length === 1 && kinds[0].type === "boolean";
