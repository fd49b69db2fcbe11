// Lets the final result count patients instead of samples. Loaded when a split has patients with several samples.

import { drawResults } from "../../charts/matrix.js";
import { arrange, el } from "../../frame/dom.js";
import { byPatient } from "./patient_text.js";

const CHOICES = [
  ["Per sample", false],
  ["Per patient", true],
];
let perPatient = false;

export function drawSwitch(container, finals, labels) {
  const draw = () => {
    drawResults(document.getElementById("results"), document.getElementById("splits"), shown(finals), labels);
    for (const button of container.querySelectorAll("button"))
      button.setAttribute("aria-pressed", String((button.dataset.by === "patient") === perPatient));
  };
  arrange(
    container,
    CHOICES.map(([text, chosen]) => choice(text, chosen, draw)),
  );
  container.hidden = false;
  draw();
}

const shown = (finals) => (perPatient ? byPatient(finals) : finals);

function choice(text, chosen, draw) {
  const button = el("button", { type: "button", "data-by": chosen ? "patient" : "sample" }, text);
  button.addEventListener("click", () => {
    perPatient = chosen;
    draw();
  });
  return button;
}
