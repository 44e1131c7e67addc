// Improves pages that work without it: tables sort, open menus close, and progress moves.
"use strict";

function sortValue(row, index) {
  const cell = row.cells[index];
  const raw = cell.dataset.sort ?? cell.textContent.trim();
  const number = Number(raw);
  return raw !== "" && !Number.isNaN(number) ? number : raw;
}

function compare(first, second) {
  const numbers = typeof first === "number" && typeof second === "number";
  if (numbers) return first - second;
  // Cells without a value come last in either direction of a column of numbers.
  if (typeof first === "number") return -1;
  if (typeof second === "number") return 1;
  return first.localeCompare(second);
}

function makeSortable(table) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "↕";
    button.setAttribute("aria-label", `Sort by ${heading.textContent.trim()}`);
    heading.append(" ", button);
    button.addEventListener("click", () => {
      const descending = heading.getAttribute("aria-sort") !== "descending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => (descending ? -1 : 1) * compare(sortValue(a, index), sortValue(b, index)));
      table.tBodies[0].append(...rows);
    });
  });
}

document.querySelectorAll("table[data-sortable]").forEach(makeSortable);

function followProgress(section) {
  const source = new EventSource(section.dataset.progress);
  source.addEventListener("progress", (event) => {
    const panel = JSON.parse(event.data);
    if (!panel.is_open) {
      source.close();
      location.reload();
      return;
    }
    section.querySelector("[role=status]").textContent = panel.title;
    panel.rows.forEach((row) => {
      const item = section.querySelector(`[data-account="${row.account_id}"]`);
      if (!item) return;
      item.querySelector("progress").value = row.percent;
      item.querySelector(".note").textContent = row.text;
    });
  });
}

document.querySelectorAll("[data-progress]").forEach(followProgress);

document.addEventListener("click", (event) => {
  document.querySelectorAll("header details[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelectorAll("header details[open]").forEach((menu) => (menu.open = false));
});
