// What the final result is when each patient counts once. Pure.

import { plural } from "../../frame/format.js";

/** @typedef {import("../../events/event_types").FinalStats} FinalStats */
/** @typedef {FinalStats & { unit: string; words: string }} Counted as `drawResults` draws it */

/**
 * Return the evaluations of the patients; that of the samples where each patient has one, or none is known.
 *
 * @param {Map<string, FinalStats>} finals
 * @returns {Map<string, FinalStats | Counted>}
 */
export const byPatient = (finals) => new Map([...finals].map(([split, final]) => [split, ofPatients(final)]));

/**
 * Say what the statistics of patients count; the copy of `patient_text.py`.
 *
 * @param {number} patients
 * @param {number} mixed those with samples of several classes
 * @param {number} classes
 */
export function patientWords(patients, mixed, classes) {
  const start = `Each of ${plural(patients, "patient")} counts once, with the mean of the scores of its samples`;
  const some = plural(mixed, "patient");
  if (classes > 2) {
    const verb = mixed === 1 ? "is" : "are";
    return mixed ? `${start}; ${some} with samples of several classes ${verb} left out.` : `${start}.`;
  }
  const both = mixed ? ` (${some} ${mixed === 1 ? "has" : "have"} samples of both classes)` : "";
  return `${start}, and is positive if any of them is${both}. The run's own threshold decides, not a saved point.`;
}

/** @param {FinalStats} final */
function ofPatients(final) {
  const { by_patient: found, class_names: names } = final;
  if (!found) return final;
  const { patients, mixed, confusion_matrix, statistics } = found;
  const words = patientWords(patients, mixed, names.length);
  return { ...final, confusion_matrix, statistics, patients, by_patient: null, unit: "patient", words };
}
