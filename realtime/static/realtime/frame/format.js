// Numbers, times and names as people read them. Unknown is "–", never 0. Pure.

export const UNKNOWN = "–";
const whole = new Intl.NumberFormat("en");

/**
 * Return whether the value is a finite number.
 *
 * @param {unknown} value
 * @returns {value is number}
 */
export const known = (value) => Number.isFinite(value);

/**
 * Write a number with four decimals where they are significant, else with four significant digits.
 *
 * @param {number | null | undefined} value
 */
export function number(value) {
  if (!known(value)) return UNKNOWN;
  const size = Math.abs(value);
  if (value === 0 || (size >= 0.001 && size < 100)) return value.toFixed(4);
  if (size >= 100 && size < 100000) return value.toFixed(size < 1000 ? 2 : 1);
  return value.toExponential(3).replace("e+", "e");
}

/**
 * Write a whole number with separators.
 *
 * @param {number | null | undefined} value
 */
export const count = (value) => (known(value) ? whole.format(value) : UNKNOWN);

/**
 * Write a measured value, such as samples per second, with three or four digits.
 *
 * @param {number | null | undefined} value
 */
export const measured = (value) =>
  known(value) ? whole.format(Number(value.toPrecision(value >= 100 ? 4 : 3))) : UNKNOWN;

const NOTHING = 1e-12; // of a share: no count of samples gives less

/**
 * Write a score between -1 and 1 with three decimals: 1.000 is exactly 1, and 0.000 exactly 0.
 *
 * @param {number | null | undefined} value
 */
export function score(value) {
  if (!known(value)) return UNKNOWN;
  const size = Math.abs(value);
  const sign = value < 0 ? "-" : "";
  if (size > 1 + NOTHING) return number(value);
  if (size <= NOTHING) return "0.000";
  if (size.toFixed(3) === "0.000") return sign ? ">-0.001" : "<0.001";
  if (size.toFixed(3) === "1.000" && size < 1 - NOTHING) return sign ? "<-0.999" : ">0.999";
  return `${sign}${size.toFixed(3)}`;
}

/**
 * Write a score with as many decimals as tell on which side of the threshold it is: 0.49996, not 0.500, is below 0.5.
 *
 * @param {number | null | undefined} value
 * @param {number | null} [threshold]
 */
export function scoreBeside(value, threshold = null) {
  let text = score(value);
  if (!known(value) || threshold === null) return text;
  const tells = () => !known(Number(text)) || Number(text) >= threshold === value >= threshold;
  for (let digits = 4; digits < 18 && !tells(); digits++) text = value.toFixed(digits);
  return text;
}

/**
 * Write a share as a percentage: 100 % is all of them, and 0 % none.
 *
 * @param {number | null | undefined} share
 * @param {number} [digits]
 */
export const percent = (share, digits = 1) =>
  known(share) && known(100 * share) ? `${hundredths(share, digits)} %` : UNKNOWN;

/**
 * Write the range of a share; nothing where an end is unknown.
 *
 * @param {number | null | undefined} low
 * @param {number | null | undefined} high
 */
export const percentRange = (low, high) =>
  known(low) && known(high) ? `${hundredths(low, 1)} to ${percent(high)}` : "";

/**
 * Write a share in hundredths; what is not quite nothing or all never reads as that.
 *
 * @param {number} share
 * @param {number} digits
 */
function hundredths(share, digits) {
  const written = (100 * share).toFixed(digits);
  if (share > NOTHING && Number(written) === 0) return `<${(10 ** -digits).toFixed(digits)}`;
  if (share < 1 - NOTHING && Number(written) >= 100) return `>${(100 - 10 ** -digits).toFixed(digits)}`;
  return written;
}

/**
 * Write a number as short as an axis needs it.
 *
 * @param {number | null | undefined} value
 */
export function tick(value) {
  if (!known(value)) return "";
  const size = Math.abs(value);
  if (value !== 0 && (size >= 10000 || size < 0.001))
    return value
      .toExponential(3)
      .replace(/\.?0+e/, "e")
      .replace("e+", "e");
  return String(Number(value.toPrecision(4)));
}

/**
 * Write a time span.
 *
 * @param {number | null | undefined} seconds
 */
export function duration(seconds) {
  if (!known(seconds)) return UNKNOWN;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const total = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  if (hours >= 48) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  if (hours) return `${hours} h ${String(minutes).padStart(2, "0")} min`;
  return minutes ? `${minutes} min ${String(rest).padStart(2, "0")} s` : `${rest} s`;
}

/**
 * Write the time that is left, no finer than an estimate can be.
 *
 * @param {number} seconds
 */
