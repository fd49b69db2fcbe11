// How fresh the page is, in words.

import { arrange, el } from "./dom.js";
import { duration, plural } from "./format.js";

const QUIET_SECONDS = 30;
const STALE_SECONDS = 10;

const login = () => `/login/?next=${encodeURIComponent(location.pathname + location.search)}`;

// -> [kind for the colour, words, link or null]
function words(state, { running, ended }) {
  const now = Date.now();
  switch (state.kind) {
    case "connecting":
      return ["wait", "Connecting…"];
    case "catching-up":
      return ["wait", `Catching up: ${plural(state.behind, "event")} to go`];
    case "live":
    case "polling":
      if (state.caughtUp?.until > now)
        return [
          "live",
          `${state.caughtUp.slept ? "Awake" : "Connected"} again: caught up ${plural(state.caughtUp.events, "event")}`,
        ];
      if (ended) return ["live", "Complete: nothing more to come"];
      if (running && state.quiet >= QUIET_SECONDS)
        return [
          "stale",
          `Stale: nothing heard for ${duration(state.quiet)}. The server has no news of this run either and is asked again every few seconds.`,
        ];
      return ["live", state.kind === "live" ? "Live" : "Live, without WebSocket"];
    case "reconnecting": {
      const since = Math.round((now - state.since) / 1000);
      const wait = Math.max(0, Math.ceil((state.at - now) / 1000));
      const trying = wait ? `Trying again in ${wait} s` : "Trying again";
      return since < STALE_SECONDS
        ? ["wait", `Reconnecting… ${trying}`]
        : [
            "stale",
            `Stale: no connection for ${duration(since)}. ${trying}; what is missed meanwhile will be caught up.`,
          ];
    }
    case "logged-out":
      return ["stale", "Stale: you are logged out.", el("a", { href: login() }, "Log in again")];
    case "gone":
      return ["gone", state.words ?? "Deleted: nothing more to come"];
    default:
      return ["stale", "Stale: the server refuses this page.", el("a", { href: location.href }, "Load it again")];
  }
}

export function drawConnection(node, state, run) {
  const [kind, text, link] = words(state, run);
  const key = `${kind} ${text}`;
  if (node.dataset.said === key) return;
  node.dataset.said = key;
  node.className = `connection ${kind}`;
  arrange(node, [el("span", {}, text), ...(link ? [link] : [])]);
}
