// Files that are dropped on a reply or a note, or pasted into it, are sent at once, as public or as
// internal as the text is, and a link to each is put where the cursor is.

import { announce } from "./parts.js";
import { t } from "./texts.js";

const FIELDS = { reply: false, note: true };
const { ticketId } = document.querySelector("[data-ticket-id]").dataset;

function fieldOf(event) {
  const field = event.target.closest?.("textarea");
  return field && Object.hasOwn(FIELDS, field.id) ? field : null;
}

function filesOf(transfer) {
  return [...(transfer?.files ?? [])];
}

function token() {
  return document.querySelector('input[name="csrf_token"]').value;
}

/** Markdown of a link: nothing in a name may end the link or begin another. */
function link({ name, url }) {
  return `[${name.replace(/[\\[\]`*_<>]/g, "\\$&")}](${url.replace(/[()]/g, (c) => (c === "(" ? "%28" : "%29"))})`;
}

/** The page may have been brought up to date meanwhile: the field is looked up by its name. */
function insert(id, text) {
  const field = document.getElementById(id);
  if (field === null) return;
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

async function send(field, file) {
  announce(t("Sending {name}", { name: file.name }));
  const body = new FormData();
  body.append("file", file, file.name || "pasted");
  const query = new URLSearchParams({ ticket: ticketId, internal: String(FIELDS[field.id]) });
  const response = await fetch(`/api/files?${query}`, {
    method: "POST",
    body,
    headers: { "X-CSRF-Token": token(), Accept: "application/json" },
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  insert(field.id, `${link(answer)}\n`);
  announce(t("{name} was added.", { name: answer.name }));
}

async function sendAll(field, files) {
  field.closest("form").querySelector(".file-problem")?.remove();
  try {
    for (const file of files) await send(field, file);
  } catch (error) {
    const problem = document.createElement("p");
    problem.className = "problem file-problem";
    problem.setAttribute("role", "alert");
    problem.textContent = t("The file was not added: {reason}.", { reason: error.message });
    (document.getElementById(field.id) ?? field).after(problem);
  }
}

document.addEventListener("paste", (event) => {
  const [field, files] = [fieldOf(event), filesOf(event.clipboardData)];
  if (field === null || files.length === 0) return;
  event.preventDefault();
  void sendAll(field, files);
});
document.addEventListener("dragover", (event) => {
  if (fieldOf(event) !== null && event.dataTransfer.types.includes("Files")) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  const [field, files] = [fieldOf(event), filesOf(event.dataTransfer)];
  if (field === null || files.length === 0) return;
  event.preventDefault();
  void sendAll(field, files);
});
