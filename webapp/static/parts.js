// Brings a page up to date without losing what is being typed on it.
//
// A part is an element with `data-part`. The page is fetched again, and each part that differs
// takes the place of its former self, unless somebody has changed a field in it. In a part with
// `data-keyed`, children that are the same stay, so that reading and selecting go on.

import { localise } from "./times.js";

/** What the server last sent of each part: other scripts change parts after they have arrived. */
const served = new Map();
for (const part of document.querySelectorAll("[data-part]")) {
  served.set(part.dataset.part, part.outerHTML);
}

/** The session has ended: what was fetched is the log-in page. */
export class LoggedOut extends Error {}

/** Fetch a page of ours as a document that nothing runs in. */
export async function loadPage(address, signal) {
  const response = await fetch(address, { signal, headers: { Accept: "text/html" } });
  if (new URL(response.url).pathname === "/login") throw new LoggedOut();
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  localise(page);
  return page;
}

/** Put the parts of `page` in place; return the names of those that changed. */
export function swapParts(page) {
  const changed = [];
  for (const old of document.querySelectorAll("[data-part]")) {
    const name = old.dataset.part;
    const fresh = page.querySelector(`[data-part="${CSS.escape(name)}"]`);
    if (fresh === null || fresh.outerHTML === served.get(name) || isTouched(old)) continue;
    served.set(name, fresh.outerHTML);
    swap(old, fresh);
    changed.push(name);
  }
  if (changed.length > 0) document.dispatchEvent(new Event("ohd:swapped"));
  return changed;
}

/** Say something to those who listen to the page. */
export function announce(sentence) {
  document.getElementById("announcer").textContent = sentence;
}

/** Put a text where the cursor of a field is, as if it were typed. */
export function insertText(field, text) {
  field.focus();
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function swap(old, fresh) {
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  if (fresh.dataset.keyed === undefined) old.replaceWith(document.adoptNode(fresh));
  else swapChildren(old, fresh);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

function swapChildren(old, fresh) {
  const known = new Map([...old.children].map((child) => [child.id, child]));
  const first = known.size === 0;
  const children = [...fresh.children].map((child) => {
    const before = known.get(child.id);
    if (before?.isEqualNode(child)) return before;
    if (!first && before === undefined) child.classList.add("fresh");
    return document.adoptNode(child);
  });
  const staying = new Set(children);
  for (const child of [...old.children]) if (!staying.has(child)) child.remove();
  children.forEach((child, place) => {
    if (old.children[place] !== child) old.insertBefore(child, old.children[place] ?? null);
  });
}

/** Whether somebody has changed a field in `part`. */
export function isTouched(part) {
  return [...part.querySelectorAll("input, textarea, select")].some((field) => {
    if (field instanceof HTMLSelectElement) {
      // How the field stood, where the server shows a choice that it refused.
      const was = field.form?.elements.namedItem(`was_${field.name}`);
      if (was) return field.value !== was.value;
      return [...field.options].some((option) => option.selected !== option.defaultSelected);
    }
    if (field.type === "checkbox" || field.type === "radio") {
      return field.checked !== field.defaultChecked;
    }
    // A text that the server sent back, as it was refused, is still somebody's.
    if (field instanceof HTMLTextAreaElement) return field.value !== "";
    return field.value !== field.defaultValue;
  });
}
