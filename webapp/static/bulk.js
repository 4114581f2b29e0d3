// Choosing tickets in the list: a box that chooses all, a count, and a bar that opens by itself.
//
// The boxes belong to the form of the bar, with or without this script. A list that keeps itself up
// to date keeps what is chosen; a list that shows other tickets starts anew.

import { t } from "./texts.js";

const bar = document.getElementById("bulk-bar");
const form = document.getElementById("bulk");
let kept = new Set();

function boxes() {
  return [...document.querySelectorAll('input[name="ticket"][form="bulk"]')];
}

function count() {
  const chosen = boxes().filter((box) => box.checked).length;
  document.getElementById("bulk-count").textContent = chosen ? `: ${chosen}` : "";
  if (chosen > 0) bar.open = true;
  const all = document.getElementById("choose-all");
  if (all === null) return;
  all.checked = chosen > 0 && chosen === boxes().length;
  all.indeterminate = chosen > 0 && !all.checked;
}

function addChooseAll() {
  const cell = document.getElementById("choose-head");
  if (cell === null || document.getElementById("choose-all") !== null) return;
  const all = document.createElement("input");
  all.type = "checkbox";
  all.id = "choose-all";
  all.setAttribute("aria-label", t("Select all on this page"));
  all.addEventListener("change", () => {
    for (const box of boxes()) box.checked = all.checked;
    count();
  });
  cell.replaceChildren(all);
}

function refresh() {
  addChooseAll();
  count();
}

/** Before the list is swapped: boxes go back to how they were served, so that it may be. */
export function setChoiceAside({ keep }) {
  if (form === null) return;
  kept = new Set(keep ? boxes().filter((box) => box.checked).map((box) => box.value) : []);
  for (const box of boxes()) box.checked = box.defaultChecked;
  document.getElementById("choose-all")?.remove();
}

/** After it: what is still there is chosen again. */
export function takeChoiceUp() {
  if (form === null) return;
  for (const box of boxes()) box.checked ||= kept.has(box.value);
  refresh();
}

if (form !== null) {
  document.addEventListener("change", (event) => {
    if (event.target.name === "ticket" && event.target.form === form) count();
  });
  // The list may have moved on since the page was served: come back to what is shown now.
  form.addEventListener("submit", () => (form.action = `/tickets/bulk${location.search}`));
  refresh();
}
