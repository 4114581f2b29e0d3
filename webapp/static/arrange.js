// Arranging the dashboard without loading it anew: each button does at once what its form would do,
// and a card can be dragged by its handle. The server keeps the order; without scripts the forms do.

import { announce } from "./parts.js";
import { t } from "./texts.js";

const list = document.querySelector("[data-arrange]");
const SIZES = ["small", "medium", "large", "full"];

const shown = () => [...list.querySelectorAll("[data-key]:not(.hidden)")];

async function keep(form, values) {
  const body = new URLSearchParams(new FormData(form));
  for (const [name, value] of Object.entries(values)) body.set(name, value);
  try {
    const headers = { Accept: "application/json" };
    const response = await fetch(form.action, { method: "POST", body, headers });
    if (response.ok) return true;
  } catch {
    // Said below.
  }
  announce(t("That could not be saved."));
  location.reload();
  return false;
}

const title = (card) => card.querySelector("h2").textContent;

function sayPlace(card) {
  const cards = shown();
  announce(t("{title}: {place} of {all}", { title: title(card), place: cards.indexOf(card) + 1, all: cards.length }));
  for (const [place, each] of cards.entries()) {
    each.querySelector("[value='earlier']").disabled = place === 0;
    each.querySelector("[value='later']").disabled = place === cards.length - 1;
  }
}

list?.addEventListener("submit", async (event) => {
  const { submitter, target: form } = event;
  const act = submitter?.value ?? "";
  const card = form.closest("[data-key]");
  if (!["earlier", "later", ...SIZES].includes(act) || card === null) return;
  event.preventDefault();
  event.stopPropagation();
  const cards = shown();
  const at = cards.indexOf(card);
  if (act === "earlier" && at > 0) cards[at - 1].before(card);
  if (act === "later" && at < cards.length - 1) cards[at + 1].after(card);
  if (SIZES.includes(act)) {
    card.classList.remove(...SIZES);
    card.classList.add(act);
    for (const button of card.querySelectorAll("[name='act']")) {
      if (SIZES.includes(button.value)) button.setAttribute("aria-pressed", String(button === submitter));
    }
    announce(`${title(card)}: ${submitter.textContent}`);
  } else {
    sayPlace(card);
  }
  (submitter.disabled ? card.querySelector("button:not([disabled])") : submitter).focus();
  await keep(form, { act });
});

let dragged = null;

list?.addEventListener("pointerdown", (event) => {
  const handle = event.target instanceof Element ? event.target.closest(".handle") : null;
  if (handle === null || event.button !== 0) return;
  event.preventDefault();
  dragged = handle.closest("[data-key]");
  dragged.classList.add("dragged");
  list.setPointerCapture(event.pointerId);
});

list?.addEventListener("pointermove", (event) => {
  if (dragged === null) return;
  const under = document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-key]");
  if (!under || under === dragged || !list.contains(under)) return;
  const cards = shown();
  if (cards.indexOf(under) < cards.indexOf(dragged)) under.before(dragged);
  else under.after(dragged);
});

async function drop() {
  if (dragged === null) return;
  const card = dragged;
  dragged = null;
  card.classList.remove("dragged");
  sayPlace(card);
  await keep(card.querySelector("form"), { act: "to", place: String(shown().indexOf(card)) });
}

list?.addEventListener("pointerup", () => void drop());
list?.addEventListener("pointercancel", () => void drop());
