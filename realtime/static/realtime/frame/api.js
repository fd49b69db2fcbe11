// Requests to the API with the reader's session. A refusal becomes an error with a message for the reader.

export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {any} body the answer, a problem (RFC 9457), as far as it was JSON
   */
  constructor(status, body) {
    super(messageOf(status, body));
    this.status = status;
    this.body = body;
    /** The server's log tells the request apart by it. @type {string | undefined} */
    this.requestId = body?.request_id ?? undefined;
  }
}

export const csrfToken = () =>
  /** @type {HTMLInputElement} */ (document.querySelector("input[name=csrfmiddlewaretoken]")).value;

/**
 * Return the JSON of the answer; throw an ApiError where the server refuses.
 *
 * With `kept`, the browser may keep the answer, and asks each time whether it is still the same.
 *
 * @param {string} url
 * @param {{method?: string, json?: any, form?: FormData, signal?: AbortSignal, kept?: boolean}} [options]
 * @returns {Promise<any>}
 */
export async function call(url, { method = "GET", json, form, signal, kept = false } = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  if (json !== undefined) headers["Content-Type"] = "application/json";
  const body = json === undefined ? form : JSON.stringify(json);
  // Without "no-store" the browser's back button shows an old answer.
  const response = await fetch(url, { method, headers, body, signal, cache: kept ? "no-cache" : "no-store" });
  const answer = parse(await response.text());
  if (!response.ok) throw new ApiError(response.status, answer);
  return answer;
}

/**
 * Return the HTTP status of the server's refusal; undefined where it did not answer.
 *
 * @param {any} error
 * @returns {number | undefined}
 */
export const statusOf = (error) => (error instanceof ApiError ? error.status : undefined);

/**
 * Say why a call failed: the server's message, or that it did not answer.
 *
 * @param {unknown} error
 */
export const errorText = (error) =>
  error instanceof ApiError ? error.message : "The server could not be reached; try again.";

/**
 * Return the parsed JSON; null for anything else, since proxies answer in HTML.
 *
 * @param {string} text
 * @returns {any}
 */
export function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * @param {number} status
 * @param {any} body
 * @returns {string}
 */
function messageOf(status, body) {
  if (status === 401 || (status === 403 && (!body || /#csrf-check-failed$/.test(body.type))))
    return "You are logged out: load this page again and log in.";
  if (body?.errors) {
    const messages = body.errors.map((/** @type {{detail: string}} */ { detail }) => detail);
    return [...messages, ...(body.more ? [`And ${body.more} more.`] : [])].join(" ");
  }
  const sentence = body?.detail ?? `The server answered ${status}; its log says why.`;
  return status === 500 && body?.request_id ? `${sentence} Its lines have the request ${body.request_id}.` : sentence;
}
