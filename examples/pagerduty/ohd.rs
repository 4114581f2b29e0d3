//! The host's functions with Rust's types, and the memory that the host writes into.
//!
//! The only module with `unsafe` in it.

use crate::json::Value;
use std::alloc::{alloc, dealloc, Layout};

#[link(wasm_import_module = "ohd")]
extern "C" {
    fn ohd_log(text: *const u8, length: usize, level: u32);
    fn ohd_http_request(
        request: *const u8,
        length: usize,
        answer: *mut *mut u8,
        answer_length: *mut usize,
    ) -> u32;
    fn ohd_add_reply(payload: *const u8, length: usize) -> u32;
    fn ohd_set_custom_field(payload: *const u8, length: usize) -> u32;
}

#[derive(Clone, Copy)]
pub enum Level {
    Warn = 2,
    Error = 3,
}

pub struct Answer {
    /// 0 where there was no answer at all; the plugin's log says why.
    pub status: u32,
    pub body: Value,
}

pub fn log(level: Level, text: &str) {
    unsafe { ohd_log(text.as_ptr(), text.len(), level as u32) }
}

/// Makes a request; a body that is not JSON counts as null.
pub fn http(method: &str, url: &str, headers: Value, body: &str) -> Answer {
    let request = Value::object([
        ("method", method.into()),
        ("url", url.into()),
        ("headers", headers),
        ("body", body.into()),
    ])
    .to_string();
    let (mut at, mut length) = (std::ptr::null_mut(), 0);
    let status = unsafe { ohd_http_request(request.as_ptr(), request.len(), &mut at, &mut length) };
    let text = take(at, length);
    Answer { status, body: Value::parse(&text).unwrap_or(Value::Null) }
}

/// Adds an internal note.
pub fn note(ticket: &str, body: &str) {
    let payload = Value::object([
        ("ticket_id", ticket.into()),
        ("body", body.into()),
        ("is_internal", Value::Bool(true)),
    ])
    .to_string();
    if unsafe { ohd_add_reply(payload.as_ptr(), payload.len()) } != 0 {
        log(Level::Warn, "the note was not accepted");
    }
}

pub fn set_field(ticket: &str, key: &str, value: &str) {
    let payload =
        Value::object([("ticket_id", ticket.into()), ("key", key.into()), ("value", value.into())])
            .to_string();
    if unsafe { ohd_set_custom_field(payload.as_ptr(), payload.len()) } != 0 {
        log(Level::Warn, &format!("the field {} was not accepted", key));
    }
}

/// What the host put into memory, which is the plugin's own from then on.
fn take(at: *mut u8, length: usize) -> String {
    if at.is_null() {
        return String::new();
    }
    let text = read(at, length);
    ohd_free(at, length);
    text
}

/// A copy of the host's text, which stays the host's.
pub fn read(at: *const u8, length: usize) -> String {
    if at.is_null() {
        return String::new();
    }
    let bytes = unsafe { std::slice::from_raw_parts(at, length) };
    String::from_utf8_lossy(bytes).into_owned()
}

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size.max(1), 8).expect("a size of 32 bits fits")
}

#[no_mangle]
pub extern "C" fn ohd_alloc(size: usize) -> *mut u8 {
    unsafe { alloc(layout(size)) }
}

#[no_mangle]
pub extern "C" fn ohd_free(at: *mut u8, size: usize) {
    if !at.is_null() {
        unsafe { dealloc(at, layout(size)) }
    }
}
