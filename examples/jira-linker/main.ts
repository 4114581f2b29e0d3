// Jira linker: finds issue keys in what is said on a ticket, links both sides once, and keeps the
// panel server told of how the issues stand.
import { Issue, Jira, ask } from "./jira";
import { findKeys, split } from "./keys";
import { Event, Json, Level, Status, give, log, note, quote, setField, text } from "./ohd";
import { PANEL } from "./site";

const MOST = 5; // Issues of one ticket: three requests each stay within an event's twenty.

// Linked issues by ticket. An event that was raised before a field was set still shows the ticket
// without it, so that the field alone would link twice.
const linkedHere = new Map<string, string>();

export function on_event(payload: usize, length: usize): void {
  const event = Event.read(payload, length);
  if (event == null) log(Level.Error, "not the event that was expected");
  else handle(event);
}

function handle(event: Event): void {
  const ticket = event.ticket.id;
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
function mayName(event: Event): bool {
  const role = event.actor.role;
  return role == "staff" || role == "admin" || event.get("config.from_submitters") == "true";
}

/** What is new in this event. */
function said(event: Event): string {
  if (event.event != "ticket.created") return event.get("data.body");
  return event.ticket.subject + "\n" + event.ticket.description;
}

function link(event: Event, jira: Jira, key: string): bool {
  const issue = jira.find(key);
  if (issue == null) return false;
  const ticket = event.ticket;
  if (!jira.link(issue, ticket.id, ticket.url, ticket.subject)) return false;
  const line = `Jira ${key}: ${issue.summary} (${issue.status})\n\n${issue.url}`;
  check("the note", note(ticket.id, line));
  show(event, issue);
  return true;
}

function remember(ticket: string, keys: string): void {
  if (linkedHere.size > 1000) linkedHere.clear();
  linkedHere.set(ticket, keys);
  keep(ticket, "jira_issues", keys);
}

function keep(ticket: string, key: string, value: string): void {
  check("the field " + key, setField(ticket, key, value));
}

function check(what: string, status: Status): void {
  if (status != Status.Done) log(Level.Warn, `${what} was not accepted: status ${status}`);
}

/** Tells the panel server how an issue stands; keeps the pass by which the panel may read it. */
function show(event: Event, issue: Issue): void {
  const ticket = event.ticket.id;
  const how = `"status":${quote(issue.status)},"assignee":${quote(issue.assignee)}`;
  const body = `{"summary":${quote(issue.summary)},${how}}`;
  const url = `${PANEL}/tickets/${ticket}/issues/${issue.key}`;
  const answer = ask("PUT", url, "Bearer " + event.get("config.panel_secret"), body);
  const json = Json.read(answer.body);
  if (answer.status != 200 || json == null) {
    return log(Level.Warn, `the panel server answered ${answer.status} for ${issue.key}`);
  }
  const pass = json.get("pass");
  if (pass != event.get("ticket.custom_fields.jira_panel")) keep(ticket, "jira_panel", pass);
}

/** Returns the panel's page, which is the same for everybody. */
export function render_panel(ticketId: usize, length: usize): u64 {
  return give(`${PANEL}/panel?ticket=${text(ticketId, length)}`);
}
