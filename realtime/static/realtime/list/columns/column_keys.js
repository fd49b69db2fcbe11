// The keys of columns: fields of a run by their name, options of its configuration as `config.<path>`, metrics as
// `metric.<name>.<part>`. Pure.

export const DEFAULT_COLUMNS = [
  "status",
  "progress",
  "curve",
  "best",
  "final_auroc",
  "final_recall",
  "duration",
  "created",
  "owner",
];

/**
 * Return whether the column is an option or a metric, which the API adds only where it is asked for.
 *
 * @param {string} key
 */
export const isChosen = (key) => key.startsWith("config.") || key.startsWith("metric.");

/**
 * Split the key of a metric: `metric.val_auroc.best` -> ["val_auroc", "best"].
 *
 * @param {string} key
 * @returns {[name: string, part: string | undefined]}
 */
export function metricParts(key) {
  const [, name, part] = /^metric\.(.+?)(?:\.(best|last|min|max))?$/.exec(key) ?? [];
  return [name, part];
}
