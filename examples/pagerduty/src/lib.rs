//! PagerDuty: a Critical ticket opens an incident, and takes it along when it is resolved.
//!
//! What was done is kept in two custom fields of the ticket: `pagerduty_status` (open, resolved or
//! failed) and `pagerduty_incident_id`. Each later event of the ticket makes good what is missing.

mod api;
mod ohd;

use api::{PagerDuty, Refusal};
use ohd::{Event, Ticket};
use std::cell::RefCell;
use std::collections::HashMap;

const STATUS: &str = "pagerduty_status";
const NUMBER: &str = "pagerduty_incident_id";

/// Tickets that are remembered; beyond that their custom fields are new enough.
const REMEMBERED: usize = 1000;

thread_local! {
    // Events that were raised before a field was set still show the ticket without it.
    static FIELDS: RefCell<HashMap<String, String>> = RefCell::new(HashMap::new());
}

/// # Safety
/// The host passes the address and the length of an event's JSON.
#[no_mangle]
pub unsafe extern "C" fn on_event(payload: *const u8, length: usize) {
    match Event::read(payload, length) {
        Some(event) => Handler {
            event: &event,
            ticket: &event.ticket,
        }
        .handle(),
        None => ohd::error("not the event that was expected"),
    }
}

struct Handler<'a> {
    event: &'a Event,
    ticket: &'a Ticket,
}

impl Handler<'_> {
    fn handle(&self) {
        let is_over = matches!(self.ticket.status.as_str(), "Resolved" | "Closed");
        let is_critical = self.ticket.priority == "Critical";
        match (self.field(STATUS).as_str(), is_over) {
            ("open", true) => self.resolve(),
            ("open", false) => self.note_number(),
            (_, false) if is_critical => self.open(),
            _ => {}
        }
    }

    fn open(&self) {
        if let Err(refusal) = self.pagerduty().trigger(self.event) {
            let tell = self.field(STATUS) != "failed";
            self.set(STATUS, "failed");
            return self.complain("no incident was opened", &refusal, tell);
        }
        self.set(STATUS, "open");
        self.set(NUMBER, "");
        self.note_number();
        if self.field(NUMBER).is_empty() {
            self.note("PagerDuty incident opened.");
        }
    }

    /// Writes the incident's number down, once PagerDuty has made one.
    fn note_number(&self) {
        if !self.field(NUMBER).is_empty() || self.pagerduty().token().is_empty() {
            return;
        }
        match self.pagerduty().find(&self.ticket.id) {
            Ok(Some(incident)) => {
                self.set(NUMBER, &incident.number);
                self.note(&format!(
                    "PagerDuty incident #{}: {}",
                    incident.number, incident.url
                ));
            }
            Ok(None) => {}
            Err(refusal) => self.complain("the incident's number is not known", &refusal, false),
        }
    }

    fn resolve(&self) {
        match self.pagerduty().resolve(&self.ticket.id) {
            Ok(()) => self.set(STATUS, "resolved"),
            Err(refusal) => self.complain("the incident was not resolved", &refusal, true),
        }
    }

    fn complain(&self, what: &str, refusal: &Refusal, tell: bool) {
        let log = if refusal.is_passing() {
            ohd::warn
        } else {
            ohd::error
        };
        let text = format!(
            "{}: PagerDuty answered {} ({})",
            what, refusal.status, refusal.reason
        );
        log(&format!("ticket {}: {}", self.ticket.id, text));
        if tell {
            let then = "It is tried again when something happens to this ticket.";
            self.note(&format!("PagerDuty: {}. {}", text, then));
        }
    }

    fn pagerduty(&self) -> PagerDuty {
        PagerDuty {
            config: &self.event.config,
        }
    }

    fn note(&self, text: &str) {
        if let Err(why) = ohd::note(&self.ticket.id, text) {
            ohd::warn(&format!("the note was not accepted: {:?}", why));
        }
    }

    fn field(&self, key: &str) -> String {
        let kept = FIELDS.with(|all| all.borrow().get(&(self.ticket.id.clone() + key)).cloned());
        let shown = || self.ticket.custom_fields.get(key).cloned();
        kept.or_else(shown).unwrap_or_default()
    }

    fn set(&self, key: &str, value: &str) {
        if self.field(key) == value {
            return;
        }
        FIELDS.with(|all| {
            let mut all = all.borrow_mut();
            if all.len() >= REMEMBERED {
                all.clear();
            }
            all.insert(self.ticket.id.clone() + key, value.to_string());
        });
        if let Err(why) = ohd::set_field(&self.ticket.id, key, value) {
            ohd::warn(&format!("the field {} was not accepted: {:?}", key, why));
        }
    }
}
