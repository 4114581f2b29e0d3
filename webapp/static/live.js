// Hears from the server what has changed, and passes it on to the scripts of the page.
//
// One stream of events (server-sent events) while the page can be seen: browsers allow few
// connections to one server, and a page in the background must not hold one. `ohd:ticket` is
// raised on the document for each ticket that changed, with its id; with the id null where changes
// may have been missed. `ohd:presence` says which colleagues are at the ticket of the page, `ohd:plugin` what a plugin
// that the page shows has published.

import { t } from "./texts.js";

let stream = null;
let missed = false;

function passOn(id) {
  document.dispatchEvent(new CustomEvent("ohd:ticket", { detail: { id } }));
}

function showUnread(unread) {
  const count = document.getElementById("unread");
  count.textContent = unread > 99 ? "99+" : String(unread);
  count.hidden = unread === 0;
  const said =
    unread === 0
      ? t("Notifications")
      : t("Notifications, {unread} unread", { unread: count.textContent });
  document.getElementById("bell").setAttribute("aria-label", said);
}

function open() {
  if (stream !== null || document.hidden) return;
  // With the time since the page was asked for: what happened meanwhile is told at once.
  const query = new URLSearchParams({ age: Math.ceil(performance.now()) });
  const ticket = document.querySelector("[data-ticket-id]")?.dataset.ticketId;
  if (ticket) query.set("ticket", ticket);
  // What those plugins publish is for their frames; the token says that we were given them.
  const plugins = new Map();
  for (const { dataset } of document.querySelectorAll("[data-token]")) {
    plugins.set(dataset.goatkit ?? dataset.plugin, dataset.token);
  }
  for (const [id, token] of plugins) query.append("plugin", `${id}:${token}`);
  stream = new EventSource(`/events?${query}`);
  stream.addEventListener("open", () => {
    if (missed) passOn(null);
    missed = false;
  });
  stream.addEventListener("error", () => (missed = true));
  stream.addEventListener("ticket", (event) => passOn(JSON.parse(event.data).id));
  stream.addEventListener("presence", (event) => {
    document.dispatchEvent(new CustomEvent("ohd:presence", { detail: JSON.parse(event.data) }));
  });
  stream.addEventListener("plugin", (event) => {
    document.dispatchEvent(new CustomEvent("ohd:plugin", { detail: JSON.parse(event.data) }));
  });
  stream.addEventListener("refresh", () => passOn(null));
  stream.addEventListener("notifications", (event) => showUnread(JSON.parse(event.data).unread));
}

function close() {
  if (stream === null) return;
  stream.close();
  stream = null;
  missed = true;
}

document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
window.addEventListener("pagehide", close);
window.addEventListener("pageshow", open);
// By then the other scripts of the page listen: what is told before would reach nobody.
document.addEventListener("DOMContentLoaded", open);
