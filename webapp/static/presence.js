// Says which colleagues are at this ticket, and lets them know that the reader is: looking at it, or
// replying.
//
// The server forgets who is not heard of for a while; so does this page with what it was told.

import { t } from "./texts.js";

const EVERY_MS = 15_000;
const FORGOTTEN_MS = 45_000;
const TYPED_MS = 30_000;
const line = document.getElementById("presence");
const { ticketId } = document.querySelector("[data-ticket-id]").dataset;
const address = `/tickets/${ticketId}/presence`;
let typedAt = -TYPED_MS;
let said = "";
let forgetting;

function names(people) {
  return new Intl.ListFormat(document.documentElement.lang, { type: "conjunction" }).format(
    people.map((person) => person.name),
  );
}

function sentence(people, doing, one, several) {
  const there = people.filter((person) => person.doing === doing);
  if (there.length === 0) return "";
  return (there.length === 1 ? one : several).replace("{names}", () => names(there));
}

function show(people) {
  const text = [
    sentence(people, "replying", t("{names} is replying."), t("{names} are replying.")),
    sentence(people, "viewing", t("{names} is viewing this ticket."), t("{names} are viewing this ticket.")),
  ].filter(Boolean).join(" ");
  if (line.textContent !== text) line.textContent = text;
  line.classList.toggle("replying", people.some((person) => person.doing === "replying"));
  clearTimeout(forgetting);
  if (text) forgetting = setTimeout(show, FORGOTTEN_MS, []);
}

function doing() {
  return performance.now() - typedAt < TYPED_MS ? "replying" : "viewing";
}

async function say(what) {
  said = what;
  try {
    await fetch(address, {
      method: "POST",
      body: JSON.stringify({ doing: what }),
      keepalive: true,
      headers: {
        "Content-Type": "application/json",
        "X-CSRF-Token": document.querySelector('input[name="csrf_token"]').value,
      },
    });
  } catch {
    // Said again soon.
  }
}

document.addEventListener("ohd:presence", (event) => show(event.detail.people));
document.addEventListener("input", (event) => {
  if (!["reply", "note"].includes(event.target.id)) return;
  typedAt = performance.now();
  if (said !== "replying") void say("replying");
});
setInterval(() => document.hidden || void say(doing()), EVERY_MS);
document.addEventListener("visibilitychange", () => void say(document.hidden ? "left" : doing()));
window.addEventListener("pagehide", () => void say("left"));
window.addEventListener("pageshow", () => void say(doing()));
