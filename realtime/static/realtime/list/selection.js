// Which runs are selected, from page to page of the list.

export class Selection {
  runs = new Map(); // run id -> its summary as it was when it was selected
  #last = null;

  // `order()`: the runs of the page from top to bottom, for a click with Shift.
  constructor(order, onChange) {
    Object.assign(this, { order, onChange });
  }

  has(id) {
    return this.runs.has(id);
  }

  get ids() {
    return [...this.runs.keys()];
  }

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

  all(runs, wanted) {
    for (const run of runs) {
      if (wanted) this.runs.set(run.id, run);
      else this.runs.delete(run.id);
    }
    this.onChange();
  }

  update(run) {
    if (this.has(run.id)) this.runs.set(run.id, run);
  }

  clear() {
    this.runs.clear();
    this.onChange();
  }
}
