// Does what the first word of a ticket's subject says: the twelve behaviours of the matrix.
import { Event, Level, Status, fetch, give, log, note, reply, setField, text } from "./ohd";

const kept: ArrayBuffer[] = [];

export function on_event(payload: usize, length: usize): void {
  const event = Event.read(payload, length);
  if (event == null) log(Level.Error, "not the event that was expected");
  else behave(event);
}

function behave(event: Event): void {
  const ticket = event.ticket;
  const words = ticket.subject.split(" ", 1);
  const rest = ticket.subject.substring(words[0].length + 1);
  const word = words[0];
  if (word == "event") showEvent(event);
  else if (word == "log") for (let level = 0; level < 4; level++) log(level, rest);
  else if (word == "http") request(event, rest);
  else if (word == "reply") show(reply(ticket.id, ticket.description));
  else if (word == "note") show(note(ticket.id, ticket.description));
  else if (word == "field") show(setField(ticket.id, "seen", ticket.description));
  else if (word == "config") showConfig(event);
  else if (word == "trap") throw new Error("told to");
  else if (word == "loop") for (;;) {}
  else if (word == "memory") for (;;) kept.push(new ArrayBuffer(1 << 20));
  else if (word == "large") {
    const end = ticket.description.substring(ticket.description.length - 3);
    log(Level.Info, `${ticket.description.length} ${end}`);
  }
}

export function render_panel(ticketId: usize, length: usize): u64 {
  return give("https://panel.example.com/" + text(ticketId, length));
}

function showEvent(event: Event): void {
  const ticket = event.ticket;
  const assignee = ticket.assignee;
  const severity = ticket.customFields.has("severity") ? ticket.customFields.get("severity") : "";
  const parts: string[] = [
    event.event, event.occurredAt, ticket.id, ticket.subject, ticket.status, ticket.priority,
    ticket.category, ticket.type, ticket.item, ticket.submitter.name, ticket.submitter.email,
    assignee ? assignee.name : "nobody", ticket.createdAt, ticket.url, event.actor.role, severity,
    event.get("data.to_status"),
  ];
  log(Level.Info, parts.join("|"));
}

function request(event: Event, url: string): void {
  const headers = new Map<string, string>();
  headers.set("Authorization", "Bearer " + event.get("config.token"));
  const answer = fetch("POST", url, headers, event.ticket.description);
  log(Level.Info, `${answer.status} ${answer.body}`);
}

function showConfig(event: Event): void {
  const loud = event.get("config.loud");
  log(Level.Info, `${event.get("config.greeting")} ${event.get("config.count")} ${loud}`);
}

function show(status: Status): void {
  if (status == Status.Done) log(Level.Info, "done");
  else log(Level.Error, `status ${status}`);
}
