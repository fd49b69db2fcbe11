// News of all runs, from ws/runs/: tells of each item, of the state of the connection, and when what was missed must be fetched.
// Returns what ends it.

const FIRST_DELAY = 500;
export const LONGEST_DELAY = 10_000;
const FINAL_CODES = { 4401: "logged-out", 4403: "refused" };

export function follow(path, { onItem, onState, onMissed }) {
  const url = new URL(path, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  let [failures, lostAt, socket, ended] = [0, null, null, false];
  const connect = () => {
    if (ended) return;
    socket = new WebSocket(url);
    socket.onopen = () => {
      if (lostAt) onMissed(); // what ended meanwhile is not told again
      [failures, lostAt] = [0, null];
      onState({ kind: "live", quiet: 0 });
    };
    socket.onmessage = (message) => JSON.parse(message.data).forEach(onItem);
    socket.onclose = (event) => {
      if (ended) return;
      if (FINAL_CODES[event.code]) return onState({ kind: FINAL_CODES[event.code] });
      lostAt ??= Date.now();
      const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** failures++) * (0.75 + Math.random() / 2);
      onState({ kind: "reconnecting", since: lostAt, at: Date.now() + delay });
      setTimeout(connect, delay);
    };
  };
  connect();
  return () => {
    ended = true;
    socket.close();
  };
}
