// @TITLE@ greets whoever opens a ticket.
import { Event, Level, Status, log, reply, setField } from "./ohd";

export function on_event(payload: usize, length: usize): void {
  const event = Event.read(payload, length);
  if (event == null) log(Level.Error, "not the event that was expected");
  else if (event.event == "ticket.created") greet(event);
}

function greet(event: Event): void {
  const ticket = event.ticket;
  const greeting = event.get("config.greeting");
  const text = `${greeting}, ${ticket.submitter.name}. We have "${ticket.subject}".`;
  if (reply(ticket.id, text) != Status.Done) {
    log(Level.Error, "the reply was refused");
    return;
  }
  if (setField(ticket.id, "greeted", "yes") != Status.Done) {
    log(Level.Error, "the field was refused");
  }
  log(Level.Info, `greeted ${ticket.id}`);
}
