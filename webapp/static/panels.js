// Fills the panel slots of a ticket page, and answers the frames that it made.
//
// A panel is foreign: it learns what the viewer may see of this one ticket and nothing else. Only
// a window that this module framed is heard, only at the origin that it was framed with, and the
// answer goes to that origin alone. To everybody else it is silent.

import { t } from "./texts.js";

const SANDBOX = "allow-scripts allow-same-origin";
const LONGEST_ID = 200;
const LOST = t("The panel could not be loaded.");
const DOWN = t("The panel's server did not respond.");
const PATIENCE_MS = 5_000;

/** @type {Map<Window, {slot: HTMLElement, origin: string, ticket: string}>} */
const framed = new Map();
/** Questions to the server that are under way: many requests of a panel share one. */
const underWay = new Map();

async function getJson(address) {
  const response = await fetch(address, { headers: { Accept: "application/json" } });
  const body = await response.json();
  if (!response.ok) throw new Error(body.error ?? `the server answered ${response.status}`);
  return body;
}

function getShared(address) {
  if (!underWay.has(address)) {
    underWay.set(address, getJson(address).finally(() => underWay.delete(address)));
  }
  return underWay.get(address);
}

const getTicket = (ticket) => getShared(`/api/tickets/${encodeURIComponent(ticket)}`);

const ACTIONS = new Map([
  ["getTicket", getTicket],
  [
    "getCurrentUser",
    async () => {
      const { id, name, role } = (await getShared("/api/me")).user;
      return { id, name, role };
    },
  ],
  ["getCustomFields", async (ticket) => (await getTicket(ticket)).custom_fields],
]);

function usableId(id) {
  if (typeof id === "number" && Number.isFinite(id)) return true;
  return typeof id === "string" && id.length <= LONGEST_ID;
}

/** Answer a message; null for what asks nothing. */
async function answer(message, ticket) {
  const request = typeof message === "object" && message !== null ? message : {};
  if (request.type === "ohd:response") return null;
  const isIdentified = usableId(request.requestId);
  const reply = { type: "ohd:response", requestId: isIdentified ? request.requestId : null };
  if (request.type !== "ohd:request") {
    return { ...reply, error: "type: expected an object whose type is ohd:request" };
  }
  if (!isIdentified) {
    return { ...reply, error: `requestId: expected a string of at most ${LONGEST_ID} characters` };
  }
  const act = typeof request.action === "string" ? ACTIONS.get(request.action) : undefined;
  if (act === undefined) {
    return { ...reply, error: `action: expected one of ${[...ACTIONS.keys()].join(", ")}` };
  }
  try {
    return { ...reply, data: await act(ticket) };
  } catch (error) {
    return { ...reply, error: error.message };
  }
}

window.addEventListener("message", async (event) => {
  const frame = framed.get(event.source);
  if (frame === undefined || event.origin !== frame.origin) return;
  const reply = await answer(event.data, frame.ticket);
  // Meanwhile the frame may have been taken away or led elsewhere; then nobody gets the answer.
  if (reply !== null && framed.has(event.source)) event.source.postMessage(reply, frame.origin);
});

function showStatus(slot, sentence, kind) {
  const status = document.createElement("p");
  status.className = `panel-status ${kind}`;
  status.setAttribute("role", "status");
  status.textContent = sentence;
  slot.querySelector(".panel-body").append(status);
  return status;
}

function clear(slot) {
  for (const frame of slot.querySelectorAll("iframe")) framed.delete(frame.contentWindow);
  slot.querySelector(".panel-body").replaceChildren();
}

function showError(slot, sentence, more = {}) {
  clear(slot);
  const status = showStatus(slot, `${slot.dataset.plugin}: ${sentence} `, "failed");
  for (const [label, act] of Object.entries({ [t("Try again")]: () => void fill(slot), ...more })) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", act);
    status.append(button, " ");
  }
}

/** Tell whether the server of a panel responds: a frame looks the same to us if it does not. */
async function responds(url) {
  const { origin } = new URL(url);
  const request = new AbortController();
  let isRedirected = false;
  // A redirect to a host that this page must not ask is a response as well.
  const note = ({ effectiveDirective, blockedURI }) => {
    if (effectiveDirective === "connect-src" && blockedURI.startsWith(origin)) isRedirected = true;
  };
  document.addEventListener("securitypolicyviolation", note);
  try {
    await fetch(url, {
      mode: "no-cors",
      credentials: "omit",
      referrerPolicy: "no-referrer",
      signal: request.signal,
    });
    return true;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return isRedirected;
  } finally {
    document.removeEventListener("securitypolicyviolation", note);
    // That it responds is all we want to know.
    request.abort();
  }
}

function showFrame(slot, url, asked) {
  const { origin } = new URL(url);
  if (origin === location.origin || origin === "null") throw new Error("not a foreign origin");
  const frame = document.createElement("iframe");
  frame.className = "panel-frame waiting";
  frame.title = slot.dataset.title;
  frame.height = slot.dataset.height;
  frame.setAttribute("sandbox", SANDBOX);
  frame.referrerPolicy = "no-referrer";
  const status = slot.querySelector(".panel-status");
  const loaded = new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
  frame.src = url;
  slot.querySelector(".panel-body").prepend(frame);
  framed.set(frame.contentWindow, { slot, origin, ticket: slot.dataset.ticket });
  const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  void Promise.all([loaded, Promise.race([asked, patience])]).then(() => {
    status.remove();
    frame.classList.remove("waiting");
  });
  void asked.then((isUp) => {
    if (isUp || !frame.isConnected) return;
    showError(slot, DOWN, { [t("Show anyway")]: () => showAnyway(slot, url) });
  });
}

function showAnyway(slot, url) {
  clear(slot);
  showStatus(slot, t("Loading {plugin_name}…", { plugin_name: slot.dataset.plugin }), "waiting");
  showFrame(slot, url, Promise.resolve(true));
}

async function fill(slot) {
  clear(slot);
  slot.querySelector(".panel-body").style.minHeight = `${slot.dataset.height}px`;
  showStatus(slot, t("Loading {plugin_name}…", { plugin_name: slot.dataset.plugin }), "waiting");
  try {
    const panel = await getJson(slot.dataset.panel);
    if (panel.url) showFrame(slot, panel.url, responds(panel.url));
    else showError(slot, panel.error);
  } catch {
    showError(slot, LOST);
  }
}

// The policy of this page frames hosts that the plugin declared, and no others.
document.addEventListener("securitypolicyviolation", (event) => {
  if (event.effectiveDirective !== "frame-src") return;
  for (const { slot, origin } of [...framed.values()]) {
    if (event.blockedURI.startsWith(origin)) showError(slot, LOST);
  }
});

for (const slot of document.querySelectorAll("[data-panel]")) void fill(slot);
