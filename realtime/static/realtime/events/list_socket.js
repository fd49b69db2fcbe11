// Changes of the runs that the reader may see, from ws/runs/, the state of the connection, and when to fetch again.

import { reconnectDelay } from "./backoff.js";
import { LiveSocket } from "./live_socket.js";
import { offWake, onWake } from "./wake_detector.js";

/** @type {Record<number, string>} */
const FINAL_CODES = { 4401: "logged-out", 4403: "refused" };

/**
 * Connect, and reconnect after each loss. Return a function that disconnects for good.
 *
 * @param {string} path
 * @param {object} handlers
 * @param {(item: any) => void} handlers.onItem
 * @param {(state: import("./connection_state").ConnectionState) => void} handlers.onState
 * @param {(first: boolean) => void} handlers.onMissed the server sends changes from now on, on the first connection or
 *   after a loss: what happened between an answer that came before and this is not sent
 * @param {() => unknown} [handlers.onAccessChanged] the reader's rights are others: fetch again what is shown
 */
export function connectListSocket(path, { onItem, onState, onMissed, onAccessChanged = () => onMissed(false) }) {
  let failures = 0;
  let first = true;
  /** @type {number | null} */
  let lostAt = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {LiveSocket} */
  let socket;
  const connect = () => {
    timer = undefined;
    let joined = false; // known by what comes: the server accepts a connection before it looks at who may see what
    socket = new LiveSocket(path, {
      onOpen() {},
      onItems(items) {
        items.forEach((item) => (item.type === "access_changed" ? onAccessChanged() : onItem(item)));
        if (joined) return;
        joined = true;
        [failures, lostAt] = [0, null];
        onState({ kind: "live", quiet: 0 });
        if (!items.some(({ type }) => type === "access_changed")) onMissed(first);
        first = false;
      },
      onEnd(code, since) {
        const final = code === undefined ? undefined : FINAL_CODES[code];
        if (final) return onState({ kind: final });
        lostAt ??= since;
        const delay = reconnectDelay(failures++);
        onState({ kind: "reconnecting", since: lostAt, at: Date.now() + delay });
        timer = setTimeout(connect, delay);
      },
    });
  };
  // Online, awake or visible again: there is no reason to wait any longer.
  const hurry = () => {
    failures = 0;
    if (!timer || document.hidden) return;
    clearTimeout(timer);
    connect();
  };
  onWake(hurry);
  connect();
  return () => {
    clearTimeout(timer);
    offWake(hurry);
    socket.close();
  };
}
