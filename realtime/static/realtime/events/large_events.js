// Events that are too large for a WebSocket message come as links. Each is fetched, and what follows it waits.

const isLarge = ({ type }) => type === "large";

export class LargeEvents {
  // `get(url)` fetches a page of the journal. `onItems(items)` gets everything in order, `onError(error)` what a fetch failed of.
  constructor({ get, onItems, onError }) {
    Object.assign(this, { get, onItems, onError });
    this.fetching = null; // the last of what waits
  }

  receive(items) {
    if (!this.fetching && !items.some(isLarge)) return this.onItems(items);
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
  async #fetch({ seq, url }) {
    const { events } = await this.get(url);
    return events.find((event) => event.seq === seq) ?? { type: "skipped", from: seq, to: seq };
  }
}
