//! PagerDuty: a Critical ticket opens an incident, and takes it along when it is resolved.
//!
//! What was done is kept in two custom fields of the ticket: `pagerduty_status` (open, resolved or
//! failed) and `pagerduty_incident_id`. Each later event of the ticket makes good what is missing.

mod api;
mod json;
mod ohd;

use api::{PagerDuty, Refusal};
use json::Value;
use ohd::Level;
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

#[no_mangle]
pub extern "C" fn on_event(at: *const u8, length: usize) {
    match Value::parse(&ohd::read(at, length)) {
        Some(event) => Handler { event: &event, ticket: event.get("ticket") }.handle(),
        None => ohd::log(Level::Error, "the event is not the JSON that was expected"),
    }
}

struct Handler<'a> {
    event: &'a Value,
    ticket: &'a Value,
}

impl Handler<'_> {
    fn handle(&self) {
        let is_over = matches!(self.ticket.get("status").text(), "Resolved" | "Closed");
        let is_critical = self.ticket.get("priority").text() == "Critical";
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
            ohd::note(self.id(), "PagerDuty incident opened.");
        }
    }

    /// Writes the incident's number down, once PagerDuty has made one.
    fn note_number(&self) {
        if !self.field(NUMBER).is_empty() || self.pagerduty().token().is_empty() {
            return;
        }
        match self.pagerduty().find(self.id()) {
            Ok(Some(incident)) => {
                self.set(NUMBER, &incident.number);
                let text = format!("PagerDuty incident #{}: {}", incident.number, incident.url);
                ohd::note(self.id(), &text);
            }
            Ok(None) => {}
            Err(refusal) => self.complain("the incident's number is not known", &refusal, false),
        }
    }

    fn resolve(&self) {
        match self.pagerduty().resolve(self.id()) {
            Ok(()) => self.set(STATUS, "resolved"),
            Err(refusal) => self.complain("the incident was not resolved", &refusal, true),
        }
    }

    fn complain(&self, what: &str, refusal: &Refusal, tell: bool) {
        let level = if refusal.is_passing() { Level::Warn } else { Level::Error };
        let text = format!("{}: PagerDuty answered {} ({})", what, refusal.status, refusal.reason);
        ohd::log(level, &format!("ticket {}: {}", self.id(), text));
        if tell {
            let then = "It is tried again when something happens to this ticket.";
            ohd::note(self.id(), &format!("PagerDuty: {}. {}", text, then));
        }
    }

    fn pagerduty(&self) -> PagerDuty {
        PagerDuty { config: self.event.get("config") }
    }

    fn id(&self) -> &str {
        self.ticket.get("id").text()
    }

    fn field(&self, key: &str) -> String {
        let kept = FIELDS.with(|all| all.borrow().get(&(self.id().to_string() + key)).cloned());
        kept.unwrap_or_else(|| self.ticket.get("custom_fields").get(key).text().to_string())
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
            all.insert(self.id().to_string() + key, value.to_string());
        });
        ohd::set_field(self.id(), key, value);
    }
}
