// The page around frames of plugins: takes their height, follows a link that somebody has clicked,
// sends a form that somebody has submitted, and passes requests on to the plugin's own routes.
//
// A frame has no origin and may say anything. Links and forms count only right after a person has
// done something, while the focus is in this frame. A form and a request bear a token that is good for routes of this plugin
// alone, and the server refuses a request that is for another.

import { t } from "./texts.js";

const LEAST_HEIGHT = 40;
const MOST_HEIGHT = 20_000;
const MOST_FIELDS = 500;
const MOST_BYTES = 4 * 1024 * 1024;
const MOST_ANSWER = 16 * 1024 * 1024;
const MOST_AT_ONCE = 6;
const MOST_MESSAGES = 500;
const MOST_INSERTED = 20_000;
const PROMISE_MS = 60_000;
const WINDOW_MS = 1_000;
const NOT_THEIRS = 421;
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/** @type {Map<Window, {frame: HTMLIFrameElement, since: number, count: number, asking: number}>} */
const known = new Map();

/** Listen to a frame from now on, and tell each of its documents so. */
export function adopt(frame) {
  const { contentWindow } = frame;
  known.set(contentWindow, { frame, since: 0, count: 0, asking: 0 });
  const greet = () => contentWindow.postMessage({ goatkit: 1, hello: true }, "*");
  frame.addEventListener("load", greet);
  greet();
}

/** Tell a frame's document what somebody writes, where the page is for that. */
export function tellForm(frame, form) {
  frame.contentWindow.postMessage({ goatkit: 1, form }, "*");
}

/** Listen to a frame no more. */
export function forget(frame) {
  known.delete(frame.contentWindow);
}

/** Put a card with the reason where a frame was. */
export function replaceByCard(frame, sentence) {
  forget(frame);
  const card = document.createElement("p");
  card.className = "frame-problem";
  card.setAttribute("role", "status");
  card.textContent = sentence;
  frame.replaceWith(card);
}

/** Return an address that somebody may be led to, null for every other. */
function address(text) {
  if (typeof text !== "string" || text.length > 4_000) return null;
  try {
    const found = new URL(text, location.href);
    return ["http:", "https:", "mailto:", "tel:"].includes(found.protocol) ? found : null;
  } catch {
    return null;
  }
}

const isOurs = (found) => found !== null && found.origin === location.origin;

function open(text, tab) {
  const found = address(text);
  if (found === null) return;
  if (!isOurs(found)) askToLeave(found);
  else if (tab === true) window.open(found, "_blank", "noopener");
  else location.assign(found);
}

