// Follows an installation: shows how far it has come, and goes on to what it leads to.

import { loadPage, swapParts } from "./parts.js";
import { listen } from "./stream.js";

let asking = false;
let missed = false;

function card() {
  return document.querySelector("[data-install]");
}

async function look() {
  if (asking) {
    missed = true;
    return;
  }
  asking = true;
  try {
    swapParts(await loadPage(location.href));
  } finally {
    asking = false;
  }
  if (card().dataset.next !== undefined) location.replace(card().dataset.next);
  if (card().dataset.over !== undefined) end();
  else if (missed) {
    missed = false;
    void look();
  }
}

const end = card().dataset.over === undefined ? listen(() => card().dataset.install, { step: look }) : () => {};
