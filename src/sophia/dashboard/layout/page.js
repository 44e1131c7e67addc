// Improves pages that work without it: tables sort, charts show the values of a day, menus close, and progress moves.
"use strict";

function sortValue(row, index) {
  const cell = row.cells[index];
  if (cell.querySelector(".value[tabindex]")) return null;
  const raw = cell.dataset.sort ?? cell.textContent.trim();
  const number = Number(raw);
  return raw !== "" && !Number.isNaN(number) ? number : raw;
}

function compare(first, second, direction) {
  // Cells without a value come last in either direction.
  if (first === null || second === null) return (first === null) - (second === null);
  const numbers = [typeof first === "number", typeof second === "number"];
  if (numbers[0] && numbers[1]) return direction * (first - second);
  if (numbers[0] !== numbers[1]) return direction * (numbers[0] ? -1 : 1);
  return direction * first.localeCompare(second);
}

function makeSortable(table) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, index) => {
    const sort = (event) => {
      // A link of the heading leads to the definition of its figure.
      if (event.target.closest("a:not(.sort)")) return;
      event.preventDefault();
      const descending = heading.getAttribute("aria-sort") !== "descending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => compare(sortValue(a, index), sortValue(b, index), descending ? -1 : 1));
      table.tBodies[0].append(...rows);
    };
    heading.addEventListener("click", sort);
  });
}

document.querySelectorAll("table[data-sortable]").forEach(makeSortable);

// The days of a chart's table, oldest first: what each column has on the day.
function chartDays(figure) {
  const table = figure.querySelector("table");
  if (!table) return [];
  const labels = [...table.tHead.rows[0].cells].map((cell) => cell.firstChild.textContent.trim());
  return [...table.tBodies[0].rows]
    .filter((row) => row.cells[0].dataset.sort)
    .map((row) => ({
      at: Number(row.cells[0].dataset.sort),
      texts: [...row.cells].map((cell, index) => {
        const text = cell.querySelector(".value").firstChild.textContent.trim();
        return index ? `${labels[index]} ${text}` : text;
      }),
    }))
    .sort((a, b) => a.at - b.at);
}

function showValues(svg) {
  const figure = svg.closest("figure");
  const days = chartDays(figure);
  if (days.length < 2) return;
  const [left, width] = svg.dataset.plot.split(" ").map(Number);
  const box = svg.viewBox.baseVal;
  const rule = document.createElementNS("http://www.w3.org/2000/svg", "line");
  const readout = document.createElement("div");
  readout.className = "readout";
  rule.setAttribute("class", "pointer");
  rule.setAttribute("y1", 0);
  rule.setAttribute("y2", box.height);
  const first = days[0].at;
  const span = days[days.length - 1].at - first;
  svg.addEventListener("pointermove", (event) => {
    const frame = svg.getBoundingClientRect();
    const share = (((event.clientX - frame.left) / frame.width) * box.width - left) / width;
    const at = first + Math.min(Math.max(share, 0), 1) * span;
    const day = days.reduce((best, other) => (Math.abs(other.at - at) < Math.abs(best.at - at) ? other : best));
    const x = left + ((day.at - first) / span) * width;
    rule.setAttribute("x1", x);
    rule.setAttribute("x2", x);
    readout.textContent = day.texts.join(" · ");
    svg.append(rule);
    svg.parentElement.append(readout);
  });
  svg.addEventListener("pointerleave", () => {
    rule.remove();
    readout.remove();
  });
}

document.querySelectorAll("svg[data-plot]").forEach(showValues);

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
