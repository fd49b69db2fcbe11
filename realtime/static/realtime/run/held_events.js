// Events that arrive while the page waits for an answer of the server: held, in their order, until it is there. Pure.

/** @typedef {import("../events/event_types").StreamItem} StreamItem */

const MOST = 5000; // the newest are kept; the snapshot that is on its way contains the others

export class HeldEvents {
  /** @type {StreamItem[]} */
  #items = [];

  /** @param {StreamItem[]} items */
  add(items) {
    this.#items.push(...items);
    if (this.#items.length > MOST) this.#items.splice(0, this.#items.length - MOST);
  }

  /**
   * Hold these items instead of all others.
   *
   * @param {StreamItem[]} items
   */
  restart(items) {
    this.#items = [...items];
  }

  /** Return all held items, and hold none. */
  release() {
    const items = this.#items;
    this.#items = [];
    return items;
  }
}
