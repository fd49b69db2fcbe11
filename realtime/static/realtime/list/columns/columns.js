// The columns that a list of runs can have: fields of a run, options of its configuration, and its metrics.

import { el, setText } from "../../frame/dom.js";
import { count, duration, epochNumber, known, metricName, UNKNOWN } from "../../frame/format.js";
import { metricValue } from "../../frame/metric_text.js";
import { shown } from "../../compare/options.js";
import { isChosen, metricParts } from "./column_keys.js";
import { drawSparkline } from "./sparkline.js";
import { fillTime, timeCell } from "./relative_time.js";

const PARTS = { best: "best", last: "last", min: "lowest", max: "highest" };

// One text in a cell; `value` of a run gives it.
const text = (label, sort, value, options = {}) => ({
  label,
  sort,
  ...options,
  cells: () => plain(label, value, options),
});

function plain(label, value, { numeric = false }) {
  const span = el("span");
  const node = el("td", { class: numeric ? "number" : "text", "data-label": label }, span);
  return {
    nodes: [node],
    fill: (run) => {
      setText(span, value(run));
      node.toggleAttribute("data-unknown", span.textContent === UNKNOWN);
    },
  };
}

// A number of the final evaluation, and of which split it is: values of validation and test do not compare.
// `read` of a run gives it.
function finalValue(label, sort, name, read) {
  const cells = () => {
    const [value, split] = [el("span"), el("span")];
    const node = el("td", { class: "number final-value", "data-label": label }, value, split);
    const fill = (run) => {
      const { final } = run;
      const found = read(run);
      setText(value, metricValue(name, found));
      setText(split, known(found) && final ? final.split : "");
      if (final) node.title = `Of the ${final.split === "val" ? "validation" : final.split} split`;
      node.toggleAttribute("data-unknown", value.textContent === UNKNOWN);
    };
    return { nodes: [node], fill };
  };
  return { label, sort, numeric: true, descends: true, cells };
}

const finalField = (label, name) => finalValue(label, `final_${name}`, name, ({ final }) => final?.[name]);

function moment(label, sort, name) {
  return {
    label,
    sort,
    descends: true,
    cells: () => {
      const time = timeCell();
      return {
        nodes: [el("td", { class: "when", "data-label": label }, time)],
        fill: (run) => fillTime(time, run[name]),
      };
    },
  };
}

function curve() {
  const place = el("span");
  return {
    nodes: [el("td", { class: "curve", "data-label": "Curve" }, place)],
    fill: (run) => run.sparkline && drawSparkline(place, run.sparkline),
  };
}

// Those without cells are in every row, as on the page of a group: see status_cells.js.
const FIELDS = {
  status: { label: "Status", sort: "status" },
  progress: { label: "Progress", sort: "progress", descends: true, wide: true },
  curve: { label: "Curve", sort: null, cells: curve },
  best: { label: "Best", sort: "best_value", numeric: true, descends: true },
  final_auroc: finalField("Final AUROC", "auroc"),
  final_recall: finalField("Final recall", "recall"),
  final_precision: finalField("Final precision", "precision"),
  final_f1: finalField("Final F1", "f1"),
  duration: text("Duration", "duration_seconds", (run) => duration(run.duration_seconds), {
    numeric: true,
    descends: true,
  }),
  created: moment("Created", "created_at", "created_at"),
  started: moment("Started", "start_time", "start_time"),
  ended: moment("Ended", "end_time", "end_time"),
  dataset: text("Data set", "dataset", (run) => run.source_path),
  model: text("Model", "model", (run) => run.model_name ?? UNKNOWN),
  owner: text("Owner", "owner", (run) => run.owner),
  project: text("Project", "project", (run) => run.project),
  notes: text("Notes", null, (run) => run.notes.map((note) => note.text).join(" ") || UNKNOWN),
  best_epoch: text(
    "Best epoch",
    "best_epoch",
    (run) => (known(run.best.epoch) ? count(epochNumber(run.best.epoch)) : UNKNOWN),
    { numeric: true },
  ),
  epochs: text("Epochs asked for", "max_epochs", (run) => count(run.progress.max_epochs), {
    numeric: true,
    descends: true,
  }),
  speed: text(
    "Samples per second",
    "samples_per_second",
    (run) => count(run.progress.samples_per_second && Math.round(run.progress.samples_per_second)),
    { numeric: true, descends: true },
  ),
  attempt: text("Attempt", "attempt", (run) => count(run.attempt), { numeric: true, descends: true }),
};
export const FIELD_KEYS = Object.keys(FIELDS);

export function columnLabel(key) {
  if (key.startsWith("config.")) return key.slice("config.".length).replaceAll(".", " · ").replaceAll("_", " ");
  if (!key.startsWith("metric.")) return FIELDS[key]?.label ?? key;
  const [name, part] = metricParts(key);
  const words = metricName(name);
  return part && !name.startsWith("final_") ? `${words}, ${PARTS[part]}` : words;
}

function chosen(key) {
  const label = columnLabel(key);
  const [name] = key.startsWith("metric.final_") ? metricParts(key) : [];
  if (name) return finalValue(label, key, name, (run) => run.columns?.[key]);
  const show = (value) =>
    value === null || value === undefined
      ? UNKNOWN
      : key.startsWith("metric.")
        ? metricValue(metricParts(key)[0], value)
        : shown(value);
  return text(label, key, (run) => show(run.columns?.[key]), { numeric: true, descends: key.startsWith("metric.") });
}

// The columns of these keys, in the order of the fields and then as chosen; unknown ones are left out.
export function columnsOf(keys) {
  const fields = FIELD_KEYS.filter((key) => keys.includes(key)).map((key) => ({ key, ...FIELDS[key] }));
  return [...fields, ...keys.filter(isChosen).map((key) => ({ key, ...chosen(key) }))];
}

// All possible columns: [heading, keys]; the facets say which metrics and options exist.
export function catalogue({ config, metric }) {
  const parts = (name) => (name.startsWith("final_") ? ["last"] : ["best", "last"]);
  return [
    ["Of every run", FIELD_KEYS],
    ["Metrics", metric.flatMap((name) => parts(name).map((part) => `metric.${name}.${part}`))],
    ["Configuration", config.map((path) => `config.${path}`)],
  ];
}
