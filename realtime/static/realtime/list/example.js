// The button that starts the example training where there is no run yet, and opens its page.

import { call, errorText } from "../frame/api.js";

const EXAMPLE = {
  experiment_name: "Example: is it an eight?",
  source_path: "builtin:digits-is-8",
  data: { test_fraction: 0.2 },
};

// `button`: with the address of the API as `data-train`; `problem`: says why it could not be started.
export function offerExample(button, problem) {
  button.addEventListener("click", async () => {
    button.disabled = true; // a second click would start a second run
    problem.hidden = true;
    try {
      const { links } = await call(button.dataset.train, { method: "POST", json: EXAMPLE });
      location.assign(new URL(links.page).pathname);
    } catch (error) {
      problem.textContent = errorText(error);
      problem.hidden = false;
      button.disabled = false;
    }
  });
  addEventListener("pageshow", ({ persisted }) => persisted && (button.disabled = false));
}