export function remaining(seconds) {
  if (seconds < 1) return "almost done";
  const unit = seconds < 60 ? 1 : seconds < 600 ? 5 : 60;
  const left = Math.ceil(seconds / unit) * unit;
  const minutes = left >= 600 && left < 3600;
  return `about ${
    minutes
      ? `${left / 60} min`
      : duration(left)
          .replace(/\.0 s$/, " s")
          .replace(" 00 s", "")
  } left`;
}

/** @param {number} value */
const two = (value) => String(value).padStart(2, "0");

/**
 * Write the time of day in the reader's time zone.
 *
 * @param {string} timestamp
 */
export function clock(timestamp) {
  const moment = new Date(timestamp);
  return `${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}`;
}

/**
 * Write date and time in the reader's time zone.
 *
 * @param {string | null | undefined} timestamp
 */
export function dateTime(timestamp) {
  if (!timestamp) return UNKNOWN;
  const moment = new Date(timestamp);
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())} ${clock(timestamp)}`;
}

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"];

/**
 * Write a size in bytes.
 *
 * @param {number | null | undefined} size
 */
export function bytes(size) {
  if (!known(size)) return UNKNOWN;
  if (size < 1024) return `${Math.floor(size)} byte${size === 1 ? "" : "s"}`;
  let power = 1;
  while (power < UNITS.length - 1 && Number((size / 1024 ** power).toFixed(1)) >= 1024) power++;
  return `${(size / 1024 ** power).toFixed(1)} ${UNITS[power]}`;
}

/**
 * Return the number that people give to the epoch with this index: they count from 1, API and events from 0.
 *
 * @param {number} epoch
 */
export const epochNumber = (epoch) => epoch + 1;

/**
 * Write a count with its noun.
 *
 * @param {number | null | undefined} value
 * @param {string} noun
 */
export const plural = (value, noun) => `${count(value)} ${noun}${value === 1 ? "" : "s"}`;

/** @type {Record<string, string>} */
export const STATUS_WORDS = {
  queued: "Queued",
  in_progress: "In progress",
  cancelling: "Cancelling",
  completed: "Completed",
  failed: "Failed",
  cancelled: "Cancelled",
};
export const ENDED = new Set(["completed", "failed", "cancelled"]);

/** @type {Record<string, string>} */
const METRIC_WORDS = {
  loss: "loss",
  acc: "accuracy",
  precision: "precision",
  recall: "recall",
  f1: "F1",
  auroc: "AUROC",
  cm_tp: "TP",
  cm_tn: "TN",
  cm_fp: "FP",
  cm_fn: "FN",
};
/** @type {Record<string, string>} */
const PHASE_WORDS = { train: "training", val: "validation", test: "test" };
/** @type {Record<string, string>} */
const SPLIT_WORDS = { train: "Training", val: "Validation", test: "Test", external: "External" };

/**
 * Name a metric: "val_auroc" is "validation AUROC", "val_cohen_kappa" "validation cohen kappa".
 *
 * @param {string} name
 */
export function metricName(name) {
  const [, phase, rest] = /^(train|val|test)_(.*)$/.exec(name) ?? [];
  return phase ? `${PHASE_WORDS[phase]} ${METRIC_WORDS[rest] ?? rest.replaceAll("_", " ")}` : name.replaceAll("_", " ");
}

/**
 * Write a list of values; of an object with a name and options, such as an added metric, these.
 *
 * @param {any[]} values
 */
export const listText = (values) => values.map(memberText).join(", ");

/**
 * @param {any} value
 * @returns {string}
 */
function memberText(value) {
  if (value === null || typeof value !== "object") return String(value);
  if (typeof value.name !== "string") return JSON.stringify(value);
  const options = Object.entries(value.options ?? {}).map(([name, inner]) => `${name} ${JSON.stringify(inner)}`);
  const called = value.suffix ? ` as ${value.name}_${value.suffix}` : "";
  return `${value.name}${options.length ? ` (${options.join(", ")})` : ""}${called}`;
}

/**
 * Name a split of the data.
 *
 * @param {string} split
 */
export const splitName = (split) => SPLIT_WORDS[split] ?? split;

/**
 * Name a split of the data with what it is.
 *
 * @param {string} split
 */
export const splitTitle = (split) => `${splitName(split)} ${split === "external" ? "test" : "split"}`;

/**
 * Return the splits, test first; an external test before them.
 *
 * @param {Iterable<string>} splits
 */
export const testFirst = (splits) => [...splits].sort((a, b) => place(a) - place(b));

/** @param {string} split */
const place = (split) => (split === "external" ? 0 : split === "test" ? 1 : 2);

/**
 * Return the size of each split in words, in the usual order: some databases keep none.
 *
 * @param {Record<string, number>} sizes
 */
export const splitSizes = (sizes) =>
  ["train", "val", "test"].filter((split) => split in sizes).map((split) => `${count(sizes[split])} ${split}`);

/**
 * Begin a text with a capital letter.
 *
 * @param {string} text
 */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
