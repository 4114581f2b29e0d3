// Keeps a ticket's page up to date while it is open, and says what has come.

import { LoggedOut, announce, loadPage, swapParts } from "./parts.js";
import { t } from "./texts.js";

const PAUSE_MS = 150;
const ticket = document.querySelector("[data-ticket-id]").dataset.ticketId;
let timer;
let asking = new AbortController();

function entries() {
  return new Set([...document.querySelectorAll(".thread > [data-say]")].map((entry) => entry.id));
}

async function refresh() {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  try {
    const known = entries();
    const changed = swapParts(await loadPage(location.href, signal));
    const said = [...document.querySelectorAll(".thread > [data-say]")]
      .filter((entry) => !known.has(entry.id))
      .map((entry) => entry.dataset.say);
    if (said.length > 0) announce(said.join(" "));
    else if (changed.length > 0) announce(t("This ticket was updated."));
  } catch (error) {
    // The next change, or the reader, tries again; a page that is a little old harms nobody.
    if (error instanceof LoggedOut) announce(t("You have been logged out. Log in to see updates."));
  }
}

function refreshSoon() {
  // What changes within the pause is shown together; a change after it has a turn of its own.
  timer ??= setTimeout(() => {
    timer = undefined;
    void refresh();
  }, PAUSE_MS);
}

document.addEventListener("ohd:ticket", (event) => {
  if (event.detail.id === null || event.detail.id === ticket) refreshSoon();
});
