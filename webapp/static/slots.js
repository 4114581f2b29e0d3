// Widgets of plugins on pages of tickets. One on a ticket may put text into the reply, right after
// somebody has clicked in it: the person sees it there, and sends it or not. One below a new ticket
// is told what is written, once an admin has granted that.

import { tellForm } from "./goatkit-host.js";
import { announce, insertText } from "./parts.js";
import { t } from "./texts.js";

const PAUSE_MS = 400;
const MOST_TOLD = 4_000;
const EMPTY = 12;

document.addEventListener("ohd:insert", ({ detail }) => {
  const field = document.getElementById("reply");
  if (field !== null) insertText(field, detail);
  announce(field === null ? t("There is no reply to insert the text into.") : t("Text inserted."));
});

const frames = [...document.querySelectorAll(".slot iframe")];

// One that has nothing to say takes no room.
document.addEventListener("ohd:height", ({ detail: { frame, height } }) => {
  frame.closest(".slot")?.classList.toggle("empty", height <= EMPTY);
});

let timer = 0;

function tell() {
  const written = (name) => document.getElementById(name).value.slice(0, MOST_TOLD);
  const form = { subject: written("subject"), description: written("description") };
  for (const frame of frames) tellForm(frame, form);
}

if (frames.length > 0) {
  for (const frame of frames) frame.addEventListener("load", tell);
  document.addEventListener("input", (event) => {
    if (!["subject", "description"].includes(event.target.id)) return;
    clearTimeout(timer);
    timer = setTimeout(tell, PAUSE_MS);
  });
  // What was there before: a draft, or what somebody typed while the page was loading.
  tell();
}
