// Keeps what has been written or chosen and not yet sent: over the sending of another form, over Back
// and Reload, and over a log-in.
//
// In this tab (sessionStorage), and a moment later on the server, for the same person in another tab
// or after a log-in. Logging out forgets what the tab has. Passwords and files are never kept. Forms
// with `data-draft` take part, each known by its address.

import { t } from "./texts.js";

const PREFIX = "ohd-draft:";
const SENT = "ohd-sent";
const user = document.body.dataset.user ?? "";
const mine = `${PREFIX}${user}:`;
const PAUSE_MS = 1000;
/** Forms that the server has not got as they are, by the path that they post to. */
const unsaved = new Map();
let restoring = false;
/** What is being sent to it. */
const saving = new Map();
const hasWorked = new URL(location.href).searchParams.has("done");

/** Storage may be forbidden or full; then nothing is kept. */
function read(name) {
  try {
    return JSON.parse(sessionStorage.getItem(name)) ?? null;
  } catch {
    return null;
  }
}

function write(name, value) {
  try {
    if (value === null) sessionStorage.removeItem(name);
    else sessionStorage.setItem(name, JSON.stringify(value));
  } catch {
    // Nothing to be done: see above.
  }
}

function forgetAll(but = null) {
  try {
    for (const name of Object.keys(sessionStorage)) {
      if (name.startsWith(PREFIX) && (but === null || !name.startsWith(but))) sessionStorage.removeItem(name);
    }
  } catch {
    // Nothing is kept.
  }
}

function keyOf(form) {
  return mine + new URL(form.action).pathname;
}

function isKept(field) {
  if (!field.name || field.dataset.transient !== undefined) return false;
  if (field instanceof HTMLTextAreaElement || field instanceof HTMLSelectElement) return true;
  return field instanceof HTMLInputElement && ["text", "email", "number", "url"].includes(field.type);
}

function unchanged(field) {
  if (field instanceof HTMLSelectElement) {
    return [...field.options].every((option) => option.selected === option.defaultSelected);
  }
  return field.value === field.defaultValue;
}

function keep(event) {
  const field = event.target;
  const form = field.form;
  if (!form?.matches("[data-draft]") || !isKept(field)) return;
  const draft = read(keyOf(form)) ?? { fields: {} };
  if (unchanged(field)) delete draft.fields[field.name];
  else draft.fields[field.name] = field.value;
  // It is another text now than the one that was sent: not the same request.
  if (event.type === "input") delete draft.formId;
  if (restoring) {
    write(keyOf(form), draft);
    return;
  }
  delete draft.saved;
  if (Object.keys(draft.fields).length > 0) write(keyOf(form), draft);
  else forget(form);
  saveSoon(form, draft.fields);
}

/**
 * Whether the server keeps the form too: what is written on tickets. Choices are kept in this tab
 * alone: what others have chosen since must not be turned back.
 */
function isWritten(form) {
  const onTicket = new URL(form.action).pathname.startsWith("/tickets/");
  return user !== "" && onTicket && form.querySelector("textarea") !== null;
}

/** Nothing of the form is to be kept: remembered until the server knows it too. */
function forget(form) {
  write(keyOf(form), isWritten(form) ? { fields: {} } : null);
}

function saveSoon(form, fields) {
  if (!isWritten(form)) return;
  cancelSaving(form);
  const path = new URL(form.action).pathname;
  const wait = { form, fields, abort: new AbortController() };
  wait.timer = setTimeout(() => void save(path, wait), PAUSE_MS);
  unsaved.set(path, wait);
}

/** Send the draft to the server, which keeps it only where its person is still logged in. */
async function save(path, { form, fields, abort }) {
  unsaved.delete(path);
  saving.set(path, abort);
  try {
    const token = form.elements.namedItem("csrf_token").value;
    const body = JSON.stringify({ form: path, fields });
    const response = await fetch("/drafts", {
      method: "PUT",
      body,
      signal: abort.signal,
      keepalive: body.length < 60_000,
      headers: { "Content-Type": "application/json", "X-CSRF-Token": token },
    });
    const draft = read(mine + path);
    const same = draft !== null && JSON.stringify(draft.fields) === JSON.stringify(fields);
    if (!response.ok || !(await response.json()).kept || !same) return;
    write(mine + path, Object.keys(fields).length > 0 ? { ...draft, saved: true } : null);
  } catch {
    // It is kept in this tab.
  } finally {
    if (saving.get(path) === abort) saving.delete(path);
  }
}

