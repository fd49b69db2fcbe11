// Runs that match the filters, but are not among those on the page. Pure.

/**
 * @typedef {object} Run
 * @property {number} id
 * @property {string} status
 */

export class NewRuns {
  /** @type {Map<number, string>} the status in which each run, which is not shown, was received last */
  #received = new Map();
  /** @type {Set<number>} */
  #waiting = new Set();
  #newest;

  /** @param {number} newest the highest number of a run that the page knows of */
  constructor(newest) {
    this.#newest = newest;
  }

  /** The number of runs that wait to be shown. */
  get size() {
    return this.#waiting.size;
  }

  /**
   * Return whether this state of the run is received for the first time.
   *
   * @param {Run} run
   */
  isUpdate({ id, status }) {
    const update = this.#received.get(id) !== status;
    this.#received.set(id, status);
    return update;
  }

  /**
   * Add a run, and return whether it is newer than all that the page knows of; an older one is on another page.
   *
   * @param {Run} run
   */
  add({ id }) {
    if (id <= this.#newest) return false;
    this.#newest = id;
    this.#waiting.add(id);
    return true;
  }

  /**
   * Remove a run, and return whether it waited to be shown.
   *
   * @param {number} id
   */
  remove(id) {
    this.#received.delete(id);
    return this.#waiting.delete(id);
  }

  /** Forget what was received: another list is asked for. */
  forgetReceived() {
    this.#received.clear();
  }

  /**
   * Clear those that wait: the page shows the newest.
   *
   * @param {Iterable<number>} shown the numbers of the runs on the page
   */
  clear(shown) {
    this.#waiting.clear();
    this.#newest = Math.max(this.#newest, ...shown);
  }
}
