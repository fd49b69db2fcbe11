// Cures that the server names in its sentences, as links to a form in which they are set. Pure.

const CURE = /\b([a-z]+(?:\.[a-z_]+)+) \(try ([\d.]+(?:e[+-]?\d+)?)\)/;

const NO_DATA = /^'.*' does not exist; give a path/;
const WRONG = /^([a-z]+\.[a-z_]+): /;

/** Cures without a value: half of the batch, twice the time. */
const OTHERS = /** @type {[RegExp, string, string, number][]} */ ([
  [/lower data\.batch_size/i, "data", "batch_size", 0.5],
  [/more trainer\.max_hours/, "trainer", "max_hours", 2],
]);

/** @typedef {{option: string, value?: string, words: string}} Cure without a value: to be chosen by the reader */
/** @typedef {Record<string, any>} Config the options of a run, by group */

/** @param {string} option */
const nameOf = (option) => (option.split(".").at(-1) ?? option).replaceAll("_", " ");

/**
 * @param {string} option
 * @param {string | number} value
 */
const setting = (option, value) => ({
  option,
  value: String(value),
  words: `Try again with ${nameOf(option)} ${value}`,
});

/**
 * Return the cure that a sentence names, as in "Lower optimizer.learning_rate (try 0.001)", or the option at which the
 * form is to be opened, as in "data.target_column: There is no such column"; null without one.
 *
 * @param {string | null | undefined} text
 * @param {Config} [config]
 * @returns {Cure | null}
 */
export function cureIn(text = "", config = {}) {
  const [, option, value] = CURE.exec(text ?? "") ?? [];
  if (option) return setting(option, value);
  for (const [words, group, name, factor] of OTHERS) {
    const now = config[group]?.[name];
    const next = name === "batch_size" ? Math.floor(now * factor) : Number((now * factor).toPrecision(6));
    if (words.test(text ?? "") && next > 0) return setting(`${group}.${name}`, next);
  }
  const wrong = NO_DATA.test(text ?? "") ? "source_path" : WRONG.exec(text ?? "")?.[1];
  return wrong ? { option: wrong, words: `Change ${nameOf(wrong)} and run again` } : null;
}

/**
 * Return the address of the form that begins with the options of a run, and with a cure set if there is one.
 *
 * @param {number} run
 * @param {Cure | null} [cure]
 */
export function changeAddress(run, cure = null) {
  if (!cure) return `/new/?from=${run}`;
  const { option, value } = cure;
  return `/new/?from=${run}&${value ? `set=${encodeURIComponent(`${option}=${value}`)}` : `at=${option}`}`;
}
