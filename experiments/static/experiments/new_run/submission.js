// Sends the request once: the same request from the same form has the same Idempotency-Key, so a double click makes one
// run.

import { csrfToken, parse, ApiError } from "../../realtime/frame/api.js";

const keys = new Map(); // what is sent -> its key

function keyOf(sent) {
  if (!keys.has(sent))
    keys.set(sent, [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(16)).join("-"));
  return keys.get(sent);
}

// Back on this page the reader wants another run.
addEventListener("pageshow", ({ persisted }) => persisted && keys.clear());

// -> the path of the run's page, or of its group's; raises Refused.
export async function submit(url, body) {
  const sent = JSON.stringify(body);
  const headers = {
    Accept: "application/json",
    "Content-Type": "application/json",
    "X-CSRFToken": csrfToken(),
    "Idempotency-Key": keyOf(url + sent),
  };
  const response = await fetch(url, { method: "POST", headers, body: sent });
  const answer = parse(await response.text());
  if (!response.ok) throw new ApiError(response.status, answer);
  return new URL(answer.links.group_page ?? answer.links.page).pathname;
}
