// How long ago something was, in words. Pure.

import { dateTime, plural, UNKNOWN } from "../../frame/format.js";

/**
 * @param {string | null | undefined} timestamp
 * @param {number} [now] milliseconds
 */
export function ago(timestamp, now = Date.now()) {
  if (!timestamp) return UNKNOWN;
  const minutes = Math.floor((now - Date.parse(timestamp)) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ago`;
  const days = Math.floor(hours / 24);
  return days < 14 ? `${plural(days, "day")} ago` : dateTime(timestamp).slice(0, 10);
}
