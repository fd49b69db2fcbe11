// Cures that the server names in its sentences, as links to a form in which they are set. Pure.

const CURE = /\b([a-z]+(?:\.[a-z_]+)+) \(try ([\d.]+(?:e[+-]?\d+)?)\)/;

/** @typedef {{option: string, value: string, words: string}} Cure */

/**
 * Return the cure that a sentence names, as in "Lower optimizer.learning_rate (try 0.001)"; null without one.
 *
 * @param {string | null | undefined} text
 * @returns {Cure | null}
 */
export function cureIn(text) {
  const [, option, value] = CURE.exec(text ?? "") ?? [];
  if (!option) return null;
  const name = (option.split(".").at(-1) ?? option).replaceAll("_", " ");
  return { option, value, words: `Try again with ${name} ${value}` };
}

/**
 * Return the address of the form that begins with the options of a run, and with a cure set if there is one.
 *
 * @param {number} run
 * @param {Cure | null} [cure]
 */
export const changeAddress = (run, cure = null) =>
  `/new/?from=${run}${cure ? `&set=${encodeURIComponent(`${cure.option}=${cure.value}`)}` : ""}`;
