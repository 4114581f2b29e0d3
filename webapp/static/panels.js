// Fills the panel slots of a ticket page, and answers the frames that it made.
//
// A panel is foreign: it learns what the viewer may see of this one ticket and nothing else. Only
// a window that this module framed is heard, only at the origin that it was framed with, and the
// answer goes to that origin alone. To everybody else it is silent.

const SANDBOX = "allow-scripts allow-same-origin";
const LONGEST_ID = 200;

/** @type {Map<Window, {origin: string, ticket: string}>} */
const framed = new Map();

async function getJson(address) {
  const response = await fetch(address, { headers: { Accept: "application/json" } });
  const body = await response.json();
  if (!response.ok) throw new Error(body.error ?? `the server answered ${response.status}`);
  return body;
}

const ACTIONS = new Map([
  ["getTicket", (ticket) => getJson(`/api/tickets/${encodeURIComponent(ticket)}`)],
  [
    "getCurrentUser",
    async () => {
      const { id, name, role } = (await getJson("/api/me")).user;
      return { id, name, role };
    },
  ],
  [
    "getCustomFields",
    async (ticket) => (await getJson(`/api/tickets/${encodeURIComponent(ticket)}`)).custom_fields,
  ],
]);

async function answer(request, ticket) {
  const { requestId, action } = request;
  const id = typeof requestId === "string" && requestId.length <= LONGEST_ID ? requestId : null;
  const reply = { type: "ohd:response", requestId: id };
  if (id === null) {
    return { ...reply, error: `requestId: expected a string of at most ${LONGEST_ID} characters` };
  }
  const act = typeof action === "string" ? ACTIONS.get(action) : undefined;
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
  const request = event.data;
  if (typeof request !== "object" || request === null || request.type !== "ohd:request") return;
  event.source.postMessage(await answer(request, frame.ticket), frame.origin);
});

function showError(slot, sentence) {
  const status = slot.querySelector(".panel-status");
  status.textContent = `${slot.dataset.plugin}: ${sentence}`;
  status.classList.add("panel-error");
}

function showFrame(slot, url) {
  const status = slot.querySelector(".panel-status");
  const frame = document.createElement("iframe");
  frame.className = "panel-frame";
  frame.title = slot.dataset.title;
  frame.height = slot.dataset.height;
  frame.setAttribute("sandbox", SANDBOX);
  frame.referrerPolicy = "no-referrer";
  frame.addEventListener("load", () => status.remove(), { once: true });
  frame.src = url;
  slot.append(frame);
  framed.set(frame.contentWindow, { origin: new URL(url).origin, ticket: slot.dataset.ticket });
}

async function fill(slot) {
  try {
    const panel = await getJson(slot.dataset.panel);
    if (panel.url) showFrame(slot, panel.url);
    else showError(slot, panel.error);
  } catch {
    showError(slot, "The panel could not be loaded. Load the page again to try once more.");
  }
}

for (const slot of document.querySelectorAll("[data-panel]")) void fill(slot);
