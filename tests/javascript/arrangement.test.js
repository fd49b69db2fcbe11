// Where the parts of a run's page stand.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Arrangement } from "../../realtime/static/realtime/run/sections/arrangement.js";

// As much of a document as is arranged: children in order, and how often each was put somewhere.
class Part {
  children = [];
  parentElement = null;
  moves = 0;
  textContent = "";

  addEventListener() {}

  querySelector() {
    return (this.title ??= new Part());
  }

  get nextElementSibling() {
    const { children } = this.parentElement;
    return children[children.indexOf(this) + 1] ?? null;
  }

  prepend(part) {
    part.#enter(this, () => 0);
  }

  after(part) {
    part.#enter(this.parentElement, (children) => children.indexOf(this) + 1);
  }

  #enter(parent, place) {
    this.parentElement?.children.splice(this.parentElement.children.indexOf(this), 1);
    parent.children.splice(place(parent.children), 0, this);
    this.parentElement = parent;
    this.moves++;
  }
}

function opened() {
  const names = ["result", "statistics", "results", "errors", "evaluation", "evaluation-title", "all-curves"];
  const parts = Object.fromEntries(names.map((name) => [name, new Part()]));
  for (const name of ["errors", "evaluation"]) parts.result.prepend(parts[name]);
  parts.statistics.prepend(parts.results);
  globalThis.document = { getElementById: (id) => parts[id] };
  return parts;
}

const order = (parts) => parts.result.children.map((part) => Object.keys(parts).find((id) => parts[id] === part));

test("of several classes the errors follow the matrix, and stay there when it is drawn again", () => {
  const parts = opened();
  const arrangement = new Arrangement();
  arrangement.placeResults(true);
  assert.deepEqual(order(parts), ["results", "errors", "evaluation"]);
  const { moves } = parts.errors;
  arrangement.placeResults(true); // a reader may be in them: what moves loses the focus
  assert.equal(parts.errors.moves, moves);
  assert.deepEqual(order(parts), ["results", "errors", "evaluation"]);
});

test("of two classes the matrix of each split is in the statistics", () => {
  const parts = opened();
  new Arrangement().placeResults(false);
  assert.deepEqual(order(parts), ["evaluation", "errors"]);
  assert.equal(parts.results.parentElement, parts.statistics);
});
