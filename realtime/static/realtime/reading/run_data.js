// How the data of a run were read, in short, on its page. Loaded when the page has drawn what is live.

import { call } from "../frame/api.js";
import { arrange, el } from "../frame/dom.js";
import { factNodes } from "./fact_list.js";
import { linkedQuestions } from "./questions.js";
import { isKnown, readingFacts } from "./reading_text.js";
import { readingParts } from "./reading_view.js";

const find = (id) => document.getElementById(id);
let drawn = null; // the attempt whose reading is shown
let asking = false;

// Asks until there is one: the training writes it when its data are read. A resumed run reads its data again. A queued
// run has read none.
export async function drawRunData({ links, id }, state) {
  find("data-questions").hidden = state.status !== "failed"; // they have ended it
  const { attempt } = state;
  if (asking || drawn === attempt || state.deleted) return;
  asking = true;
  try {
    const { reading } = await call(links.reading);
    if (!isKnown(reading)) return;
    drawn = attempt; // if there is another one by now, its reading is asked for with what happens next
    arrange(find("data-questions"), linkedQuestions(reading.questions, `from=${id}`));
    arrange(find("data-facts"), factNodes(readingFacts(reading)));
    drawWhole(find("data-whole"), reading);
    find("data").hidden = false;
  } catch {
    // it is asked for again with whatever happens next
  } finally {
    asking = false;
  }
}

function drawWhole(details, reading) {
  details.querySelector(".reading")?.remove();
  details.append(el("div", { class: "reading" }, ...readingParts(reading)));
}