/** Show where a link of a plugin leads, before anybody goes there. */
function askToLeave(found) {
  document.getElementById("leaving")?.remove();
  const dialog = document.createElement("dialog");
  dialog.id = "leaving";
  dialog.className = "keys";
  dialog.setAttribute("aria-labelledby", "leaving-title");
  const title = document.createElement("h2");
  title.id = "leaving-title";
  title.textContent = t("This link leads to another site");
  const where = document.createElement("p");
  const code = document.createElement("code");
  code.textContent = found.href;
  where.append(code);
  const link = document.createElement("a");
  Object.assign(link, { href: found.href, target: "_blank", rel: "noopener noreferrer" });
  link.className = "button";
  link.textContent = t("Open in a new tab");
  const stay = document.createElement("button");
  stay.type = "button";
  stay.textContent = t("Stay here");
  const actions = document.createElement("p");
  actions.className = "actions";
  actions.append(stay, link);
  dialog.append(title, where, actions);
  for (const each of [link, stay]) each.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function submit(frame, { submit: action, method, fields }) {
  const found = address(action === "" ? (frame.dataset.path ?? location.pathname) : action);
  if (!isOurs(found) || !Array.isArray(fields) || fields.length > MOST_FIELDS) return;
  const pairs = fields.filter(
    (pair) => Array.isArray(pair) && typeof pair[0] === "string" && usable(pair[1]),
  );
  if (pairs.reduce((sum, [, value]) => sum + (value.size ?? value.length), 0) > MOST_BYTES) return;
  if (method !== "post") {
    const texts = pairs.filter(([, value]) => typeof value === "string");
    found.search = new URLSearchParams(texts).toString();
    location.assign(found);
    return;
  }
  if (frame.dataset.token === undefined) return;
  const form = document.createElement("form");
  form.method = "post";
  form.action = found;
  form.hidden = true;
  if (pairs.some(([, value]) => value instanceof File)) form.enctype = "multipart/form-data";
  for (const [name, value] of pairs) {
    if (name === "csrf_token") continue;
    form.append(field(name, value));
  }
  form.append(field("csrf_token", frame.dataset.token));
  document.body.append(form);
  form.submit();
}

const usable = (value) => typeof value === "string" || value instanceof File;

function field(name, value) {
  const made = document.createElement("input");
  made.name = name;
  if (typeof value === "string") {
    Object.assign(made, { type: "hidden", value });
  } else {
    const files = new DataTransfer();
    if (value.size > 0 || value.name !== "") files.items.add(value);
    made.type = "file";
    made.files = files.files;
  }
  return made;
}

/** Ask a route of the plugin for its frame; the server refuses what is another's. */
async function ask(entry, source, { fetch: text, id, method, type, accept, body }) {
  const reply = (answer) => source.postMessage({ goatkit: 1, id, ...answer }, "*");
  const found = address(text);
  const { frame } = entry;
  const isCore = /^\/api\/(?!plugins\/)/.test(found?.pathname ?? "");
  if (!isOurs(found) || isCore || !METHODS.includes(method) || frame.dataset.token === undefined) {
    reply({ error: "only the plugin's own routes can be requested" });
    return;
  }
  if (entry.asking >= MOST_AT_ONCE || (body instanceof ArrayBuffer && body.byteLength > MOST_BYTES)) {
    reply({ error: "too many requests at once, or too large a body" });
    return;
  }
  entry.asking += 1;
  try {
    const headers = { "X-Plugin": frame.dataset.goatkit, "X-CSRF-Token": frame.dataset.token };
    if (typeof type === "string" && type !== "") headers["Content-Type"] = type;
    headers.Accept = typeof accept === "string" && accept !== "" ? accept : "*/*";
    const sent = body instanceof ArrayBuffer && !["GET", "HEAD"].includes(method) ? body : undefined;
    const response = await fetch(found, { method, headers, body: sent, redirect: "follow" });
    if (response.status === NOT_THEIRS) throw new Error("it is not a route of this plugin");
    // A page of ours, such as an error's, is for the person and not for the plugin.
    const isTheirs = response.headers.get("X-Plugin") === frame.dataset.goatkit;
    const content = isTheirs ? await response.arrayBuffer() : new ArrayBuffer(0);
    if (content.byteLength > MOST_ANSWER) throw new Error("the answer is too large");
    const kind = (isTheirs && response.headers.get("Content-Type")) || "";
    reply({ status: response.status, type: kind, body: content });
  } catch (error) {
    reply({ error: `the request failed: ${error.message}` });
  } finally {
    entry.asking -= 1;
  }
}

/** Tell whether somebody has clicked for this text, which was not there yet: once, and not later. */
function keeps(entry, id) {
  const { promise } = entry;
  if (promise === undefined || promise.id !== id) return false;
  entry.promise = undefined;
  return performance.now() <= promise.until;
}

function insert(text) {
  if (typeof text !== "string" || text.length > MOST_INSERTED) return;
  document.dispatchEvent(new CustomEvent("ohd:insert", { detail: text }));
}

/** Tell whether a frame says too much: what it says then is not heard, and its work is ended. */
function isFlooding(entry) {
  const now = performance.now();
  if (now - entry.since > WINDOW_MS) Object.assign(entry, { since: now, count: 0 });
  entry.count += 1;
  if (entry.count <= MOST_MESSAGES) return false;
  replaceByCard(entry.frame, t("The plugin sent too many messages and was stopped."));
  return true;
}

addEventListener("message", (event) => {
  const entry = known.get(event.source);
  if (entry === undefined || isFlooding(entry)) return;
  const { data } = event;
  if (typeof data !== "object" || data === null || data.goatkit !== 1) return;
  const { frame } = entry;
  if (typeof data.height === "number" && data.height >= 0) {
    document.dispatchEvent(new CustomEvent("ohd:height", { detail: { frame, height: data.height } }));
    const height = Math.min(Math.max(data.height, LEAST_HEIGHT), MOST_HEIGHT);
    frame.style.height = `${height}px`;
  } else if (data.fetch !== undefined) {
    void ask(entry, event.source, data);
  } else if (data.insert !== undefined && keeps(entry, data.promised)) {
    insert(data.insert);
  } else if (navigator.userActivation.isActive && document.activeElement === frame) {
    if (data.open !== undefined) open(data.open, data.tab);
    else if (data.submit !== undefined) submit(frame, data);
    else if (Number.isInteger(data.promised) && data.insert === undefined) {
      entry.promise = { id: data.promised, until: performance.now() + PROMISE_MS };
    } else insert(data.insert);
  }
});

// What a plugin publishes is for its own frames.
document.addEventListener("ohd:plugin", ({ detail: { plugin, ...published } }) => {
  for (const [frameWindow, { frame }] of known) {
    if (frame.dataset.goatkit === plugin) frameWindow.postMessage({ goatkit: 1, published }, "*");
  }
});

for (const frame of document.querySelectorAll("iframe[data-goatkit]")) adopt(frame);
