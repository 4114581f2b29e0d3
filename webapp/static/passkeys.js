// Asks the browser for a passkey, and sends its answer with the form.
//
// A form with `data-passkey` names where options come from, and what to do: `create` or `get`.
// The server sends bytes as base64url, and gets them so.

import { t } from "./texts.js";

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const usable = window.PublicKeyCredential !== undefined;
  form.querySelector("button").disabled = !usable;
  form.querySelector("[data-unusable]").hidden = usable;
  form.addEventListener("submit", (event) => {
    // The second time it has the answer, and goes.
    if (form.elements.credential.value !== "") return;
    event.preventDefault();
    ask(form);
  });
}

async function ask(form) {
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const options = await optionsFor(form);
    const credential = await navigator.credentials[form.dataset.passkey]({ publicKey: options });
    form.elements.credential.value = JSON.stringify(answerOf(credential));
    form.submit();
  } catch (error) {
    say(form, sentence(error));
    button.disabled = false;
  }
}

async function optionsFor(form) {
  const response = await fetch(form.dataset.options, {
    method: "POST",
    headers: { "X-CSRF-Token": form.elements.csrf_token.value },
  });
  const told = await response.json();
  if (!response.ok) throw new Refused(told.error);
  const known = (list) => (list ?? []).map((each) => ({ ...each, id: bytes(each.id) }));
  const options = { ...told, challenge: bytes(told.challenge) };
  if (told.user) options.user = { ...told.user, id: bytes(told.user.id) };
  if (told.excludeCredentials) options.excludeCredentials = known(told.excludeCredentials);
  if (told.allowCredentials) options.allowCredentials = known(told.allowCredentials);
  return options;
}

/** The server has refused, with a sentence for people. */
class Refused extends Error {}

function answerOf(credential) {
  const response = { clientDataJSON: text(credential.response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    const found = credential.response[name];
    if (found) response[name] = text(found);
  }
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: {},
  };
}

function sentence(error) {
  if (error instanceof Refused) return `${error.message}.`;
  if (error.name === "InvalidStateError") return t("This device already has a passkey for you.");
  if (error.name === "NotAllowedError") return t("No passkey was given. Try again.");
  return t("Your browser couldn't do this. Try again, or use another method.");
}

function say(form, words) {
  const place = form.querySelector("[data-problem]");
  place.textContent = words;
  place.hidden = false;
}

function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (char) => char.charCodeAt(0));
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
