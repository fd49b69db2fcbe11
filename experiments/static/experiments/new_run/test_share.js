// The share of samples that the form keeps for the test, unless the reader says another. The API keeps none. Pure.

export const PATH = "data.test_fraction";

/** @typedef {import("./request.js").Request} Request */

/**
 * @typedef {object} Rule as the API has it
 * @property {number} share
 * @property {number} least samples of each class, and patients, from which on that share is kept
 */

/**
 * @typedef {object} Facts what is known of the chosen data
 * @property {{name: string, samples: number}[] | null} [classes] null where nothing is known before a check
 * @property {number | null} [patients]
 */

/**
 * Return the share for such data as the text of its field, and the reason.
 *
 * @param {Facts} facts
 * @param {Rule} rule
 */
export function shareOf({ classes, patients }, { share, least: needed }) {
  if (!classes?.length) return { text: "", why: "" };
  const least = Math.min(...classes.map(({ samples }) => samples));
  const { name } = classes.find(({ samples }) => samples === least) ?? classes[0];
  if (patients !== null && patients !== undefined && patients < needed)
    return { text: "", why: tooFew(`there are ${patients} patients`) };
  if (least < needed) return { text: "", why: tooFew(`the class ${name} has ${least} samples`) };
  const kept = `${share} is set here, as each class has at least ${needed} samples, enough for a test.`;
  return { text: String(share), why: `${kept} Over the API nothing is kept unless it is asked for.` };
}

/** @param {string} what */
const tooFew = (what) =>
  `Nothing is kept for a test: ${what}, and a test of so few would say little. Cross-validation (folds) evaluates all.`;

export class TestShare {
  /** @type {string | null} what was set here last; null before anything was */
  #given = null;
  #rule;
  #isDraft;

  /**
   * @param {Rule} rule
   * @param {boolean} isDraft whether the request was typed before, and what differs is the reader's choice
   */
  constructor(rule, isDraft) {
    this.#rule = rule;
    this.#isDraft = isDraft;
  }

  /** Begin again: the form has what it had at first. */
  restart() {
    this.#given = null;
    this.#isDraft = false;
  }

  /**
   * Set the share that fits the data, unless the reader changed it. Return what to say about it.
   *
   * @param {Request} request
   * @param {Facts} facts
   */
  follow(request, facts) {
    const { text, why } = shareOf(facts, this.#rule);
    this.#given ??= this.#isDraft ? text : "";
    if (request.text(PATH) !== this.#given) return "";
    request.set(PATH, text);
    this.#given = text;
    return why;
  }
}
