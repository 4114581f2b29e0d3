// The live tail of the log: adds lines as they are logged, and follows them unless the reader has
// scrolled up. A page holds so many lines and no more.

import { localise } from "./times.js";
import { listen, nodesOf } from "./stream.js";
import { t } from "./texts.js";

const MOST_LINES = 1_000;
const box = document.getElementById("log");
const list = document.getElementById("log-lines");
const state = document.getElementById("tail-state");
const empty = document.getElementById("log-empty");
let newest = Number(box.dataset.newest);
let waiting = 0;

function atEnd() {
  return box.scrollHeight - box.scrollTop - box.clientHeight < 24;
}

function say(connected = true) {
  if (!connected) state.textContent = t("Connection lost. Reconnecting…");
  else if (waiting > 0) state.textContent = t("Paused: {waiting} new lines below. Scroll down to resume.", { waiting });
  else state.textContent = t("Live");
}

function add({ html, newest: last }) {
  const following = atEnd();
  const lines = nodesOf(html);
  localise(lines);
  const count = lines.childElementCount;
  empty.hidden = true;
  list.append(lines);
  newest = Math.max(newest, last);
  // While the reader is further up, the browser keeps what is read in its place.
  const most = following ? MOST_LINES : 2 * MOST_LINES;
  while (list.childElementCount > most) list.firstElementChild.remove();
  if (following) box.scrollTop = box.scrollHeight;
  else waiting += count;
  say();
}

box.addEventListener("scroll", () => {
  if (waiting === 0 || !atEnd()) return;
  waiting = 0;
  while (list.childElementCount > MOST_LINES) list.firstElementChild.remove();
  box.scrollTop = box.scrollHeight;
  say();
});

box.scrollTop = box.scrollHeight;
listen(() => `${box.dataset.log}&after=${newest}`, { lines: add }, say);
