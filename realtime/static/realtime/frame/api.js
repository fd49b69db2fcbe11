// Requests to the API as whoever is logged in. An answer that says no is an error that speaks to the reader.

export class Refused extends Error {
  constructor(status, body) {
    super(sentence(status, body));
    Object.assign(this, { status, body });
  }
}

export const csrfToken = () => document.querySelector("input[name=csrfmiddlewaretoken]").value;

export async function call(url, { method = "GET", json } = {}) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  if (json !== undefined) headers["Content-Type"] = "application/json";
  const body = json === undefined ? undefined : JSON.stringify(json);
  const response = await fetch(url, { method, headers, body, cache: "no-store" }); // else the way back shows what was answered then
  const answer = parse(await response.text());
  if (!response.ok) throw new Refused(response.status, answer);
  return answer;
}

// Why a call failed, for the reader: what the server says, or that it did not answer.
export const inWords = (error) => (error instanceof Refused ? error.message : "The server could not be reached; try again.");

// Proxies answer in HTML.
export function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function sentence(status, body) {
  if (status === 401 || (status === 403 && /credentials|CSRF/.test(body?.detail ?? "CSRF"))) return "You are logged out: load this page again and log in.";
  if (body?.errors) return [...body.errors.map(({ message }) => message), ...(body.more ? [`And ${body.more} more.`] : [])].join(" ");
  return body?.detail ?? `The server answered ${status}; its log says why.`;
}

// Calls `work` again and again, after the milliseconds that it returns, and tells how fresh the page is.
export function repeat(work, say) {
  let [timer, lostAt] = [null, null];
  const again = (delay) => (timer = setTimeout(turn, delay));
  async function turn() {
    clearTimeout(timer);
    try {
      again(await work());
      lostAt = null;
      say(null);
    } catch (error) {
      if (error instanceof Refused && error.status < 500) return say({ kind: error.status === 404 ? "gone" : "logged-out" });
      lostAt ??= Date.now();
      say({ kind: "reconnecting", since: lostAt, at: Date.now() + 3000 });
      again(3000);
    }
  }
  turn();
  return turn;
}
