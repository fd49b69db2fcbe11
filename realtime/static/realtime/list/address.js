// What the list shows and how, as the address and the API have it. Pure.

import { DEFAULT_COLUMNS, isChosen } from "./columns/column_keys.js";

// Filters of several values; a run matches any of them.
export const LISTS = /** @type {const} */ ([
  "status",
  "tag",
  "dataset",
  "model",
  "owner",
  "project",
  "experiment",
  "group",
  "final_split",
]);
export const TEXTS = /** @type {const} */ (["search", "name", "created_after", "created_before"]);
export const NEWEST_FIRST = "-id";
const NEWEST = new Set(["-id", "-run_id", "-created_at"]);

/** @typedef {typeof LISTS[number]} ListName */
/** @typedef {typeof TEXTS[number]} TextName */

/**
 * @typedef {Record<ListName, string[]> & Record<TextName, string> & {
 *   deleted: boolean, ordering: string, by: string, cursor: string, columns: string[]
 * }} ListValues
 */

/**
 * Split values separated by commas; a backslash keeps a comma in a value, as the API has it.
 *
 * @param {string | null | undefined} text
 */
export const splitList = (text) =>
  (text ?? "")
    .split(/(?<!\\),/)
    .map((part) => part.replaceAll("\\,", ",").trim())
    .filter(Boolean);

/** @param {string[]} values */
export const joinList = (values) => values.map((value) => value.replaceAll(",", "\\,")).join();

/**
 * Read the query of an address.
 *
 * @param {string} search
 * @param {string | null} [storedColumns] those that the reader chose last
 * @returns {ListValues}
 */
export function readAddress(search, storedColumns = null) {
  const query = new URLSearchParams(search);
  const lists = LISTS.map((name) => [name, [...new Set(splitList(query.get(name)))]]);
  const texts = TEXTS.map((name) => [name, query.get(name) ?? ""]);
  const values = /** @type {ListValues} */ ({
    ...Object.fromEntries([...lists, ...texts]),
    deleted: ["1", "true"].includes(query.get("deleted") ?? ""),
    ordering: query.get("ordering") || NEWEST_FIRST,
    by: query.get("by") ?? "",
    cursor: query.get("cursor") ?? "",
    columns: splitList(query.get("columns") ?? storedColumns ?? DEFAULT_COLUMNS.join()),
  });
  if (query.has("source_path")) values.dataset = splitList(query.get("source_path"));
  return values;
}

/**
 * Write the query of an address: only what differs from the defaults; nothing for the defaults.
 *
 * @param {ListValues} values
 */
export function writeAddress(values) {
  const pairs = [
    ...LISTS.map((name) => [name, joinList(values[name])]),
    ...TEXTS.map((name) => [name, values[name]]),
    ["deleted", values.deleted ? "1" : ""],
    ["by", values.by],
    ["cursor", values.cursor],
    ["ordering", values.ordering === NEWEST_FIRST ? "" : values.ordering],
    ["columns", values.columns.join() === DEFAULT_COLUMNS.join() ? "" : joinList(values.columns)],
  ].filter(([, value]) => value);
  const readable = (/** @type {string} */ value) =>
    encodeURIComponent(value).replaceAll("%2C", ",").replaceAll("%3A", ":");
  return pairs.length ? `?${pairs.map(([name, value]) => `${name}=${readable(value)}`).join("&")}` : "";
}

/** @param {ListValues} values */
export const isFiltered = (values) => values.deleted || [...LISTS, ...TEXTS].some((name) => values[name].length > 0);

/** @param {ListValues} values */
export const isNewestFirst = ({ ordering }) => NEWEST.has(ordering);

/** Return the values without any filter. */
export const noFilters = () => ({
  ...Object.fromEntries([...LISTS.map((name) => [name, []]), ...TEXTS.map((name) => [name, ""])]),
  deleted: false,
});

/**
 * Return the filters as the API takes them.
 *
 * @param {ListValues} values
 * @param {string} [without] the name of one to leave out
 */
export function filterQuery(values, without = "") {
  const query = new URLSearchParams();
  for (const name of LISTS) if (values[name].length && name !== without) query.set(name, joinList(values[name]));
  for (const name of TEXTS) {
    const text = values[name].trim();
    if (text && name !== without) query.set(name, startOfDay(text));
  }
  if (values.deleted) query.set("deleted", "1");
  return query;
}

/**
 * Return what summaries of runs have beside their fields, as the API takes it.
 *
 * @param {ListValues} values
 */
export function extrasQuery({ columns }) {
  const query = new URLSearchParams();
  const chosen = columns.filter(isChosen);
  if (chosen.length) query.set("columns", joinList(chosen));
  if (columns.includes("curve")) query.set("sparkline", "1");
  return query;
}

// A day is one of the reader's time zone; the API's would be one of UTC.
/** @param {string} text */
function startOfDay(text) {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? [];
  return day ? new Date(Number(year), Number(month) - 1, Number(day)).toISOString() : text;
}
