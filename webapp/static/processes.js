// Keeps the figures of the plugins' processes up to date, in the table of all and on the page of
// one, and sorts the table. Each cell is made by the server; here it is put in its place.
//
// What the table is sorted by stands in the address, so that the server sorts the same way.

import { announce, loadPage, swapParts } from "./parts.js";
import { listen, nodesOf } from "./stream.js";
import { t } from "./texts.js";

const CHARTS_MS = 15_000;
const only = document.querySelector("[data-processes]")?.dataset.processes ?? "";
const failure = document.getElementById("stream-failure");
const choice = document.getElementById("sort-by");
let heard = false;

function cellsOf(pluginId) {
  const found = document.querySelectorAll(`[data-row="${CSS.escape(pluginId)}"] [data-cell]`);
  return new Map([...found].map((cell) => [cell.dataset.cell, cell]));
}

function put(rows) {
  let stateChanged = false;
  for (const [pluginId, fresh] of Object.entries(rows)) {
    const cells = cellsOf(pluginId);
    for (const [name, { sort, html }] of Object.entries(fresh)) {
      const cell = cells.get(name);
      if (cell === undefined) continue;
      const before = cell.textContent;
      cell.dataset.sort = sort;
      cell.replaceChildren(nodesOf(html));
      if (name === "state" && cell.textContent !== before) {
        stateChanged = true;
        announce(`${cells.get("plugin")?.querySelector("a")?.textContent ?? t("The plugin")}: ${cell.textContent}.`);
      }
    }
  }
  sortRows();
  if (stateChanged && only) void refresh();
}

/** Another plugin was installed, or one removed. */
function checkRows(pluginIds) {
  const shown = [...document.querySelectorAll("tr[data-row]")].map((row) => row.dataset.row);
  const same = only || [...shown].sort().join("\n") === [...pluginIds].sort().join("\n");
  if (!same || (only && !pluginIds.includes(only))) void refresh();
  heard = true;
}

async function refresh() {
  try {
    swapParts(await loadPage(location.href));
  } catch {
    // The page stays as it is; the next change asks again.
  }
}

function order() {
  const head = document.querySelector("th[aria-sort]");
  return head && { head, factor: head.getAttribute("aria-sort") === "ascending" ? 1 : -1 };
}

function compare(kind, factor) {
  return (one, other) => {
    const [a, b] = [one.sort, other.sort];
    if (a === "" || b === "") return (a === "") - (b === "");
    if (kind === "number") return factor * (Number(a) - Number(b));
    return factor * a.localeCompare(b);
  };
}

/** Put the rows in order, but not while somebody is about to click or read on in one. */
function sortRows({ now = false } = {}) {
  const sorted = order();
  const body = document.querySelector("table.processes tbody");
  if (!sorted || body === null) return;
  if (!now && (body.matches(":hover") || body.contains(document.activeElement))) return;
  const { column, kind } = sorted.head.dataset;
  const rows = [...body.rows].map((row) => ({
    row,
    sort: row.querySelector(`[data-cell="${column}"]`).dataset.sort,
  }));
  rows.sort(compare(kind, sorted.factor));
  rows.forEach(({ row }, place) => {
    if (body.rows[place] !== row) body.insertBefore(row, body.rows[place]);
  });
}

function sortBy(column, descending) {
  for (const head of document.querySelectorAll("th[data-column]")) {
    const mine = head.dataset.column === column;
    const fallsFirst = head.dataset.kind === "number";
    if (mine) head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
    const next = mine ? !descending : fallsFirst;
    head.querySelector("a").href = `?sort=${next ? "-" : ""}${head.dataset.column}`;
  }
  const address = new URL(location.href);
  address.searchParams.set("sort", `${descending ? "-" : ""}${column}`);
  history.replaceState(history.state, "", address);
  if (choice !== null) choice.value = column;
  sortRows({ now: true });
}

document.addEventListener("click", (event) => {
  const head = event.target.closest("th[data-column]");
  const link = event.target.closest("a");
  if (head === null || link === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const wanted = new URL(link.href).searchParams.get("sort");
  sortBy(wanted.replace(/^-/, ""), wanted.startsWith("-"));
});
choice?.addEventListener("change", () => {
  const head = document.querySelector(`th[data-column="${CSS.escape(choice.value)}"]`);
  sortBy(choice.value, head?.dataset.kind === "number");
});

function showState(connected) {
  if (failure !== null) failure.hidden = connected || !heard;
}

listen(
  () => `/admin/plugins/live${only ? `?plugin=${encodeURIComponent(only)}` : ""}`,
  { rows: checkRows, cells: put },
  showState,
);
if (only) {
  setInterval(() => {
    const open = document.querySelector("[data-part=charts] details[open]") !== null;
    if (!document.hidden && !open) void refresh();
  }, CHARTS_MS);
}
