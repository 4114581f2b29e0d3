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
  if (form.dataset.draft !== undefined) {
    event.preventDefault();
    void sendInPlace(form, event.submitter);
  }
});

/** Send a form that leads back to its own page, so that Back does not stop there once more. */
async function sendInPlace(form, submitter) {
  try {
    const body = new URLSearchParams(new FormData(form, submitter));
    const action = submitter?.hasAttribute("formaction") ? submitter.formAction : form.action;
    const headers = { Accept: "text/html" };
    // Goes on where the page is left meanwhile; browsers do that for short bodies only.
    const keepalive = body.toString().length < 60_000;
    const response = await fetch(action, { method: "POST", body, headers, keepalive });
    if (response.redirected) {
      const then = new URL(response.url);
      if (then.searchParams.has("done")) then.hash = "done";
      const here = [location.pathname, new URL(form.action).pathname];
      if (here.some((path) => `${path}/`.startsWith(`${then.pathname}/`))) location.replace(then);
      else location.assign(then);
      return;
    }
  } catch {
    // The browser says what is wrong with the connection.
  }
  // Refused, which changes nothing, or not answered: sent once more, as the same form, to be shown.
  sendPlainly(form, submitter);
}

function sendPlainly(form, submitter) {
  if (submitter?.name) {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = submitter.name;
    field.value = submitter.value;
    form.append(field);
  }
  form.submit();
}

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
