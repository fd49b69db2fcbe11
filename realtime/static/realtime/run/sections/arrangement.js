// Which parts of the page stand where: an ended run begins with its result, one that trains with its progress.

import { setText } from "../../frame/dom.js";

const find = (id) => document.getElementById(id);

export class Arrangement {
  #unfolded = false; // by the reader
  #ended = null;
  #leads = true; // whether any of the first curves has a value

  constructor() {
    find("all-curves").addEventListener("click", () => this.#fold(this.#unfolded));
  }

  // Hints stand next to the curves while the run trains, and before them when it has ended: then the first curves say
  // most, and the others are one press away; where no epoch has a number, the others are all there is.
  draw(ended) {
    const leads = !find("lead-curves").children.length || find("lead-curves").matches(":has(> :not([hidden]))");
    if (this.#ended === ended && this.#leads === leads) return;
    this.#ended = ended;
    this.#leads = leads;
    if (ended) find("curves-part").before(find("hints"));
    else find("health-place").append(find("hints"));
    find("all-curves").hidden = !ended || !leads;
    find("epochs").hidden = ended && !leads;
    this.#fold(ended && leads && !this.#unfolded);
  }

  #fold(folded) {
    this.#unfolded = this.#ended && !folded;
    find("curves").classList.toggle("folded", folded);
    find("all-curves").setAttribute("aria-expanded", String(!folded));
    setText(find("all-curves"), folded ? "All curves" : "Fewer curves");
  }

  // The matrix of more than two classes answers more than one class against the rest.
  placeResults(many) {
    const results = find("results");
    const place = find(many ? "result" : "statistics");
    if (place !== results.parentElement) place.prepend(results);
    // The errors are of all classes, not of the one that is tried. What moves loses the reader's focus.
    if (many && results.nextElementSibling !== find("errors")) results.after(find("errors"));
    setText(results.querySelector("h2"), many ? "Result" : "Statistics of each split");
    setText(find("evaluation-title"), many ? "One class against the rest" : "Result");
  }
}
