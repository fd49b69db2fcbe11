// The questions that the data raise, with their choices as buttons: a choice sets options of the form.

import { arrange, el, setText } from "../../realtime/frame/dom.js";
import { call } from "../../realtime/frame/api.js";
import { plural } from "../../realtime/frame/format.js";
import { questionGroup } from "../../realtime/reading/questions.js";
import { choiceMade, choose, fieldOf, keyOf, valueOf, withdraw } from "./answers.js";
import { same } from "./values.js";

export class Questions {
  #shown = new Map(); // key -> {question, before, node, buttons, undo}
  #source = null; // the data that raise them

  // `onAnswer(paths)`: the options that a choice, or its withdrawal, has changed.
  constructor(place, request, onAnswer) {
    Object.assign(this, { place, request, onAnswer });
  }

  // Those of a report, or of a refusal. Answered ones stay, so that they can be changed.
  show(questions) {
    this.#source = this.request.text("source_path");
    const asked = new Map(questions.map((question) => [keyOf(question), question]));
    for (const [key, { question }] of this.#shown)
      if (!asked.has(key) && !choiceMade(this.request, question)) this.#shown.delete(key);
    for (const [key, question] of asked) if (!this.#shown.has(key)) this.#shown.set(key, this.#made(question));
    this.draw();
  }

  clear() {
    this.#shown.clear();
    this.draw();
  }

  // How many questions are open. Other data have other questions.
  draw() {
    if (this.#source !== this.request.text("source_path")) this.#shown.clear();
    for (const shown of this.#shown.values()) this.#mark(shown);
    arrange(
      this.place,
      [...this.#shown.values()].map(({ node }) => node),
    );
  }

  get open() {
    return [...this.#shown.values()].filter((shown) => !this.#isAnswered(shown));
  }

  get isEmpty() {
    return this.#shown.size === 0;
  }

  focusFirst() {
    this.open[0]?.node.focus();
  }

  // By one of its choices, or by another value of its option.
  #isAnswered({ question, before }) {
    return choiceMade(this.request, question) !== null || !same(valueOf(this.request, fieldOf(question)), before);
  }

  #made(question) {
    const shown = { question, before: valueOf(this.request, fieldOf(question)), buttons: new Map() };
    shown.undo = el("button", { type: "button", class: "quiet", click: () => this.#undo(shown) }, "Undo");
    shown.node = questionGroup(
      question,
      (choice, content) => {
        const button = el(
          "button",
          { type: "button", class: "choice", "aria-pressed": "false", click: () => this.#choose(shown, choice) },
          ...content,
        );
        shown.buttons.set(choice, button);
        return button;
      },
      shown.undo,
    );
    return shown;
  }

  #mark(shown) {
    const made = choiceMade(this.request, shown.question);
    for (const [choice, button] of shown.buttons) button.setAttribute("aria-pressed", String(choice === made));
    shown.node.classList.toggle("answered", this.#isAnswered(shown));
    shown.undo.hidden = made === null;
  }

  #choose({ question }, choice) {
    if (choiceMade(this.request, question) === choice) return;
    choose(this.request, question, choice);
    this.onAnswer(Object.keys(choice.options));
  }

  #undo({ question, buttons }) {
    const made = choiceMade(this.request, question);
    withdraw(this.request, made);
    buttons.get(made).focus(); // the button to undo disappears
    this.onAnswer(Object.keys(made.options));
  }
}

// A data set that is chosen brings the reading of its own report, with its questions, before anything is checked.
export class KnownReadings {
  constructor(datasets, request, questions) {
    Object.assign(this, { datasets, request, questions, source: request.text("source_path") });
  }

  // `onReading(reading)`: null while none is known; `onQuestions()` when there are some.
  async follow(onReading, onQuestions) {
    const source = this.request.text("source_path");
    if (source === this.source) return;
    this.source = source;
    onReading(null);
    const dataset = this.datasets.find((one) => one.source_path === source);
    if (!dataset?.report) return;
    const { preflight } = await call(dataset.links.self).catch(() => ({}));
    if (this.request.text("source_path") !== source) return;
    onReading(preflight?.reading);
    if (!preflight?.reading?.questions.length || !this.questions.isEmpty) return;
    this.questions.show(preflight.reading.questions);
    onQuestions();
  }
}

// What the button that starts a training says.
export function labelStart(button, open) {
  setText(button, open ? `Answer ${plural(open, "question")} to start` : "Start training");
}
