// Runs to add, by number or by what the list finds them by: name, data, tags.

import { call } from "../frame/api.js";
import { el } from "../frame/dom.js";

const WAIT = 250; // milliseconds without another key
const OFFERED = 10;

const numbersIn = (text) => {
  const parts = text.split(/[\s,#]+/).filter(Boolean);
  return parts.length && parts.every((part) => /^[1-9]\d{0,15}$/.test(part)) ? parts.map(Number) : null;
};

const search = async (text) => {
  const query = new URLSearchParams({ search: text.trim(), page_size: OFFERED });
  return (await call(`/api/runs/?${query}`)).results;
};

// -> numbers of runs. Throws an error whose message says what to do.
export async function runsNamed(text) {
  const numbers = numbersIn(text);
  if (numbers || !text.trim()) return numbers ?? [];
  const found = await search(text);
  const exact = found.filter(({ experiment_name: name }) => name === text.trim());
  const [run, ...others] = exact.length === 1 ? exact : found;
  if (!run) throw new Error(`No run matches “${text.trim()}”.`);
  if (others.length) throw new Error("Several runs match; choose one of those offered, or give its number.");
  return [run.id];
}

// Offers what matches while the reader writes; the choice puts the run's number into the field.
export function offerRuns(input, list) {
  let waiting = null;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    if (!input.value.trim() || numbersIn(input.value)) return;
    waiting = setTimeout(async () => {
      const asked = input.value;
      const found = await search(asked).catch(() => []);
      if (input.value !== asked) return;
      list.replaceChildren(
        ...found.map(({ id, experiment_name: name, source_path: data }) =>
          el("option", { value: String(id) }, `#${id} ${name} · ${data}`),
        ),
      );
    }, WAIT);
  });
}
