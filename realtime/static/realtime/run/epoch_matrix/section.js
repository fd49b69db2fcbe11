// The validation matrix of each epoch, chosen with a slider. Loaded when a run has an epoch; its data are fetched when
// the section comes near the screen, once, and of a long run the epochs between when they are chosen.

import { drawMatrix, drawPairs } from "../../charts/matrix.js";
import { call } from "../../frame/api.js";
import { el, setText } from "../../frame/dom.js";
import { ENDED, epochNumber } from "../../frame/format.js";
import { EpochFrames, frameText, mistakesOf, noMatrixText, pairsCaption, rowsOf } from "./epoch_frames.js";

const [ASK_DELAY, NEAR] = [120, "400px"]; // milliseconds: while the slider is drawn, not each epoch is asked for

const find = (id) => document.getElementById(`epoch-matrix${id}`);
let section = null;

export function drawEpochMatrix(state) {
  section ??= new EpochMatrixSection(state);
  section.update();
}

class EpochMatrixSection {
  #frames = new EpochFrames();
  #attempt = null; // whose matrices are known
  #near = false;
  #hasNone = false; // an ended run that is older than matrices of several classes
  #asking;
  #drawn = "";

  constructor(state) {
    Object.assign(this, { state, root: find(""), slider: find("-slider"), place: find("-place") });
    this.slider.addEventListener("input", () => this.#move(Number(this.slider.value) - 1));
    find("-best").addEventListener("click", () => this.#move(this.#frames.best));
    find("-last").addEventListener("click", () => this.#move(this.#frames.last));
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        observer.disconnect();
        this.#near = true;
        this.update();
      },
      { rootMargin: NEAR },
    );
    observer.observe(this.root);
  }

  get #live() {
    return !ENDED.has(this.state.status);
  }

  // An epoch has ended, or all is known again after a resume.
  update() {
    const { attempt, bestEpoch, epochs, dataset } = this.state;
    if (this.#attempt === null) this.root.hidden = !dataset?.classes?.length;
    if (!this.#near) return;
    if (this.#attempt !== attempt) return this.#load(attempt);
    if (this.#hasNone) return;
    const newest = epochs.last(2).findLast((epoch) => epochs.value(epoch, "val_loss") !== undefined);
    if (newest !== undefined && this.#frames.extend(newest, bestEpoch)) this.#askSoon();
    this.#draw();
  }

  async #load(attempt) {
    this.#attempt = attempt;
    const found = await call(this.root.dataset.api).catch(() => null);
    if (attempt !== this.#attempt) return; // the run has begun again meanwhile
    if (!found) return (this.#attempt = null); // the server is away: with the next epoch again
    this.#frames.load(found, { live: this.#live });
    this.#hasNone = this.#frames.isEmpty && !this.#live;
    this.#draw();
  }

  #move(epoch) {
    this.#frames.move(epoch);
    if (!this.#frames.isKnown) this.#askSoon();
    this.#draw();
  }

  #askSoon() {
    clearTimeout(this.#asking);
    this.#asking = setTimeout(() => this.#ask(), ASK_DELAY);
  }

  async #ask() {
    if (this.#frames.isKnown) return;
    const { at: epoch } = this.#frames;
    const attempt = this.#attempt;
    const answer = await call(`${this.root.dataset.api}?epoch=${epoch}`).catch(() => null); // the server is away
    if (attempt !== this.#attempt) return;
    if (answer) this.#frames.add(answer);
    this.#draw();
  }

  #draw() {
    const frames = this.#frames;
    this.root.hidden = frames.isEmpty;
    if (frames.isEmpty) return;
    find("-scrubbing").hidden = this.place.hidden = frames.hasNoMatrix;
    if (frames.hasNoMatrix) return setText(find("-words"), noMatrixText(frames));
    const { at, first, last, best, bestAt, matrix } = frames;
    Object.assign(this.slider, { min: first + 1, max: last + 1, disabled: false });
    this.slider.value = at + 1;
    const words = frameText(frames, this.#live);
    this.slider.setAttribute("aria-valuetext", words);
    find("-mark").hidden = bestAt === null;
    find("-mark").style.setProperty("--at", String(bestAt ?? 0));
    find("-best").disabled = bestAt === null || at === best;
    find("-last").disabled = at === last;
    setText(find("-words"), words);
    this.place.toggleAttribute("aria-busy", matrix === undefined);
    const key = `${this.#attempt} ${at} ${matrix === null}`;
    if (matrix === undefined || key === this.#drawn) return;
    this.#drawn = key;
    this.place.replaceChildren(matrix ? this.#table(matrix) : el("p", { class: "empty" }, "No matrix of this epoch"));
  }

  #table(matrix) {
    const { names, at } = this.#frames;
    if (!matrix.cells.length) return drawPairs(mistakesOf(matrix), names, pairsCaption(matrix));
    const of = `validation, epoch ${epochNumber(at)}`;
    return drawMatrix({ confusion_matrix: rowsOf(matrix), class_names: names }, of);
  }
}
