// A WebSocket that detects its own death: a connection can break without a close, and a client would wait forever. A
// server that has been silent for too long is asked for a sign of life.

import { checkClock, offWake, onWake } from "./wake_detector.js";

const QUIET = 5000; // milliseconds without a message before the server is asked
const PATIENCE = 8000; // for its answer, and for a connection to open
const SHORT_PATIENCE = 3000; // after a sleep, when a dead connection is likely
const FRESH = 1500; // after a message this recent there is no need to ask
const TURN = 1000;

/** @typedef {{type: string, [field: string]: any}} Item */

/**
 * @typedef {object} SocketHandlers
 * @property {() => void} onOpen
 * @property {(items: any[]) => void} onItems
 * @property {(answer: Item) => void} [onPong]
 * @property {(code: number | undefined, since: number, reason?: string) => void} onEnd once
 */

export class LiveSocket {
  /** @type {number | null} */
  #askedAt = null;
  /** @type {number | null} */
  #openedAt = null;
  #patience = PATIENCE;
  #heardAt = Date.now();
  #startedAt = Date.now();
  #closed = false;

  /**
   * @param {string} path
   * @param {SocketHandlers} handlers
   */
  constructor(path, { onOpen, onItems, onPong = () => {}, onEnd }) {
    this.onItems = onItems;
    this.onPong = onPong;
    this.onEnd = onEnd;
    const url = new URL(path, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    this.socket = new WebSocket(url);
    this.socket.onopen = () => {
      this.#openedAt = this.#heardAt = Date.now();
      onOpen();
    };
    this.socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    this.socket.onclose = ({ code, reason }) => {
      checkClock();
      if (!this.#closed) this.#end(code, Date.now(), reason);
    };
    this.timer = setInterval(() => this.#watch(), TURN);
    this.onWoken = (/** @type {{slept: boolean}} */ { slept }) => this.#wake(slept);
    onWake(this.onWoken);
  }

  /** @param {object} message */
  send(message) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  /** Ask for a sign of life. Only one question is open at a time; a shorter patience applies to it too. */
  ask(patience = PATIENCE) {
    if (this.#askedAt !== null) {
      this.#patience = Math.min(this.#patience, Date.now() - this.#askedAt + patience);
      return;
    }
    this.#askedAt = Date.now();
    this.#patience = patience;
    this.send({ ping: true });
  }

  /** Close the connection without calling `onEnd`. */
  close() {
    const { socket } = this;
    this.#closed = true;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    clearInterval(this.timer);
    offWake(this.onWoken);
  }

  /** @param {Item[]} items */
  #receive(items) {
    checkClock();
    this.#heardAt = Date.now();
    this.#askedAt = null; // any message is a sign of life
    const pongs = items.filter(({ type }) => type === "pong");
    if (pongs.length < items.length) this.onItems(items.filter(({ type }) => type !== "pong"));
    pongs.forEach((pong) => this.onPong(pong));
  }

  #watch() {
    checkClock();
    const now = Date.now();
    if (this.#openedAt === null) {
      if (now - this.#startedAt > PATIENCE) this.#end(undefined, this.#startedAt);
    } else if (this.#askedAt !== null) {
      if (now - this.#askedAt > this.#patience) this.#end(undefined, this.#heardAt);
    } else if (now - this.#heardAt > QUIET) this.ask();
  }

  // A question from before a sleep proves nothing: its answer may lie here unread.
  /** @param {boolean} slept */
  #wake(slept) {
    if (this.#closed) return;
    if (this.#openedAt === null) {
      if (slept || Date.now() - this.#startedAt > FRESH) this.#end(undefined, this.#startedAt);
      return;
    }
    if (slept) this.#askedAt = null;
    if (Date.now() - this.#heardAt > FRESH) this.ask(SHORT_PATIENCE);
  }

  /**
   * @param {number | undefined} code
   * @param {number} since
   * @param {string} [reason]
   */
  #end(code, since, reason) {
    this.close();
    this.onEnd(code, since, reason);
  }
}
