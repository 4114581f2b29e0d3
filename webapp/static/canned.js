// Inserts a canned reply where the cursor is. Without it, the button of the form does so on the
// server, and what was typed comes back with the text behind it.

import { announce, insertText } from "./parts.js";
import { t } from "./texts.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.('button[name="then"][value="insert"]');
  const select = document.getElementById("canned");
  const field = document.getElementById("reply");
  if (!button || !select || !field) return;
  event.preventDefault();
  if (!select.value) return;
  const { ticketId } = document.querySelector("[data-ticket-id]").dataset;
  const address = `/api/tickets/${ticketId}/canned-replies/${encodeURIComponent(select.value)}`;
  try {
    const response = await fetch(address, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const { body } = await response.json();
    // The page may have been brought up to date meanwhile.
    insertText(document.getElementById("reply") ?? field, body);
  } catch {
    announce(t("The text could not be inserted. Try again."));
  }
});
