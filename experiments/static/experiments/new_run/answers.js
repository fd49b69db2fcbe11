// The answers that a request gives to questions about its data. Pure.

import { same, textOf } from "./values.js";

/** @typedef {import("./request.js").Request} Request */
/** @typedef {import("../../realtime/reading/reading_types").Question} Question */
/** @typedef {import("../../realtime/reading/reading_types").Choice} Choice */

/**
 * Name a question: another one of its code has other choices.
 *
 * @param {Question} question
 */
export const keyOf = ({ code, choices }) => JSON.stringify([code, choices.map(({ options }) => options)]);

/**
 * Return the option that a question asks for.
 *
 * @param {Question} question
 */
export const fieldOf = ({ choices }) => Object.keys(choices[0].options)[0];

/**
 * Return the choice that the request has made, null where it has made none. Of several that hold, it is the one that
 * says most.
 *
 * @param {Request} request
 * @param {Question} question
 * @returns {Choice | null}
 */
export function choiceMade(request, { choices }) {
  const made = choices.filter(({ options }) =>
    Object.entries(options).every(([path, value]) => holds(valueOf(request, path), value)),
  );
  return made.reduce(
    (/** @type {Choice | null} */ best, choice) => (best && size(best) >= size(choice) ? best : choice),
    null,
  );
}

/**
 * Set the options of a choice. Lists get longer by it: they answer other questions, too.
 *
 * @param {Request} request
 * @param {Question} question
 * @param {Choice} choice
 */
export function choose(request, question, choice) {
  const former = choiceMade(request, question);
  if (former) withdraw(request, former);
  setOptions(request, choice.options);
}

/**
 * @param {Request} request
 * @param {Record<string, any>} options
 */
export function setOptions(request, options) {
  for (const [path, value] of Object.entries(options)) {
    const field = request.field(path);
    if (field) request.set(path, textOf(field, joined(request.value(field), value)));
  }
}

/**
 * Set the options of a choice back to what they were.
 *
 * @param {Request} request
 * @param {Choice} choice
 */
export function withdraw(request, { options }) {
  for (const [path, value] of Object.entries(options)) {
    const field = request.field(path);
    if (!field) continue;
    const left = Array.isArray(value) ? without(request.value(field), value) : [];
    if (left.length) request.set(path, textOf(field, left));
    else request.reset(field);
  }
}

/**
 * Return the value of an option; undefined where the form has none of that name.
 *
 * @param {Request} request
 * @param {string} path
 */
export function valueOf(request, path) {
  const field = request.field(path);
  return field && request.value(field);
}

/**
 * @param {any} value
 * @param {any} wanted
 */
const holds = (value, wanted) =>
  Array.isArray(wanted)
    ? Array.isArray(value) && wanted.every((item) => value.some((one) => same(one, item)))
    : same(value, wanted);

/** @param {Choice} choice */
const size = ({ options }) =>
  Object.values(options).reduce((sum, value) => sum + 1 + (Array.isArray(value) ? value.length : 0), 0);

/**
 * @param {any} before
 * @param {any} more
 */
const joined = (before, more) =>
  Array.isArray(before) && Array.isArray(more) ? [...before, ...without(more, before)] : more;

/**
 * @param {any} list
 * @param {any[]} items
 */
const without = (list, items) =>
  Array.isArray(list) ? list.filter((one) => !items.some((item) => same(one, item))) : [];
