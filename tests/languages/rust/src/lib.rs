//! Does what the first word of a ticket's subject says: the twelve behaviours of the matrix.

mod ohd;

use ohd::{Event, Refused};

#[no_mangle]
pub unsafe extern "C" fn on_event(payload: *const u8, length: usize) {
    match Event::read(payload, length) {
        Some(event) => behave(&event),
        None => ohd::error("not the event that was expected"),
    }
}

#[no_mangle]
pub unsafe extern "C" fn render_panel(ticket_id: *const u8, length: usize) -> u64 {
    let ticket_id = ohd::read_text(ticket_id, length);
    ohd::give(&format!("https://panel.example.com/{}", ticket_id))
}

fn behave(event: &Event) {
    let ticket = &event.ticket;
    let subject = ticket.subject.as_str();
    let (word, rest) = subject.split_once(' ').unwrap_or((subject, ""));
    match word {
        "event" => show_event(event),
        "log" => [ohd::debug, ohd::info, ohd::warn, ohd::error]
            .iter()
            .for_each(|log| log(rest)),
        "http" => request(event, rest),
        "reply" => show(ohd::reply(&ticket.id, &ticket.description)),
        "note" => show(ohd::note(&ticket.id, &ticket.description)),
        "field" => show(ohd::set_field(&ticket.id, "seen", &ticket.description)),
        "config" => show_config(event),
        "trap" => panic!("told to"),
        "loop" => loop {},
        "memory" => exhaust(),
        "large" => {
            let text = &ticket.description;
            ohd::info(&format!("{} {}", text.len(), &text[text.len() - 3..]));
        }
        _ => ohd::error("an unknown word"),
    }
}

fn show_event(event: &Event) {
    let ticket = &event.ticket;
    let assignee = ticket.assignee.as_ref();
    ohd::info(
        &[
            event.event.as_str(),
            &event.occurred_at,
            &ticket.id,
            &ticket.subject,
            &ticket.status,
            &ticket.priority,
            &ticket.category,
            &ticket.r#type,
            &ticket.item,
            &ticket.submitter.name,
            &ticket.submitter.email,
            assignee.map_or("nobody", |person| &person.name),
            &ticket.created_at,
            &ticket.url,
            &event.actor.role,
            ticket
                .custom_fields
                .get("severity")
                .map_or("", String::as_str),
            &event.data.text("to_status"),
        ]
        .join("|"),
    );
}

fn request(event: &Event, url: &str) {
    let bearer = format!("Bearer {}", event.config.text("token"));
    let headers = [("Authorization", bearer.as_str())];
    let answer = ohd::fetch("POST", url, &headers, &event.ticket.description);
    let body = String::from_utf8_lossy(&answer.body);
    ohd::info(&format!("{} {}", answer.status, body));
}

fn show_config(event: &Event) {
    let config = &event.config;
    let (greeting, count) = (config.text("greeting"), config.text("count"));
    ohd::info(&format!(
        "{} {} {}",
        greeting,
        count,
        config.is_true("loud")
    ));
}

fn exhaust() {
    let mut kept = Vec::new();
    loop {
        kept.push(vec![0xaa_u8; 1 << 20]);
    }
}

fn show(result: Result<(), Refused>) {
    match result {
        Ok(()) => ohd::info("done"),
        Err(why) => ohd::error(&format!("{:?}", why)),
    }
}
