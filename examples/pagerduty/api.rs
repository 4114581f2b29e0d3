//! What PagerDuty is asked, and what its answers mean.
//!
//! Incidents are opened and resolved by the Events API v2, which takes a ticket's id as the key that
//! tells one incident from another: asking twice opens one. It gives no number; the REST API does.

use crate::json::Value;
use crate::ohd;

pub struct PagerDuty<'a> {
    pub config: &'a Value,
}

pub struct Incident {
    pub number: String,
    pub url: String,
}

/// Why PagerDuty did not do what it was asked.
pub struct Refusal {
    pub status: u32,
    pub reason: String,
}

impl Refusal {
    /// True where asking again later may help: too many requests, or PagerDuty is not well.
    pub fn is_passing(&self) -> bool {
        self.status == 0 || self.status == 429 || self.status >= 500
    }
}

impl PagerDuty<'_> {
    /// Opens an incident, unless one with the ticket's key is open.
    pub fn trigger(&self, event: &Value) -> Result<(), Refusal> {
        let ticket = event.get("ticket");
        let url = ticket.get("url");
        let payload = Value::object([
            ("summary", cut(ticket.get("subject").text(), 1024).into()),
            ("source", "Open Help Desk".into()),
            ("severity", "critical".into()),
            ("timestamp", event.get("occurred_at").clone()),
            ("class", ticket.get("category").clone()),
        ]);
        let link = Value::object([("href", url.clone()), ("text", "The ticket".into())]);
        self.enqueue(Value::object([
            ("routing_key", self.config.get("routing_key").clone()),
            ("event_action", "trigger".into()),
            ("dedup_key", ticket.get("id").clone()),
            ("payload", payload),
            ("links", Value::List(vec![link])),
            ("client", "Open Help Desk".into()),
            ("client_url", url.clone()),
        ]))
    }

    pub fn resolve(&self, ticket_id: &str) -> Result<(), Refusal> {
        self.enqueue(Value::object([
            ("routing_key", self.config.get("routing_key").clone()),
            ("event_action", "resolve".into()),
            ("dedup_key", ticket_id.into()),
        ]))
    }

    fn enqueue(&self, event: Value) -> Result<(), Refusal> {
        let headers = Value::object([("Content-Type", "application/json".into())]);
        let url = format!("https://events.{}/v2/enqueue", self.domain());
        let answer = ohd::http("POST", &url, headers, &event.to_string());
        match answer.status {
            202 => Ok(()),
            _ => Err(refusal(answer)),
        }
    }

    /// Finds the open incident of a ticket; None where PagerDuty has not made it yet.
    pub fn find(&self, ticket_id: &str) -> Result<Option<Incident>, Refusal> {
        let headers = Value::object([
            ("Accept", "application/json".into()),
            ("Authorization", format!("Token token={}", self.token()).as_str().into()),
        ]);
        let url = format!(
            "https://api.{}/incidents?incident_key={}&statuses%5B%5D=triggered&statuses%5B%5D=acknowledged",
            self.domain(),
            ticket_id
        );
        let answer = ohd::http("GET", &url, headers, "");
        if answer.status != 200 {
            return Err(refusal(answer));
        }
        let found = answer.body.get("incidents").get("0");
        let number = found.get("incident_number").text().to_string();
        let url = found.get("html_url").text().to_string();
        Ok(if number.is_empty() { None } else { Some(Incident { number, url }) })
    }

    pub fn token(&self) -> &str {
        self.config.get("api_token").text()
    }

    fn domain(&self) -> &str {
        match self.config.get("region").text() {
            "EU" => "eu.pagerduty.com",
            _ => "pagerduty.com",
        }
    }
}

/// Reads the two forms that PagerDuty's errors have: of the Events API, and of the REST API.
fn refusal(answer: ohd::Answer) -> Refusal {
    let body = match answer.body.get("error") {
        Value::Null => &answer.body,
        error => error,
    };
    let mut said = vec![body.get("message").text()];
    said.extend(body.get("errors").items().iter().map(Value::text));
    said.retain(|part| !part.is_empty());
    let reason = match answer.status {
        0 => "no answer".to_string(),
        _ if said.is_empty() => "it gave no reason".to_string(),
        _ => cut(&said.join("; "), 500).to_string(),
    };
    Refusal { status: answer.status, reason }
}

/// The start of a text, at most so many bytes and no half character.
fn cut(text: &str, longest: usize) -> &str {
    let mut end = longest.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
