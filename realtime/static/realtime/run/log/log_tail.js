// The last lines that a failed training printed.

import { call } from "../../frame/api.js";
import { line } from "./log_line.js";

const LINES = 30;

// -> list items; none where there is no log or no answer: the page has the whole log below.
export async function lastLines(link) {
  try {
    const { lines } = await call(`${link}?limit=${LINES}`);
    return lines.map(line);
  } catch {
    return [];
  }
}
