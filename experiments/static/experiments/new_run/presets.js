// Options to begin with, for three purposes; each stays the reader's to change. Pure.

import { same, textOf } from "./values.js";

/** @typedef {import("./request.js").Request} Request */

/**
 * @typedef {object} Preset
 * @property {string} title
 * @property {string} about what it is for
 * @property {Record<string, any>} options
 */

/** @type {Record<string, Preset>} */
export const PRESETS = {
  quick: {
    title: "Quick look",
    about: "Does it learn anything at all?",
    options: { "trainer.max_epochs": 3, "model.options.width": 8 },
  },
  careful: {
    title: "Careful",
    about: "As long as it gets better, with smaller steps towards the end.",
    options: {
      "trainer.max_epochs": 100,
      "callbacks.patience": 15,
      "optimizer.scheduler": "plateau",
      "optimizer.plateau_patience": 5,
    },
  },
  fine_tune: {
    title: "Fine-tune",
    about: "Starts from weights that were trained before: first the last layer learns, then one more block at a time.",
    options: {
      "model.trainable": "head",
      "model.unfreeze_every": 3,
      "optimizer.backbone_factor": 0.1,
      "trainer.max_epochs": 30,
    },
  },
};
export const WEIGHTS = "model.weights_file";

/**
 * Return the options of a preset that the chosen network has; with a single file of weights, it is named too.
 *
 * @param {Request} request
 * @param {string} name
 * @param {string[]} weights
 * @returns {[string, any][]}
 */
export function optionsOf(request, name, weights) {
  const own = Object.entries(PRESETS[name].options).filter(([path]) => request.field(path));
  return name === "fine_tune" && weights.length === 1 ? [[WEIGHTS, weights[0]], ...own] : own;
}

/**
 * Return the preset whose options all hold, or null.
 *
 * @param {Request} request
 * @param {string[]} weights
 */
export const presetMade = (request, weights) =>
  Object.keys(PRESETS).find((name) =>
    optionsOf(request, name, weights).every(([path, value]) => same(request.value(fieldOf(request, path)), value)),
  ) ?? null;

/**
 * Set the options of a preset, and take back those of the one before.
 *
 * @param {Request} request
 * @param {string} name
 * @param {string[]} weights
 */
export function choosePreset(request, name, weights) {
  const former = presetMade(request, weights);
  if (former) for (const [path] of optionsOf(request, former, weights)) request.reset(fieldOf(request, path));
  if (former === name) return;
  for (const [path, value] of optionsOf(request, name, weights))
    request.set(path, textOf(fieldOf(request, path), value));
}

/**
 * Say what a preset sets.
 *
 * @param {Request} request
 * @param {string} name
 * @param {string[]} weights
 */
export function presetText(request, name, weights) {
  const set = optionsOf(request, name, weights).map(([path, value]) => `${fieldOf(request, path).title} ${value}`);
  return `${PRESETS[name].about} Set: ${set.join(", ")}.`;
}

/**
 * @param {Request} request
 * @param {string} path
 */
const fieldOf = (request, path) => /** @type {import("./values.js").Field} */ (request.field(path));
