// Keeps what has been written or chosen and not yet sent: over the sending of another form, over Back
// and Reload, and over a log-in.
//
// In this tab alone and for one person (sessionStorage); logging out forgets all of it. Passwords and
// files are never kept. Forms with `data-draft` take part, each known by its address.

const PREFIX = "ohd-draft:";
const SENT = "ohd-sent";
const user = document.body.dataset.user ?? "";
const mine = `${PREFIX}${user}:`;
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
  write(keyOf(form), Object.keys(draft.fields).length > 0 ? draft : null);
}

/** Remember which form is sent; what comes next tells whether it has worked. */
function noteSent(event) {
  const form = event.target;
  if (event.defaultPrevented) return;
  if (new URL(form.action).pathname === "/logout") forgetAll();
  if (!form.matches("[data-draft]")) return;
  const draft = read(keyOf(form));
  const formId = form.elements.namedItem("form_id")?.value;
  if (draft !== null && formId) write(keyOf(form), { ...draft, formId });
  write(SENT, keyOf(form));
}

function restore(form) {
  const draft = read(keyOf(form));
  if (draft === null) return;
  let restored = false;
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
  button.textContent = "Discard";
  button.addEventListener("click", () => {
    write(keyOf(form), null);
    form.reset();
    for (const field of form.elements) {
      if (field instanceof HTMLSelectElement) field.dispatchEvent(new Event("change", { bubbles: true }));
    }
    note.remove();
  });
  note.append("Restored what you had not sent. ", button);
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
  for (const form of document.querySelectorAll("form[data-draft]")) restore(form);
});
