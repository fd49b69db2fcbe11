// Numbers, times and names as people read them. Unknown is "–", never 0.

export const UNKNOWN = "–";
const whole = new Intl.NumberFormat("en");

export const known = (value) => value !== null && value !== undefined && Number.isFinite(value);

// Four decimals where they say something, else four significant digits.
export function number(value) {
  if (!known(value)) return UNKNOWN;
  const size = Math.abs(value);
  if (value === 0 || (size >= 0.001 && size < 100)) return value.toFixed(4);
  if (size >= 100 && size < 100000) return value.toFixed(size < 1000 ? 2 : 1);
  return value.toExponential(3).replace("e+", "e");
}

export const count = (value) => (known(value) ? whole.format(value) : UNKNOWN);

// What is measured, like samples per second: three digits say all there is to say.
export const measured = (value) =>
  known(value) ? whole.format(Number(value.toPrecision(value >= 100 ? 4 : 3))) : UNKNOWN;

export const percent = (share, digits = 1) => (known(share) ? `${(100 * share).toFixed(digits)} %` : UNKNOWN);

// As short as an axis needs it.
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

export function duration(seconds) {
  if (!known(seconds)) return UNKNOWN;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const total = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  if (hours >= 48) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  if (hours) return `${hours} h ${String(minutes).padStart(2, "0")} min`;
  return minutes ? `${minutes} min ${String(rest).padStart(2, "0")} s` : `${rest} s`;
}

// What is left, no finer than an estimate can be.
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

const two = (value) => String(value).padStart(2, "0");

// In the reader's time zone.
export function clock(timestamp) {
  const moment = new Date(timestamp);
  return `${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}`;
}

export function dateTime(timestamp) {
  if (!timestamp) return UNKNOWN;
  const moment = new Date(timestamp);
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())} ${clock(timestamp)}`;
}

export function bytes(size) {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, size > 0 ? Math.floor(Math.log10(size) / 3) : 0);
  return power ? `${(size / 1000 ** power).toFixed(1)} ${units[power]}` : `${count(size)} bytes`;
}

export const plural = (value, noun) => `${count(value)} ${noun}${value === 1 ? "" : "s"}`;

export const STATUS_WORDS = {
  queued: "Queued",
  in_progress: "In progress",
  cancelling: "Cancelling",
  completed: "Completed",
  failed: "Failed",
  cancelled: "Cancelled",
};
export const ENDED = new Set(["completed", "failed", "cancelled"]);

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
const PHASE_WORDS = { train: "training", val: "validation", test: "test" };

// "val_auroc" -> "validation AUROC"; a name nobody declared stays as it is.
export function metricName(name) {
  const [, phase, rest] = /^(train|val|test)_(.*)$/.exec(name) ?? [];
  return METRIC_WORDS[rest] ? `${PHASE_WORDS[phase]} ${METRIC_WORDS[rest]}` : name.replaceAll("_", " ");
}

export const splitName = (split) => ({ train: "Training", val: "Validation", test: "Test" })[split] ?? split;

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
