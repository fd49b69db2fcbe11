// The switch of the colours, as on the server's pages; the contents fold on narrow screens; what scrolls takes the focus.

(() => {
  const ORDER = ["", "light", "dark"];
  const NAMES = { "": "as the system", light: "light", dark: "dark" };
  const YEAR = 31_536_000; // seconds
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const contents = document.querySelector(".contents");
  const narrow = matchMedia("(max-width: 900px)");

  const show = () => {
    const theme = root.dataset.theme ?? "";
    if (theme) button.dataset.theme = theme;
    else delete button.dataset.theme;
    button.title = `Colours: ${NAMES[theme]}`;
    button.setAttribute("aria-label", `Colours: ${NAMES[theme]}. Change`);
  };

  button.addEventListener("click", () => {
    const next = ORDER[(ORDER.indexOf(root.dataset.theme ?? "") + 1) % ORDER.length];
    if (next) root.dataset.theme = next;
    else delete root.dataset.theme;
    document.cookie = `theme=${next}; path=/; max-age=${next ? YEAR : 0}; samesite=lax`;
    show();
  });

  const fold = () => {
    contents.open = !narrow.matches;
  };

  const reach = () => {
    for (const block of document.querySelectorAll(".prose pre")) {
      if (block.scrollWidth > block.clientWidth) block.tabIndex = 0;
      else block.removeAttribute("tabindex");
    }
  };

  // Where rows become blocks, a cell says which column it is of.
  for (const table of document.querySelectorAll(".prose table")) {
    const labels = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent);
    if (labels.length < 3) continue;
    for (const row of table.querySelectorAll("tbody tr")) {
      [...row.cells].slice(1).forEach((cell, index) => {
        if (cell.textContent) cell.dataset.label = labels[index + 1];
      });
    }
  }

  show();
  button.hidden = false;
  narrow.addEventListener("change", fold);
  fold();
  addEventListener("resize", reach);
  reach();
})();
