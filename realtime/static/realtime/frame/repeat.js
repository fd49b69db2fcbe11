// Asks again and again, for pages that have no socket.

import { statusOf } from "./api.js";

/**
 * Call `work` again after the milliseconds that it returns, and report the state of the connection; null is good.
 * Return a function that calls it at once.
 *
 * @param {() => Promise<number>} work
 * @param {(state: import("../events/connection_state").ConnectionState | null) => void} report
 */
export function repeat(work, report) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {number | null} */
  let lostAt = null;
  const schedule = (/** @type {number} */ delay) => (timer = setTimeout(turn, delay));
  async function turn() {
    clearTimeout(timer);
    try {
      schedule(await work());
      lostAt = null;
      report(null);
    } catch (error) {
      const status = statusOf(error);
      if (status !== undefined && status < 500) return report({ kind: status === 404 ? "missing" : "logged-out" });
      lostAt ??= Date.now();
      report({ kind: "reconnecting", since: lostAt, at: Date.now() + 3000 });
      schedule(3000);
    }
  }
  turn();
  return turn;
}
