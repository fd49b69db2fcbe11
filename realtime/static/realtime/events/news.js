// News of all runs, from ws/runs/: tells of each item, of the state of the connection, and when what was missed must be fetched.
// Returns what ends it.

import { Line } from "./line.js";
import { offWake, onWake } from "./waking.js";

const FIRST_DELAY = 500;
export const LONGEST_DELAY = 5_000;
const FINAL_CODES = { 4401: "logged-out", 4403: "refused" };

export function follow(path, { onItem, onState, onMissed }) {
  let [failures, lostAt, line, timer] = [0, null, null, null];
  const connect = () => {
    timer = null;
    line = new Line(path, {
      onOpen() {
        if (lostAt) onMissed(); // what ended meanwhile is not told again
        [failures, lostAt] = [0, null];
        onState({ kind: "live", quiet: 0 });
      },
      onItems: (items) => items.forEach(onItem),
      onEnd(code, since) {
        if (FINAL_CODES[code]) return onState({ kind: FINAL_CODES[code] });
        lostAt ??= since;
        const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** failures++) * (0.75 + Math.random() / 2);
        onState({ kind: "reconnecting", since: lostAt, at: Date.now() + delay });
        timer = setTimeout(connect, delay);
      },
    });
  };
  // Back online, awake, or looked at again: no reason to wait any longer.
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
    line.close();
  };
}
