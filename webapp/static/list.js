// The list of tickets: searches while one types, filters as one chooses, and keeps up with changes.
//
// The form does the same without it, by its button. All state is in the address, so that Back and
// Forward, bookmarks and links work.

import { setChoiceAside, takeChoiceUp } from "./bulk.js";
import { LoggedOut, announce, isTouched, loadPage, swapParts } from "./parts.js";

const PAUSE_MS = 200;
const form = document.getElementById("filters");
const failure = document.getElementById("list-failure");
let typing;
let news;
let asking = new AbortController();

function wantedAddress() {
  const fields = [...new FormData(form)].filter(([, value]) => value !== "");
  const query = new URLSearchParams(fields).toString();
  return query ? `${form.action}?${query}` : form.action;
}

function said() {
  const shown = ["correction", "found"].map((id) => document.getElementById(id)?.textContent);
  return shown.filter(Boolean).join(" ");
}

function setBusy(busy) {
  document.querySelector(".results").setAttribute("aria-busy", String(busy));
}

async function show(address, { quiet = false, refill = false } = {}) {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  if (!quiet) setBusy(true);
  try {
    const page = await loadPage(address, signal);
    if (refill) fillForm(page);
    setChoiceAside({ keep: quiet });
    swapParts(page);
    takeChoiceUp();
    document.title = page.title;
    failure.hidden = true;
    if (!quiet) announce(said());
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof LoggedOut) location.reload();
    else if (!quiet) failure.hidden = false;
  }
  if (!signal.aborted) setBusy(false);
}

/** Make the form say what `page` shows, after Back or Forward. */
function fillForm(page) {
  for (const field of form.elements) {
    const there = field.id && page.getElementById(field.id);
    if (!there) continue;
    field.value = there.value;
    // What the next select offers may depend on this one.
    document.dispatchEvent(new Event("ohd:swapped"));
  }
}

function follow({ remember }) {
  const address = wantedAddress();
  if (address === location.href) return;
  history[remember ? "pushState" : "replaceState"]({}, "", address);
  void show(address);
}

form.addEventListener("input", (event) => {
  if (event.target.type !== "search") return;
  clearTimeout(typing);
  typing = setTimeout(follow, PAUSE_MS, { remember: false });
});
form.addEventListener("change", (event) => {
  if (event.target.type !== "search") follow({ remember: true });
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(typing);
  follow({ remember: true });
});
window.addEventListener("popstate", () => void show(location.href, { refill: true }));
document.getElementById("try-again").addEventListener("click", () => void show(location.href));

// The list may have moved on since the page was served: what is shown now is saved.
const save = document.getElementById("save-view");
save?.addEventListener("submit", () => (save.action = `/views${location.search}`));

/** Show what has changed, once nothing that the reader asked for is under way. */
function catchUp() {
  news ??= setTimeout(() => {
    news = undefined;
    if (document.querySelector(".results").getAttribute("aria-busy") === "true") catchUp();
    else void show(location.href, { quiet: true });
  }, PAUSE_MS);
}

document.addEventListener("ohd:ticket", catchUp);

// What was typed or chosen before this script had come.
if (isTouched(form)) follow({ remember: false });
