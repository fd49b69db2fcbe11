// Fills in the form from pasted JSON.

import { setText } from "../../realtime/frame/dom.js";

const find = (id) => document.getElementById(id);

export function setUpPasting(request, filled) {
  const [dialog, text] = [find("paste-dialog"), find("paste-text")];
  find("paste").addEventListener("click", () => {
    showProblem(null);
    dialog.showModal();
    text.focus();
  });
  find("paste-do").addEventListener("click", () => {
    const fault = fill(request, text.value);
    showProblem(fault);
    if (fault) return text.focus();
    dialog.close();
    filled();
  });
}

function fill(request, text) {
  let config;
  try {
    config = JSON.parse(text);
  } catch (error) {
    return `This is not JSON: ${error.message}`;
  }
  if (config === null || typeof config !== "object" || Array.isArray(config))
    return "This must be a JSON object, in braces.";
  const unknown = request.fill(config);
  return unknown.length ? `There is no option ${unknown.join(", ")}; remove it. Nothing was filled in.` : null;
}

function showProblem(fault) {
  find("paste-problem").hidden = !fault;
  setText(find("paste-problem"), fault ?? "");
}
