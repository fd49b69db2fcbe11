// The verdict of a pre-flight report, and the severity of each finding, as words and colours.

import { el } from "../../realtime/frame/dom.js";

// Verdict -> [colour of the pill, title, words]
export const VERDICTS = {
  ready: ["completed", "Ready", "No problem was found."],
  warnings: ["cancelling", "Ready, with warnings", "It can train, but note:"],
  confirm: ["cancelling", "To be confirmed", "The data can be read in several ways; choose before training:"],
  blocked: ["failed", "Blocked", "This training cannot start as it is:"],
};

// Level -> kind of the notice; the most severe first.
export const NOTICES = { blocks: "failed", confirm: "warning", warning: "warning", info: "info" };

export const findingNotice = ({ level, text, code }) =>
  el("div", { class: `notice ${NOTICES[level]}`, role: level === "blocks" ? "alert" : null, "data-code": code }, text);
