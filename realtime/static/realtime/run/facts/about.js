// What the run is: data, model, configuration, versions, files.

import { shown } from "../../compare/options.js";
import { el } from "../../frame/dom.js";
import { bytes, count, dateTime, plural } from "../../frame/format.js";
import { configGroups } from "./config_groups.js";

export function drawAbout(container, { detail, dataset, model, files }) {
  const rest = {
    seed: detail.seed,
    created: dateTime(detail.created_at),
    by: detail.owner,
    mode: detail.training_mode,
    "git commit": detail.git_commit,
  };
  const parts = [
    group(
      "Source",
      {
        path: detail.source_path,
        version: detail.dataset_hash ?? undefined,
        ...describeData(dataset),
        ...describeModel(model),
      },
      true,
    ),
    group("Files", null, true, fileList(files)),
    ...configGroups(detail.config).map(({ title, options }) => group(title, options)),
    group("Run", rest),
    group("Versions", detail.versions),
  ];
  const open = new Set([...container.querySelectorAll("details[open]")].map((node) => node.dataset.title));
  const fresh = parts.filter(Boolean);
  if (container.childElementCount) fresh.forEach((node) => (node.open = open.has(node.dataset.title)));
  container.replaceChildren(...fresh);
}

function group(title, values, open = false, content = null) {
  const rows = Object.entries(values ?? {}).filter(([, value]) => value !== undefined && value !== "");
  if (!rows.length && !content) return null;
  const list = rows.length
    ? el(
        "dl",
        {},
        ...rows.map(([name, value]) =>
          el("div", {}, el("dt", {}, name.replaceAll("_", " ")), el("dd", {}, shown(value))),
        ),
      )
    : null;
  return el("details", { "data-title": title, open }, el("summary", {}, title), content ?? list);
}

function describeData(dataset) {
  if (!dataset) return {};
  const sizes = Object.entries(dataset.sizes).map(([split, size]) => `${count(size)} ${split}`);
  return { "data set": dataset.name, classes: dataset.classes.join(", "), samples: sizes.join(", ") };
}

function describeModel(model) {
  return model
    ? { model: model.name, parameters: `${count(model.parameters)}, ${count(model.trainable)} trainable` }
    : {};
}

function fileList(files) {
  if (!files?.length) return el("p", { class: "muted" }, "No files yet.");
  const rows = files.map(({ name, size, url }) =>
    el("li", {}, el("a", { href: url, download: true }, name), el("span", { class: "muted" }, bytes(size))),
  );
  return el("ul", { class: "files", "aria-label": plural(files.length, "file") }, ...rows);
}
