// What is compared and how, as the address has it. Pure.

export const MOST_RUNS = 20;
/** @type {import("../run/curves/curve_types").Axis[]} */
export const AXES = ["epoch", "step", "time"];
/** @type {Record<string, string | number>} */
const DEFAULTS = { by: "epoch", smooth: 0, metrics: "", split: "", all: "", hidden: "", reference: "", against: "" };
const SMOOTHEST = 0.99;

/**
 * @typedef {object} ComparedValues
 * @property {number[]} runs
 * @property {string} by
 * @property {number} smooth
 * @property {string[]} metrics of the curves; none for those that are drawn by default
 * @property {string} split of the matrices; none for the best that there is
 * @property {boolean} all whether equal options are shown too
 * @property {Set<number>} hidden runs whose curves are hidden
 * @property {number | null} reference run that the others are compared with; null for the first
 * @property {number | null} against run whose numbers are compared with it; null for the first of the others
 */

/** @param {string | null} text */
const list = (text) => (text ?? "").split(",").filter(Boolean);

/** @param {string | null} text */
const run = (text) => (/^[1-9]\d{0,15}$/.test(text ?? "") ? Number(text) : null);

/**
 * Read the query of an address.
 *
 * @param {string} search
 * @returns {ComparedValues}
 */
export function readAddress(search) {
  const query = new URLSearchParams(search);
  const runs = [...new Set(list(query.get("runs")).map(Number))];
  return {
    runs: runs.filter((id) => Number.isSafeInteger(id) && id > 0).slice(0, MOST_RUNS),
    by: AXES.find((axis) => axis === query.get("by")) ?? String(DEFAULTS.by),
    smooth: Math.min(SMOOTHEST, Math.max(0, Number(query.get("smooth")) || 0)),
    metrics: list(query.get("metrics")),
    split: query.get("split") ?? "",
    all: query.get("all") === "1",
    hidden: new Set(list(query.get("hidden")).map(Number)),
    reference: run(query.get("reference")),
    against: run(query.get("against")),
  };
}

/**
 * Write the query of an address: the runs, and what differs from the defaults.
 *
 * @param {ComparedValues} values
 */
export function writeAddress({ runs, by, smooth, metrics, split, all, hidden, reference, against }) {
  const values = {
    by,
    smooth,
    metrics: metrics.join(),
    split,
    all: all ? "1" : "",
    hidden: [...hidden].filter((id) => runs.includes(id)).join(),
    reference: reference !== null && runs.includes(reference) ? reference : "",
    against: against !== null && runs.includes(against) ? against : "",
  };
  const changed = Object.entries(values).filter(([name, value]) => String(value) !== String(DEFAULTS[name]));
  const readable = (/** @type {string | number} */ value) =>
    encodeURIComponent(value).replaceAll("%2C", ",").replaceAll("%2F", "/");
  const pairs = [["runs", runs.join()], ...changed];
  return `?${pairs.map(([name, value]) => `${name}=${readable(value)}`).join("&")}`;
}
