// What a pre-flight report says of a training, and how grave each finding is, as words and colours.

import { el } from "../../realtime/frame/dom.js";

// Verdict -> [colour of the pill, title, words]
export const VERDICTS = {
  ready: ["completed", "Ready", "Nothing speaks against this training."],
  warnings: ["cancelling", "Ready, with warnings", "It may train, and this should be known:"],
  blocked: ["failed", "Blocked", "This training does not start as it is:"],
};

// Level -> kind of the notice; the gravest first.
export const NOTICES = { blocks: "failed", warning: "warning", info: "info" };

export const findingNotice = ({ level, text, code }) =>
  el("div", { class: `notice ${NOTICES[level]}`, role: level === "blocks" ? "alert" : null, "data-code": code }, text);
