// Shortcuts of a single key. They act only where nothing is being typed, and can be turned off in
// their own dialog: speech input types letters (WCAG 2.1.4).

const OFF = "ohd-keys-off";
const dialog = document.getElementById("keys");
const toggle = document.getElementById("keys-on");
const button = document.getElementById("keys-button");

/** Storage may be forbidden; then the shortcuts are simply on. */
function isOff() {
  try {
    return localStorage.getItem(OFF) !== null;
  } catch {
    return false;
  }
}

function setOff(off) {
  try {
    if (off) localStorage.setItem(OFF, "1");
    else localStorage.removeItem(OFF);
  } catch {
    toggle.checked = true;
  }
}

function isTyping(target) {
  return target.closest("input:not([type='checkbox'], [type='radio']), textarea, select, [contenteditable]") !== null;
}

function rows() {
  return [...document.querySelectorAll(".results tbody tr")];
}

function currentRow() {
  return document.activeElement?.closest(".results tbody tr") ?? null;
}

/** In the list, go to the ticket `step` rows on; on a ticket, open the one beside it. */
function go(step) {
  const all = rows();
  if (all.length > 0) {
    const at = all.indexOf(currentRow());
    const place = at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1);
    all[place].querySelector(".subject").focus();
    return;
  }
  document.querySelector(`.walk [rel="${step > 0 ? "next" : "prev"}"]`)?.click();
}

function focusOn(selector) {
  const field = document.querySelector(selector);
  field?.focus();
  field?.scrollIntoView({ block: "nearest" });
  return field !== null;
}

const ACTIONS = {
  "/": () => focusOn("#q") || location.assign("/tickets#q"),
  j: () => go(1),
  k: () => go(-1),
  x: () => currentRow()?.querySelector('input[name="ticket"]')?.click(),
  u: () => document.querySelector(".walk > a")?.click(),
  c: () => location.assign("/tickets/new"),
  r: () => focusOn("#reply"),
  n: () => focusOn("#note"),
  i: () => document.getElementById("take")?.click(),
  "?": () => dialog.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.repeat && !"jk".includes(event.key)) return;
  if (event.key === "Escape" && isTyping(event.target) && !dialog.open) event.target.blur();
  if (event.ctrlKey || event.metaKey || event.altKey || dialog.open || isOff()) return;
  const action = Object.hasOwn(ACTIONS, event.key) ? ACTIONS[event.key] : null;
  if (action === null || isTyping(event.target)) return;
  event.preventDefault();
  action();
});

toggle.checked = !isOff();
toggle.addEventListener("change", () => setOff(!toggle.checked));
button.hidden = false;
button.addEventListener("click", () => dialog.showModal());
if (location.hash === "#q") focusOn("#q");
