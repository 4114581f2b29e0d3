// The page around frames of plugins: takes their height, follows a link that somebody has clicked,
// sends a form that somebody has submitted, and asks for widgets anew while somebody looks.
//
// A frame has no origin and may say anything. What it says counts only right after a person has
// done something in it, links lead nowhere but to pages of this site, and forms go to the plugin's
// own page with this page's token.

const LEAST_HEIGHT = 40;
const MOST_HEIGHT = 20_000;
const MOST_FIELDS = 200;
const MOST_TEXT = 1_000_000;

const frames = [...document.querySelectorAll("iframe[data-goatkit]")];

/** Return an address of this site, null for every other. */
function inside(address) {
  if (typeof address !== "string" || address.length > 2_000) return null;
  try {
    const found = new URL(address, location.href);
    return found.origin === location.origin ? found : null;
  } catch {
    return null;
  }
}

function open(address) {
  const found = inside(address);
  if (found !== null) location.assign(found);
}

function submit(frame, { submit: action, method, fields }) {
  const found = inside(action === "" ? location.href : action);
  if (found === null || !Array.isArray(fields) || fields.length > MOST_FIELDS) return;
  const texts = fields.filter(
    (pair) => Array.isArray(pair) && pair.every((text) => typeof text === "string" && text.length <= MOST_TEXT),
  );
  if (method !== "post") {
    found.search = new URLSearchParams(texts).toString();
    location.assign(found);
    return;
  }
  // The token goes to the page that the plugin itself has answered, and to no other.
  if (frame.dataset.token === undefined || found.pathname !== location.pathname) return;
  const form = document.createElement("form");
  form.method = "post";
  form.action = found;
  form.hidden = true;
  for (const [name, value] of [...texts, ["csrf_token", frame.dataset.token]]) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    form.append(field);
  }
  document.body.append(form);
  form.submit();
}

addEventListener("message", (event) => {
  const frame = frames.find((each) => each.contentWindow === event.source);
  const { data } = event;
  if (frame === undefined || typeof data !== "object" || data === null || data.goatkit !== 1) return;
  if (typeof data.height === "number" && data.height >= 0) {
    const height = Math.min(Math.max(data.height, LEAST_HEIGHT), MOST_HEIGHT);
    frame.style.height = `${height}px`;
    return;
  }
  if (!navigator.userActivation.isActive) return;
  if (data.open !== undefined) open(data.open);
  else if (data.submit !== undefined) submit(frame, data);
});

for (const frame of frames) {
  const seconds = Number(frame.dataset.refresh);
  if (!(seconds >= 5)) continue;
  setInterval(() => {
    if (!document.hidden) frame.src = frame.src;
  }, seconds * 1000);
}
