// Jira linker: finds issue keys in what is said on a ticket, links both sides once, and keeps the
// panel server told of how the issues stand.
import { Issue, Jira } from "./jira";
import { Json, quote } from "./json";
import { findKeys, split } from "./keys";
import { Level, http, log, note, setField } from "./ohd";
import { PANEL } from "./site";

const MOST = 5; // Issues of one ticket: three requests each stay within an event's twenty.

// Linked issues by ticket. An event that was raised before a field was set still shows the ticket
// without it, so that the field alone would link twice.
const linkedHere = new Map<string, string>();

export function on_event(ptr: usize, len: u32): void {
  const event = Json.read(String.UTF8.decodeUnsafe(ptr, len));
  if (event == null) log(Level.Error, "the event is not the JSON that was expected");
  else handle(event);
}

function handle(event: Json): void {
  const ticket = event.get("ticket.id");
  const jira = new Jira(event.get("config.jira_authorization"));
  const field = event.get("ticket.custom_fields.jira_issues");
  const linked = split(linkedHere.has(ticket) ? linkedHere.get(ticket) : field);
  const before = linked.length;
  for (let i = 0; i < before && !jira.stopped; i++) {
    const issue = jira.find(linked[i]);
    if (issue != null) show(event, issue);
  }
  const named = mayName(event) ? findKeys(said(event), split(event.get("config.projects"))) : [];
  for (let i = 0; i < named.length && linked.length < MOST && !jira.stopped; i++) {
    if (!linked.includes(named[i]) && link(event, jira, named[i])) linked.push(named[i]);
  }
  if (linked.length > before) remember(ticket, linked.join(", "));
}

/** Whoever sees a ticket sees its panel: what a stranger names must not show them an issue. */
function mayName(event: Json): bool {
  const role = event.get("actor.role");
  return role == "agent" || role == "admin" || event.get("config.from_submitters") == "true";
}

/** What is new in this event. */
function said(event: Json): string {
  if (event.get("event") != "ticket.created") return event.get("data.body");
  return event.get("ticket.subject") + "\n" + event.get("ticket.description");
}

function link(event: Json, jira: Jira, key: string): bool {
  const issue = jira.find(key);
  if (issue == null) return false;
  const ticket = event.get("ticket.id");
  if (!jira.link(issue, ticket, event.get("ticket.url"), event.get("ticket.subject"))) return false;
  note(ticket, `Jira ${key}: ${issue.summary} (${issue.status})\n\n${issue.url}`);
  show(event, issue);
  return true;
}

function remember(ticket: string, keys: string): void {
  if (linkedHere.size > 1000) linkedHere.clear();
  linkedHere.set(ticket, keys);
  setField(ticket, "jira_issues", keys);
}

/** Tells the panel server how an issue stands; keeps the pass by which the panel may read it. */
function show(event: Json, issue: Issue): void {
  const ticket = event.get("ticket.id");
  const how = `"status":${quote(issue.status)},"assignee":${quote(issue.assignee)}`;
  const body = `{"summary":${quote(issue.summary)},${how}}`;
  const url = `${PANEL}/tickets/${ticket}/issues/${issue.key}`;
  const answer = http("PUT", url, "Bearer " + event.get("config.panel_secret"), body);
  const json = answer.json;
  if (answer.status != 200 || json == null) {
    return log(Level.Warn, `the panel server answered ${answer.status} for ${issue.key}`);
  }
  const pass = json.get("pass");
  if (pass != event.get("ticket.custom_fields.jira_panel")) setField(ticket, "jira_panel", pass);
}

// Kept in a global, so that the collector leaves it alone while the host reads it.
let panel: ArrayBuffer = new ArrayBuffer(0);

/** Returns address and length in one number: the panel's page, which is the same for everybody. */
export function render_panel(ptr: usize, len: u32): u64 {
  panel = String.UTF8.encode(`${PANEL}/panel?ticket=${String.UTF8.decodeUnsafe(ptr, len)}`);
  return ((changetype<usize>(panel) as u64) << 32) | (panel.byteLength as u64);
}
