// Widgets of the dashboard: all asked for at once by one request, each shown as it comes, and asked
// for anew as often as it wants while somebody looks at it.

import { adopt, forget } from "./goatkit-host.js";
import { t } from "./texts.js";

const SANDBOX = "allow-scripts allow-forms";
const LONGEST_PAUSE_MS = 15 * 60 * 1000;
const LOST = t("The connection was lost. Load the page again.");

/** @type {Map<string, {card: HTMLElement, every: number, due: number, failures: number}>} */
const widgets = new Map();
const seen = new Set();

for (const card of document.querySelectorAll("[data-widget]")) {
  const every = Number(card.dataset.refresh) * 1000;
  widgets.set(card.dataset.widget, { card, every, due: Infinity, failures: 0 });
}

const looking = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) seen.add(target.dataset.widget);
    else seen.delete(target.dataset.widget);
  }
  plan();
});
for (const { card } of widgets.values()) looking.observe(card);

/** Ask for widgets, and show each as soon as it is there. */
async function load(keys) {
  const waiting = new Set(keys);
  try {
    const query = keys.length === widgets.size ? "" : `?${new URLSearchParams(keys.map((key) => ["only", key]))}`;
    const response = await fetch(`/dashboard/widgets${query}`);
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    for await (const line of lines(response.body)) {
      const { key, frame, problem } = JSON.parse(line);
      waiting.delete(key);
      show(key, frame, problem);
    }
  } catch {
    // Those that came stay as they are.
  }
  for (const key of waiting) show(key, undefined, LOST);
}

async function* lines(body) {
  let rest = "";
  for await (const piece of pieces(body)) {
    const found = (rest + piece).split("\n");
    rest = found.pop();
    yield* found;
  }
}

async function* pieces(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

function show(key, address, problem) {
  const widget = widgets.get(key);
  if (widget === undefined) return;
  const { card } = widget;
  widget.failures = problem === undefined ? 0 : widget.failures + 1;
  // What fails is asked for less and less often.
  const pause = Math.min(widget.every * 2 ** widget.failures, LONGEST_PAUSE_MS);
  widget.due = widget.every > 0 ? performance.now() + Math.max(pause, widget.every) : Infinity;
  const body = card.querySelector(".widget-body");
  const frame = body.querySelector("iframe");
  if (problem !== undefined) {
    if (frame !== null) forget(frame);
    body.replaceChildren(...failure(key, problem));
  } else if (frame === null) {
    body.replaceChildren();
    const made = document.createElement("iframe");
    made.title = card.dataset.title;
    made.dataset.goatkit = card.dataset.plugin;
    made.dataset.token = card.dataset.token;
    made.setAttribute("sandbox", SANDBOX);
    made.src = address;
    body.append(made);
    adopt(made);
  } else {
    // Not by its address: each would be one more step back in the history.
    frame.contentWindow.location.replace(new URL(address, location.href));
  }
  card.removeAttribute("aria-busy");
  plan();
}

function failure(key, problem) {
  const said = document.createElement("p");
  said.className = "frame-problem";
  said.setAttribute("role", "status");
  said.textContent = problem;
  const again = document.createElement("button");
  again.type = "button";
  again.textContent = t("Try again");
  again.addEventListener("click", () => {
    again.disabled = true;
    void load([key]);
  });
  return [said, again];
}

let timer = 0;

/** Wait for the next widget that is due and that somebody looks at. */
function plan() {
  clearTimeout(timer);
  if (document.hidden) return;
  const next = Math.min(...[...seen].map((key) => widgets.get(key)?.due ?? Infinity));
  if (next === Infinity) return;
  timer = setTimeout(refresh, Math.max(next - performance.now(), 0));
}

function refresh() {
  const now = performance.now();
  const due = [...seen].filter((key) => (widgets.get(key)?.due ?? Infinity) <= now);
  for (const key of due) widgets.get(key).due = Infinity;
  if (due.length > 0) void load(due);
  plan();
}

document.addEventListener("visibilitychange", plan);
if (widgets.size > 0) void load([...widgets.keys()]);
