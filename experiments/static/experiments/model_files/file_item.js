// One model file in the list: what it is, whether the run still decides as it does, and its downloads.

import { el } from "../../realtime/frame/dom.js";
import { bytes, dateTime } from "../../realtime/frame/format.js";

/**
 * @typedef {{
 *   name: string, format: string, kind: string, bytes: number, sha256: string, licence: string, outdated: boolean,
 *   deviation: number, samples: number, created_at: string | null, links: {file: string, package: string},
 *   decides_by: {threshold: number | null, log_odds: number | null},
 * }} ModelFile as the API describes it
 */

const FORMATS = /** @type {Record<string, string>} */ ({ onnx: "ONNX", pt2: "PyTorch" });
const OUTDATED = "Outdated: the run decides otherwise now";

/** @param {ModelFile} file */
export function fileItem(file) {
  const state = el(
    "span",
    { class: file.outdated ? "model-file-state outdated" : "model-file-state" },
    file.outdated ? OUTDATED : "Up to date",
  );
  return el(
    "li",
    {},
    el("div", { class: "model-file-head" }, el("b", {}, file.name), state),
    el("p", { class: "model-file-facts" }, factsOf(file)),
    el("p", { class: "model-file-facts" }, `Licence: ${file.licence}`),
    el("p", { class: "model-file-hash" }, "SHA-256 ", el("code", {}, file.sha256)),
    el(
      "p",
      { class: "model-file-links" },
      el("a", { class: "button", href: file.links.file }, "Download the file"),
      el("a", { class: "button", href: file.links.package }, packageWords(file)),
    ),
  );
}

/** @param {ModelFile} file */
function factsOf(file) {
  return [
    FORMATS[file.format] ?? file.format,
    bytes(file.bytes),
    file.created_at ? `made ${dateTime(file.created_at)}` : null,
    decisionOf(file.decides_by),
    comparedWords(file),
  ]
    .filter(Boolean)
    .join(" · ");
}

/** @param {ModelFile["decides_by"]} by */
function decisionOf({ threshold, log_odds: logOdds }) {
  if (typeof logOdds === "number") return `decides at a logit of ${logOdds.toPrecision(6)}`;
  return typeof threshold === "number" ? `decides at a score of ${Number(threshold.toPrecision(6))}` : null;
}

/** @param {ModelFile} file */
function comparedWords({ samples, deviation }) {
  const found = deviation === 0 ? "scores are the same" : `scores differ by at most ${deviation.toExponential(0)}`;
  return `compared with the network on ${samples} samples: ${found}`;
}

/** @param {ModelFile} file */
const packageWords = (file) => (file.format === "onnx" ? "With script and text (.zip)" : "With a text (.zip)");
