// Events that are too large for a WebSocket message come as links. Each is fetched, and what follows it waits.

/** @typedef {import("./event_types").StreamItem} StreamItem */
/** @typedef {{ type: "large", seq: number, url: string }} LargeEvent */

/** @type {(item: StreamItem | LargeEvent) => item is LargeEvent} */
const isLarge = (item) => item.type === "large";

export class LargeEvents {
  /** @type {Promise<void> | null} the last of what waits */
  fetching = null;

  /**
   * @param {(url: string) => Promise<{ events: any[] }>} get fetches a page of the journal
   * @param {(items: StreamItem[]) => void} onItems gets everything in order
   * @param {(error: unknown) => void} onError gets what a fetch failed of
   */
  constructor(get, onItems, onError) {
    this.get = get;
    this.onItems = onItems;
    this.onError = onError;
  }

  /** @param {(StreamItem | LargeEvent)[]} items */
  receive(items) {
    if (!this.fetching && !items.some(isLarge)) return this.onItems(/** @type {StreamItem[]} */ (items));
    const turn = Promise.resolve(this.fetching)
      .then(() => Promise.all(items.map((item) => (isLarge(item) ? this.#fetch(item) : item))))
      .then((whole) => {
        if (this.fetching === turn) this.fetching = null;
        this.onItems(whole);
      });
    this.fetching = turn;
    turn.catch(this.onError);
  }

  // An event that was pruned meanwhile is skipped.
  /** @param {LargeEvent} item */
  async #fetch({ seq, url }) {
    const { events } = await this.get(url);
    return events.find((event) => event.seq === seq) ?? { type: "skipped", from: seq, to: seq };
  }
}
