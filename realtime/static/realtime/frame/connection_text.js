// How up to date the page is, in words. Pure.

import { duration, plural } from "./format.js";

/** @typedef {import("../events/connection_state").ConnectionState} ConnectionState */

const QUIET_SECONDS = 30;
const STALE_SECONDS = 10;

/**
 * Return the kind of the message, which gives its colour, its text, and the link that helps.
 *
 * @param {ConnectionState} state
 * @param {{running?: boolean, ended?: boolean}} run
 * @param {number} [now] milliseconds
 * @returns {{kind: "wait" | "live" | "ended" | "stale" | "gone", text: string, link?: "login" | "reload" | "runs"}}
 */
export function connectionText(state, run, now = Date.now()) {
  switch (state.kind) {
    case "connecting":
      return { kind: "wait", text: "Connecting…" };
    case "catching-up":
      return { kind: "wait", text: `Catching up: ${plural(state.behind, "event")} to go` };
    case "live":
    case "polling":
      return connectedText(state, run, now);
    case "reconnecting":
      return reconnectingText(state, now);
    case "logged-out":
      return { kind: "stale", text: "Stale: you are logged out.", link: "login" };
    case "gone":
      return { kind: "gone", text: state.words ?? "Deleted: no more events" };
    case "missing":
      return { kind: "gone", text: "Deleted, or you may no longer see it" };
    case "withdrawn":
      return { kind: "gone", text: "You may no longer see this run", link: "runs" };
    default:
      return { kind: "stale", text: "Stale: the server refuses this page.", link: "reload" };
  }
}

/**
 * @param {ConnectionState} state
 * @param {{running?: boolean, ended?: boolean}} run
 * @param {number} now
 * @returns {{kind: "live" | "ended" | "stale", text: string}}
 */
function connectedText({ kind, quiet, caughtUp }, { running, ended }, now) {
  if (caughtUp && caughtUp.until > now) {
    const again = caughtUp.slept ? "Awake" : "Connected";
    return { kind: "live", text: `${again} again: caught up ${plural(caughtUp.events, "event")}` };
  }
  if (ended) return { kind: "ended", text: "Ended, all events received" };
  if (running && quiet !== undefined && quiet >= QUIET_SECONDS) {
    const cause = "The server has no news of this run either and is asked again every few seconds.";
    return { kind: "stale", text: `Stale: nothing heard for ${duration(quiet)}. ${cause}` };
  }
  return { kind: "live", text: kind === "live" ? "Live" : "Live, without WebSocket" };
}

/**
 * @param {ConnectionState} state
 * @param {number} now
 * @returns {{kind: "wait" | "stale", text: string}}
 */
function reconnectingText({ since, at }, now) {
  const lost = Math.round((now - (since ?? now)) / 1000);
  const wait = Math.max(0, Math.ceil(((at ?? now) - now) / 1000));
  const trying = wait ? `Trying again in ${wait} s` : "Trying again";
  if (lost < STALE_SECONDS) return { kind: "wait", text: `Reconnecting… ${trying}` };
  const missed = "what is missed meanwhile will be caught up.";
  return { kind: "stale", text: `Stale: no connection for ${duration(lost)}. ${trying}; ${missed}` };
}
