//! @TITLE@ greets whoever opens a ticket.

mod ohd;

use ohd::{Event, Refused};

/// # Safety
/// The host passes the address and the length of an event's JSON.
#[no_mangle]
pub unsafe extern "C" fn on_event(payload: *const u8, length: usize) {
    match Event::read(payload, length) {
        Some(event) if event.event == "ticket.created" => {
            if let Err(why) = greet(&event) {
                ohd::error(&format!("could not greet: {:?}", why));
            }
        }
        Some(_) => {}
        None => ohd::error("not the event that was expected"),
    }
}

fn greet(event: &Event) -> Result<(), Refused> {
    let ticket = &event.ticket;
    let greeting = event.config.text("greeting");
    let text = format!(
        "{}, {}. We have \"{}\".",
        greeting, ticket.submitter.name, ticket.subject
    );
    ohd::reply(&ticket.id, &text)?;
    ohd::set_field(&ticket.id, "greeted", "yes")?;
    ohd::info(&format!("greeted {}", ticket.id));
    Ok(())
}
