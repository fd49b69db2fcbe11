// Whether a run matches the filters, as far as its summary says: the server decides. Pure.

/**
 * @typedef {object} RunSummary as `run_summary` messages have it; only what is read here
 * @property {number} id
 * @property {string} status
 * @property {string} source_path
 * @property {string | null} model_name
 * @property {string} owner
 * @property {string} [project]
 * @property {string} experiment_name
 * @property {number | null} group_id
 * @property {{split: string} | null} [final] the final statistics of the list
 * @property {string[]} tags
 * @property {string | null} reason
 * @property {unknown[] | null} [notes]
 * @property {string} created_at
 */

/**
 * @typedef {"status" | "dataset" | "model" | "owner" | "project" | "experiment" | "group" | "final_split"
 * } ListFilter
 */

/**
 * @typedef {Record<ListFilter | "tag", string[]> & {
 *   deleted: boolean, name: string, search: string, filters: () => URLSearchParams
 * }} Filters
 */

/**
 * @param {string | null} text
 * @param {string} part
 */
const has = (text, part) => (text ?? "").toLowerCase().includes(part.toLowerCase());

/**
 * @param {RunSummary} run
 * @param {Filters} state
 */
export function matches(run, state) {
  if (state.deleted) return false;
  const fields = {
    status: run.status,
    dataset: run.source_path,
    model: run.model_name,
    owner: run.owner,
    project: run.project,
    experiment: run.experiment_name,
    group: String(run.group_id),
    final_split: run.final?.split,
  };
  for (const [name, value] of Object.entries(fields)) {
    const wanted = state[/** @type {ListFilter} */ (name)];
    if (wanted.length && !wanted.includes(value ?? "")) return false;
  }
  if (state.tag.length && !state.tag.some((tag) => run.tags.includes(tag.trim().toLowerCase()))) return false;
  if (state.name && !has(run.experiment_name, state.name.trim())) return false;
  return (
    within(run.created_at, state) &&
    state.search
      .split(/\s+/)
      .filter(Boolean)
      .every((word) => hasWord(run, word))
  );
}

/**
 * @param {RunSummary} run
 * @param {string} word
 */
function hasWord(run, word) {
  const texts = [
    run.experiment_name,
    run.source_path,
    run.model_name,
    run.owner,
    run.reason,
    JSON.stringify(run.notes ?? []),
    ...run.tags,
  ];
  return texts.some((text) => has(text, word)) || word.replace("#", "") === String(run.id);
}

/**
 * @param {string} timestamp
 * @param {Filters} state
 */
function within(timestamp, state) {
  const asked = state.filters();
  const [after, before] = ["created_after", "created_before"].map((name) => Date.parse(asked.get(name) ?? ""));
  const moment = Date.parse(timestamp);
  return !(moment < after) && !(moment >= before);
}
