// The upload of one file: piece after piece; after a failure it resumes from what the server has received.

import { call, csrfToken, parse, ApiError } from "../../realtime/frame/api.js";

const SMALLEST = 256 * 1024; // proxies may allow less than the server
const FIRST_DELAY = 1000;
const LONGEST_DELAY = 15_000;
const RATE_WINDOW = 10_000; // milliseconds

// state: sending, waiting (for the connection), paused, failed, done
export class Upload {
  constructor(file, described, changed) {
    Object.assign(this, {
      file,
      changed,
      id: described.id,
      url: described.links.self,
      name: described.name,
      filename: described.filename,
    });
    Object.assign(this, {
      size: described.size,
      received: described.received,
      sent: described.received,
      piece: described.piece_bytes,
    });
    Object.assign(this, { state: "paused", problem: null, gone: false, failures: 0, marks: [], dataset: null });
  }

  start() {
    if (this.state === "sending") return;
    this.#setState("sending");
    this.marks = [];
    this.#sendAll();
  }

  pause() {
    this.#setState("paused");
    this.request?.abort();
  }

  async cancel() {
    this.pause();
    if (this.gone) return;
    await call(this.url, { method: "DELETE" });
  }

  // Bytes per second over the last seconds.
  get rate() {
    const [first, last] = [this.marks[0], this.marks.at(-1)];
    return first && last.at > first.at ? (1000 * (last.sent - first.sent)) / (last.at - first.at) : null;
  }

  async #sendAll() {
    while (this.state === "sending") {
      try {
        const [status, body] = await this.#send();
        if (this.state !== "sending") return;
        this.#receive(status, body);
      } catch (error) {
        if (this.state === "sending") await this.#recover(error);
      }
    }
  }

  #receive(status, body) {
    this.failures = 0;
    if (status === 201) {
      this.dataset = body;
      this.#setState("done");
    } else if (status === 200 || status === 409) {
      this.received = body.received;
      this.#mark(this.received);
    } else if (status === 413 && this.piece > SMALLEST) {
      this.piece = Math.max(SMALLEST, Math.floor(this.piece / 2));
    } else if (status >= 500 && status !== 507) {
      throw new ApiError(status, body);
    } else {
      this.gone = status === 400 || status === 404; // the server has dropped it
      this.#setState("failed", new ApiError(status, body).message);
    }
  }

  // Causes: the connection is gone, the server is down, or the file has changed.
  async #recover(error) {
    if (!(await readable(this.file)))
      return this.#setState("failed", "The file was changed or moved; choose it again.");
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.failures++);
    this.#setState("waiting", error instanceof ApiError ? error.message : "No connection to the server.");
    await new Promise((resolve) => setTimeout(resolve, delay));
    if (this.state !== "waiting") return; // paused meanwhile
    this.#setState("sending");
    try {
      this.received = (await call(this.url)).received;
      this.#mark(this.received);
    } catch (refusal) {
      if (refusal instanceof ApiError && refusal.status < 500) this.#setState("failed", refusal.message);
      else if (this.state === "sending") await this.#recover(refusal); // a piece would not fit to what has arrived
    }
  }

  // fetch() does not report how much was sent.
  #send() {
    const start = this.received;
    return new Promise((resolve, reject) => {
      const request = (this.request = new XMLHttpRequest());
      request.open("PATCH", this.url);
      for (const [name, value] of Object.entries({
        "X-CSRFToken": csrfToken(),
        "Upload-Offset": start,
        "Content-Type": "application/offset+octet-stream",
        Accept: "application/json",
      }))
        request.setRequestHeader(name, value);
      request.upload.onprogress = ({ loaded }) => this.#mark(Math.min(this.size, start + loaded));
      request.onload = () => resolve([request.status, parse(request.responseText)]);
      request.onerror = request.onabort = request.ontimeout = () => reject(new Error("connection"));
      request.send(this.file.slice(start, Math.min(this.size, start + this.piece)));
    });
  }

  #mark(sent) {
    const at = performance.now();
    this.sent = sent;
    this.marks = [...this.marks.filter((mark) => at - mark.at < RATE_WINDOW && mark.sent <= sent), { at, sent }];
    this.changed(this);
  }

  #setState(state, problem = null) {
    Object.assign(this, { state, problem });
    this.changed(this);
  }
}

async function readable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
