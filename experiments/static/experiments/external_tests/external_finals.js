// An external test as the evaluations that the parts of a run's page draw, by split. Pure.

export const ownName = "external";

/**
 * @typedef {Record<string, any>} Evaluation as GET /api/runs/<id>/final-stats/ has a split
 * @typedef {{kept: Evaluation, internal: (Evaluation & {split: string}) | null}} ExternalTest
 */

/**
 * Return the external test, and the run's own one beside it, at the same point.
 *
 * @param {ExternalTest} test
 * @returns {Map<string, Evaluation>}
 */
export function finalsOf({ kept, internal }) {
  const found = new Map([[ownName, { ...kept, split: ownName }]]);
  if (internal) found.set(internal.split, internal);
  return found;
}
