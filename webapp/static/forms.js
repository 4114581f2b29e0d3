// Small comforts of every form: Ctrl+Enter sends it, with Shift by its second button, and one click
// sends it once. What is not sent yet is kept (`drafts.js`).

import "./drafts.js";

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  if (!(event.target instanceof HTMLTextAreaElement) || event.target.form === null) return;
  event.preventDefault();
  const { form } = event.target;
  const second = event.shiftKey ? form.querySelector('button[name="then"][value="resolve"]') : null;
  if (event.shiftKey && second === null) return;
  form.requestSubmit(second);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent !== undefined) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "";
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
});

// A page that comes back by the Back button can be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
  }
});

// What has been done was said once; it is not said again when the page is loaded anew.
const address = new URL(location.href);
if (address.searchParams.has("done")) {
  address.searchParams.delete("done");
  history.replaceState(history.state, "", address);
}
