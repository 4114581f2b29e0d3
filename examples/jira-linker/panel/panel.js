// Asks the help desk's page for the ticket's custom fields, and shows the issues that they open.

const HELPDESK = document.body.dataset.helpdesk;
const ticket = new URLSearchParams(location.search).get("ticket") ?? "";
const PATIENCE_MS = 10_000;

/** Ask the page around this frame; only its answer, from its origin, is taken. */
function ask(action) {
  const requestId = crypto.randomUUID();
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("The help desk did not answer.")), PATIENCE_MS);
    addEventListener("message", ({ source, origin, data }) => {
      if (source !== parent || origin !== HELPDESK || data?.requestId !== requestId) return;
      if (data.error) reject(new Error(data.error));
      else resolve(data.data);
    });
    parent.postMessage({ type: "ohd:request", requestId, action }, HELPDESK);
  });
}

async function load(pass) {
  const headers = { Authorization: `Bearer ${pass}` };
  const response = await fetch(`tickets/${encodeURIComponent(ticket)}`, { headers });
  const body = await response.json();
  if (!response.ok) throw new Error(body.error);
  return body.issues;
}

function row(issue) {
  // No link: a panel's frame can neither open a page nor lead the help desk's away.
  const key = document.createElement("strong");
  key.textContent = issue.key;
  const more = document.createElement("small");
  const seen = new Date(issue.seen_at).toLocaleString();
  more.textContent = `${issue.status}, assigned to ${issue.assignee}; as of ${seen}`;
  const item = document.createElement("li");
  item.append(key, ` ${issue.summary}`, more);
  return item;
}

async function show() {
  const status = document.querySelector("#status");
  try {
    const { jira_panel: pass } = await ask("getCustomFields");
    const issues = pass ? await load(pass) : [];
    document.querySelector("#issues").replaceChildren(...issues.map(row));
    status.textContent = issues.length ? "" : "This ticket names no Jira issue.";
  } catch (error) {
    status.textContent = error.message;
  }
}

await show();
