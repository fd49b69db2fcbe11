// Questions about data as groups of choices, each with what it means.

import { el } from "../frame/dom.js";
import { formAddress, optionsText } from "./answers.js";

let numbered = 0; // groups on this page: each has a label of its own

// `choiceNode(choice, content)` makes the control of one choice, `head` what follows the question's text.
export function questionGroup(question, choiceNode, head = null) {
  const id = `question-${++numbered}`;
  return el(
    "div",
    { class: "question", role: "group", "aria-labelledby": id, "data-code": question.code, tabindex: "-1" },
    el("div", { class: "question-head" }, el("p", { id }, question.text), head),
    el(
      "ul",
      { class: "choices" },
      ...question.choices.map((choice, at) => el("li", {}, choiceNode(choice, choiceContent(choice, at)))),
    ),
  );
}

// A page without a form leads to it: each choice is a link that sets its options there.
export const linkedQuestions = (questions, origin) =>
  questions.map((question) =>
    questionGroup(question, (choice, content) =>
      el("a", { class: "choice", href: formAddress(origin, choice.options) }, ...content),
    ),
  );

function choiceContent({ options, consequence }, at) {
  return [
    el("span", {}, consequence),
    el("code", {}, optionsText(options)),
    at === 0 ? el("small", {}, "Assumed until answered") : null,
  ];
}
