// Which runs are selected, across the pages of the list. Pure.

/** @typedef {{id: number, [field: string]: any}} Run */

export class Selection {
  /** @type {Map<number, Run>} each as it was when it was selected */
  runs = new Map();
  /** @type {number | null} */
  #last = null;

  /**
   * @param {() => Run[]} order the runs of the page from top to bottom, for a click with Shift
   * @param {() => void} onChange
   */
  constructor(order, onChange) {
    this.order = order;
    this.onChange = onChange;
  }

  /** @param {number} id */
  has(id) {
    return this.runs.has(id);
  }

  get ids() {
    return [...this.runs.keys()];
  }

  /**
   * Select or deselect a run; with Shift all runs from the one of the last click to this one.
   *
   * @param {Run} run
   * @param {{shiftKey?: boolean}} [event]
   */
  click(run, { shiftKey = false } = {}) {
    const wanted = !this.has(run.id);
    const page = this.order();
    const [from, to] = [this.#last, run.id]
      .map((id) => page.findIndex((other) => other.id === id))
      .sort((a, b) => a - b);
    const touched = shiftKey && from >= 0 ? page.slice(from, to + 1) : [run];
    this.#last = run.id;
    this.all(touched, wanted);
  }

  /**
   * @param {Run[]} runs
   * @param {boolean} wanted
   */
  all(runs, wanted) {
    for (const run of runs) {
      if (wanted) this.runs.set(run.id, run);
      else this.runs.delete(run.id);
    }
    this.onChange();
  }

  /** @param {Run} run */
  update(run) {
    if (this.has(run.id)) this.runs.set(run.id, run);
  }

  clear() {
    this.runs.clear();
    this.onChange();
  }
}
