// What would be saved as the run's operating point, and what is. Pure.

import { shortest } from "../evaluation/decisions.js";

/** @typedef {import("../run_types").SavedOperatingPoint} SavedOperatingPoint */

/** What the number of a rule means, and how it is asked for; rules without one are not here.
 * @type {Record<string, {label: string, field: string, parameter: string, value: string, share: boolean}>} */
export const NUMBERS = {
  cost: {
    label: "a missed positive costs as many false alarms as",
    field: "cost_ratio",
    parameter: "cost_ratio",
    value: "5",
    share: false,
  },
  sensitivity: { label: "in %", field: "at_least", parameter: "sensitivity", value: "95", share: true },
  specificity: { label: "in %", field: "at_least", parameter: "specificity", value: "95", share: true },
};

/**
 * Return the number that was typed for a rule, as the server takes it; null where it is none.
 *
 * @param {string} rule
 * @param {string} text
 */
export function typedNumber(rule, text) {
  const typed = text.trim() === "" ? NaN : Number(text);
  if (!Number.isFinite(typed) || typed <= 0) return null;
  return NUMBERS[rule].share ? Number((typed / 100).toPrecision(12)) : typed; // 97.3 is 0.973
}

/** @typedef {{rule: string, number: number | null, label: string}} Chosen */

/**
 * Say what would be saved now.
 *
 * @param {Chosen | null} chosen by a rule; null: by hand
 * @param {number} threshold
 */
export const wouldSave = (chosen, threshold) =>
  chosen
    ? `To save: ${chosen.label.charAt(0).toLowerCase()}${chosen.label.slice(1)}, chosen on validation.`
    : `To save: a threshold of ${shortest(threshold)}, set by hand.`;

/**
 * Return the body of the request that saves it.
 *
 * @param {Chosen | null} chosen
 * @param {number} threshold
 * @param {string} reason
 */
export function requestBody(chosen, threshold, reason) {
  if (!chosen) return { rule: "hand", threshold, reason };
  const number = NUMBERS[chosen.rule];
  return { rule: chosen.rule, ...(number ? { [number.field]: chosen.number } : {}), reason };
}

const BETWEEN_SCORES =
  "It is decided by logits, for scores hardly tell its samples apart. The slider moves by scores: where they are " +
  "equal, it stands beside the point and counts others.";

/**
 * Say where the slider cannot stand at a point; blank where it can.
 *
 * @param {{log_odds?: number | null}} point
 */
export const betweenScores = ({ log_odds: odds }) => ((odds ?? null) === null ? "" : BETWEEN_SCORES);

/**
 * Return the lines that tell a decision.
 *
 * @param {SavedOperatingPoint} point
 */
export const savedLines = (point) =>
  [
    [point.label, point.summary].filter(Boolean).join(". "),
    betweenScores(point),
    `${point.decided} Reason: ${point.reason}`,
    point.origin,
    ...point.shifts.map(({ text }) => text),
  ].filter(Boolean);
