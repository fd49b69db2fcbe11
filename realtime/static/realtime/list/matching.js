// Whether a run is among those that are asked for, as far as its summary says: the server has the last word.

const has = (text, part) => (text ?? "").toLowerCase().includes(part.toLowerCase());

export function matches(run, state) {
  if (state.deleted) return false;
  const fields = {
    status: run.status,
    dataset: run.source_path,
    model: run.model_name,
    owner: run.owner,
    experiment: run.experiment_name,
    group: String(run.group_id),
  };
  for (const [name, value] of Object.entries(fields))
    if (state[name].length && !state[name].includes(value)) return false;
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

function within(timestamp, state) {
  const asked = state.filters();
  const [after, before] = ["created_after", "created_before"].map((name) => Date.parse(asked.get(name) ?? ""));
  const moment = Date.parse(timestamp);
  return !(moment < after) && !(moment >= before);
}
