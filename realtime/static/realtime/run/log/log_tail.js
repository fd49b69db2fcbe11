// The last lines that a failed training printed.

import { call } from "../../frame/api.js";
import { line } from "./log_line.js";

const LINES = 30;
const find = (id) => document.getElementById(id);

// -> list items; none where there is no log or no answer: the page has the whole log below.
async function lastLines(link) {
  try {
    const { lines } = await call(`${link}?limit=${LINES}`);
    return lines.map(line);
  } catch {
    return [];
  }
}

/**
 * Show them; nothing of a server that is away, which the whole log below says.
 *
 * @param {string} link
 * @param {() => boolean} isWanted whether they still are when the answer comes
 */
export async function drawLastLines(link, isWanted) {
  const lines = await lastLines(link);
  if (!isWanted()) return;
  find("log-tail-lines").replaceChildren(...lines);
  find("log-tail").hidden = !lines.length;
  find("log-tail-lines").scrollTop = 1e9; // its end says what went wrong
}