function cancelSaving(form) {
  const path = new URL(form.action).pathname;
  clearTimeout(unsaved.get(path)?.timer);
  unsaved.delete(path);
  saving.get(path)?.abort();
  saving.delete(path);
}

function saveNow() {
  for (const [path, wait] of [...unsaved]) {
    clearTimeout(wait.timer);
    void save(path, wait);
  }
}

/** Bring in what the server has: from another tab, or from before a log-in. */
async function fetchDrafts(forms) {
  if (forms.length === 0) return;
  const query = new URLSearchParams({ user });
  for (const form of forms) query.append("form", new URL(form.action).pathname);
  let found;
  try {
    const response = await fetch(`/drafts?${query}`, { headers: { Accept: "application/json" } });
    if (!response.ok) return;
    found = await response.json();
  } catch {
    return;
  }
  for (const form of forms) {
    const fields = found[new URL(form.action).pathname];
    const draft = read(keyOf(form));
    if (fields !== undefined && draft === null && !isTouched(form)) {
      write(keyOf(form), { fields, saved: true });
      restore(form);
    } else if (draft !== null && Object.keys(draft.fields).length === 0) {
      if (fields === undefined) write(keyOf(form), null);
      else saveSoon(form, {});
    } else if (fields === undefined && draft?.saved && !unsaved.has(new URL(form.action).pathname)) {
      // It was sent, or discarded, elsewhere.
      write(keyOf(form), null);
      form.reset();
      form.querySelector(".restored")?.remove();
    }
  }
}

function isTouched(form) {
  return [...form.elements].some((field) => isKept(field) && !unchanged(field));
}

/** Remember which form is sent; what comes next tells whether it has worked. */
function noteSent(event) {
  const form = event.target;
  if (event.defaultPrevented) return;
  if (new URL(form.action).pathname === "/logout") forgetAll();
  if (!form.matches("[data-draft]")) return;
  cancelSaving(form);
  const draft = read(keyOf(form));
  const formId = form.elements.namedItem("form_id")?.value;
  if (draft !== null && formId) write(keyOf(form), { ...draft, formId });
  write(SENT, keyOf(form));
}

function restore(form) {
  const draft = read(keyOf(form));
  if (draft === null) return;
  let restored = false;
  restoring = true;
  for (const [name, value] of Object.entries(draft.fields)) {
    const field = form.elements.namedItem(name);
    if (field === null || !isKept(field) || field.value === value) continue;
    const before = field.value;
    field.value = value;
    if (field.value !== value) {
      field.value = before; // that choice is no longer there
      continue;
    }
    restored = true;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
  restoring = false;
  const formId = form.elements.namedItem("form_id");
  // Sent, and never answered: sent again it is still one reply.
  if (draft.formId && formId !== null) formId.value = draft.formId;
  if (restored) offerDiscard(form);
}

function offerDiscard(form) {
  const note = document.createElement("p");
  note.className = "hint restored";
  note.setAttribute("role", "status");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = t("Discard");
  button.addEventListener("click", () => {
    forget(form);
    form.reset();
    saveSoon(form, {});
    for (const field of form.elements) {
      if (field instanceof HTMLSelectElement) field.dispatchEvent(new Event("change", { bubbles: true }));
    }
    note.remove();
  });
  note.append(`${t("Restored what you had not sent.")} `, button);
  form.prepend(note);
}

const sent = read(SENT);
if (hasWorked && sent !== null) write(sent, null);
// On the log-in page it is not yet known whether it has worked: it has not.
write(SENT, null);
if (user !== "") forgetAll(mine);

document.addEventListener("input", keep);
document.addEventListener("change", keep);
document.addEventListener("submit", noteSent);
// By then the other scripts of the page are ready.
document.addEventListener("DOMContentLoaded", () => {
  const forms = [...document.querySelectorAll("form[data-draft]")];
  for (const form of forms) restore(form);
  void fetchDrafts(forms.filter(isWritten));
});
window.addEventListener("pagehide", saveNow);
document.addEventListener("visibilitychange", () => document.hidden && saveNow());
