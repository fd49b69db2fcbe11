// What a page says of a refused request.

import assert from "node:assert/strict";
import test from "node:test";
import { ApiError } from "../../realtime/static/realtime/frame/api.js";
import { faultsOf } from "../../experiments/static/experiments/new_run/faults.js";

const problem = (name, more) => ({ type: `/help/reference/problems.html#${name}`, title: "…", ...more });

test("mistakes are named by the path of their field", () => {
  const errors = [
    { pointer: "#/data/columns/0", detail: "Not there.", field: "old", message: "old" },
    { pointer: "#/a~1b/50%25~0", detail: "Unknown field." },
    { pointer: "#", detail: "Must be a JSON object." },
    { parameter: "page_size", detail: "Too many." },
    { header: "Upload-Offset", detail: "No number." },
  ];
  assert.deepEqual(
    faultsOf(problem("invalid-request", { errors })).map(({ field }) => field),
    ["data.columns.0", "a/b.50%~", "", "page_size", "Upload-Offset"],
  );
  assert.equal(
    new ApiError(400, problem("invalid-request", { errors: errors.slice(0, 2), more: 3 })).message,
    "Not there. Unknown field. And 3 more.",
  );
});

test("a lost login is told apart from a right that is missing", () => {
  const loggedOut = /You are logged out/;
  assert.match(new ApiError(401, problem("not-logged-in", { detail: "No token." })).message, loggedOut);
  assert.match(new ApiError(403, problem("csrf-check-failed", { detail: "…" })).message, loggedOut);
  assert.match(new ApiError(403, null).message, loggedOut);
  assert.equal(new ApiError(403, problem("not-allowed", { detail: "Only staff may." })).message, "Only staff may.");
});

test("a fault of the server names the request", () => {
  const error = new ApiError(500, problem("server-error", { detail: "The server failed.", request_id: "8e0b" }));
  assert.equal(error.message, "The server failed. Its lines have the request 8e0b.");
  assert.equal(error.requestId, "8e0b");
  assert.equal(new ApiError(502, null).message, "The server answered 502; its log says why.");
});
