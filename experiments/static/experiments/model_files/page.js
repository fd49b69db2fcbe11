// The page of a run's model files: lists those that there are, asks for others and waits for them.

import { call, errorText } from "../../realtime/frame/api.js";
import { setText } from "../../realtime/frame/dom.js";
import { JobProgress } from "../model_jobs/job_progress.js";
import { fileItem } from "./file_item.js";

/** @typedef {import("../model_jobs/job_text.js").ModelJob} ModelJob */

/**
 * @param {string} id
 * @returns {any}
 */
const find = (id) => document.getElementById(id);
const NONE = "No file has been made of this model yet, or those that were have been removed.";

const api = find("files").dataset.api;
const form = find("make");
const progress = find("job") ? new JobProgress(find("job"), { onDone: () => load(), onEnd: () => wait(false) }) : null;

async function load() {
  try {
    const { files, jobs } = await call(api);
    show(files);
    if (jobs.length && progress) follow(jobs[0]);
  } catch (error) {
    setText(find("files-words"), errorText(error));
  }
}

/** @param {import("./file_item.js").ModelFile[]} files */
function show(files) {
  setText(find("files-words"), files.length ? "" : NONE);
  find("files-words").hidden = files.length > 0;
  find("file-list").replaceChildren(...files.map(fileItem));
  const onnx = files.find((file) => file.format === "onnx");
  if (!onnx) return;
  setText(find("model-name"), onnx.name);
  setText(find("model-given"), onnx.kind === "table" ? "rows.csv" : "image.png");
}

/** @param {Event} event */
async function make(event) {
  event.preventDefault();
  wait(true);
  say("");
  try {
    const { file, job } = await call(api, { method: "POST", json: Object.fromEntries(new FormData(form)) });
    if (file) {
      wait(false);
      say(`${file.name} is there already, and holds what the run says now.`);
      await load();
    } else follow(job);
  } catch (error) {
    wait(false);
    say(errorText(error), true);
  }
}

/** @param {ModelJob} job */
function follow(job) {
  wait(true);
  progress?.follow(job);
}

/** @param {boolean} waits */
function wait(waits) {
  if (form) form.querySelector("button").disabled = waits;
}

/**
 * @param {string} text
 * @param {boolean} [isProblem]
 */
function say(text, isProblem = false) {
  find("make-words").classList.toggle("problem", isProblem);
  setText(find("make-words"), text);
}

form?.addEventListener("submit", make);
load();
