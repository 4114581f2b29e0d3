//! What PagerDuty is asked, and what its answers mean.
//!
//! Incidents are opened and resolved by the Events API v2, which takes a ticket's id as the key that
//! tells one incident from another: asking twice opens one. It gives no number; the REST API does.

use crate::ohd::{self, Event, Json};

pub struct PagerDuty<'a> {
    pub config: &'a Json,
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
    pub fn trigger(&self, event: &Event) -> Result<(), Refusal> {
        let ticket = &event.ticket;
        let url = ticket.url.as_str();
        let payload = Json::object([
            ("summary", cut(&ticket.subject, 1024).into()),
            ("source", "Open Help Desk".into()),
            ("severity", "critical".into()),
            ("timestamp", event.occurred_at.as_str().into()),
            ("class", ticket.category.as_str().into()),
        ]);
        let link = Json::object([("href", url.into()), ("text", "The ticket".into())]);
        self.enqueue(Json::object([
            ("routing_key", self.config.get("routing_key").clone()),
            ("event_action", "trigger".into()),
            ("dedup_key", ticket.id.as_str().into()),
            ("payload", payload),
            ("links", Json::Array(vec![link])),
            ("client", "Open Help Desk".into()),
            ("client_url", url.into()),
        ]))
    }

    pub fn resolve(&self, ticket_id: &str) -> Result<(), Refusal> {
        self.enqueue(Json::object([
            ("routing_key", self.config.get("routing_key").clone()),
            ("event_action", "resolve".into()),
            ("dedup_key", ticket_id.into()),
        ]))
    }

    fn enqueue(&self, event: Json) -> Result<(), Refusal> {
        let headers = [("Content-Type", "application/json")];
        let url = format!("https://events.{}/v2/enqueue", self.domain());
        let answer = ohd::fetch("POST", &url, &headers, &event.to_string());
        match answer.status {
            202 => Ok(()),
            _ => Err(refusal(answer)),
        }
    }

    /// Finds the open incident of a ticket; None where PagerDuty has not made it yet.
    pub fn find(&self, ticket_id: &str) -> Result<Option<Incident>, Refusal> {
        let authorization = format!("Token token={}", self.token());
        let headers = [
            ("Accept", "application/json"),
            ("Authorization", authorization.as_str()),
        ];
        let url = format!(
            "https://api.{}/incidents?incident_key={}&statuses%5B%5D=triggered&statuses%5B%5D=acknowledged",
            self.domain(),
            ticket_id
        );
        let answer = ohd::fetch("GET", &url, &headers, "");
        if answer.status != 200 {
            return Err(refusal(answer));
        }
        let body = answer.json();
        let found = body.get("incidents").items().first();
        Ok(found.map(|incident| Incident {
            number: incident.text("incident_number"),
            url: incident.text("html_url"),
        }))
    }

    pub fn token(&self) -> String {
        self.config.text("api_token")
    }

    fn domain(&self) -> &str {
        match self.config.text("region").as_str() {
            "EU" => "eu.pagerduty.com",
            _ => "pagerduty.com",
        }
    }
}

/// Reads the two forms that PagerDuty's errors have: of the Events API, and of the REST API.
fn refusal(answer: ohd::Response) -> Refusal {
    let json = answer.json();
    let body = match json.get("error") {
        Json::Null => &json,
        error => error,
    };
    let mut said = vec![body.text("message")];
    said.extend(body.get("errors").items().iter().map(Json::as_text));
    said.retain(|part| !part.is_empty());
    let reason = match answer.status {
        0 => "no answer".to_string(),
        _ if said.is_empty() => "it gave no reason".to_string(),
        _ => cut(&said.join("; "), 500).to_string(),
    };
    Refusal {
        status: answer.status,
        reason,
    }
}

/// The start of a text, at most so many bytes and no half character.
fn cut(text: &str, longest: usize) -> &str {
    let mut end = longest.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
