//! What stands between a plugin and its help desk: the events as Rust types, and the host's
//! functions without pointers. It reads and writes JSON by itself, and needs no crate.
#![allow(dead_code)]

use std::alloc::{alloc, dealloc, Layout};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

/// What happened.
pub struct Event {
    pub event: String,
    /// UTC, RFC 3339.
    pub occurred_at: String,
    pub ticket: Ticket,
    pub actor: Actor,
    /// What some events add: `data.text("to_status")`.
    pub data: Json,
    /// What an admin has set: `config.text("greeting")`.
    pub config: Json,
}

/// A ticket as it was when the event happened. A category, type or item that is not set is empty.
pub struct Ticket {
    pub id: String,
    pub subject: String,
    pub description: String,
    pub status: String,
    pub priority: String,
    pub category: String,
    pub r#type: String,
    pub item: String,
    pub submitter: Person,
    pub assignee: Option<Person>,
    pub created_at: String,
    pub url: String,
    pub custom_fields: BTreeMap<String, String>,
}

/// A user or, as an assignee without an address, a group.
pub struct Person {
    pub id: String,
    pub name: String,
    pub email: String,
}

/// Who did it: a user, staff, an admin, or a plugin.
pub struct Actor {
    pub id: String,
    pub name: String,
    pub role: String,
}

impl Event {
    /// Reads the payload that `on_event` was called with; None where it is not JSON.
    ///
    /// # Safety
    /// `payload` must point to `length` bytes.
    pub unsafe fn read(payload: *const u8, length: usize) -> Option<Event> {
        std::panic::set_hook(Box::new(|info| error(&info.to_string())));
        let json = Json::parse(&read_text(payload, length))?;
        let (ticket, actor) = (json.get("ticket"), json.get("actor"));
        Some(Event {
            event: json.text("event"),
            occurred_at: json.text("occurred_at"),
            ticket: Ticket::from(ticket),
            actor: Actor {
                id: actor.text("id"),
                name: actor.text("name"),
                role: actor.text("role"),
            },
            data: json.get("data").clone(),
            config: json.get("config").clone(),
        })
    }
}

impl From<&Json> for Ticket {
    fn from(json: &Json) -> Ticket {
        let fields = json.get("custom_fields").members();
        Ticket {
            id: json.text("id"),
            subject: json.text("subject"),
            description: json.text("description"),
            status: json.text("status"),
            priority: json.text("priority"),
            category: json.text("category"),
            r#type: json.text("type"),
            item: json.text("item"),
            submitter: Person::from(json.get("submitter")),
            assignee: match json.get("assignee") {
                Json::Null => None,
                person => Some(Person::from(person)),
            },
            created_at: json.text("created_at"),
            url: json.text("url"),
            custom_fields: fields
                .map(|(key, value)| (key.clone(), value.as_text()))
                .collect(),
        }
    }
}

impl From<&Json> for Person {
    fn from(json: &Json) -> Person {
        Person {
            id: json.text("id"),
            name: json.text("name"),
            email: json.text("email"),
        }
    }
}

/// Reads a text that the host passes: the ticket's id that `render_panel` is called with.
///
/// # Safety
/// `start` must point to `length` bytes.
pub unsafe fn read_text(start: *const u8, length: usize) -> String {
    String::from_utf8_lossy(std::slice::from_raw_parts(start, length)).into_owned()
}

/// Hands a text to the host: the result of `render_panel`. It stays until the next one.
pub fn give(text: &str) -> u64 {
    static GIVEN: Mutex<String> = Mutex::new(String::new());
    let mut given = GIVEN.lock().unwrap();
    *given = text.to_owned();
    (given.as_ptr() as u64) << 32 | given.len() as u64
}

pub fn debug(line: &str) {
    unsafe { ohd_log(line.as_ptr(), line.len(), 0) }
}

pub fn info(line: &str) {
    unsafe { ohd_log(line.as_ptr(), line.len(), 1) }
}

pub fn warn(line: &str) {
    unsafe { ohd_log(line.as_ptr(), line.len(), 2) }
}

pub fn error(line: &str) {
    unsafe { ohd_log(line.as_ptr(), line.len(), 3) }
}

/// An answer; `status` is 403 for a host that the manifest does not declare, and 0 where none came.
pub struct Response {
    pub status: u32,
    pub body: Vec<u8>,
}

impl Response {
    /// Returns the body; Null where it is not JSON.
    pub fn json(&self) -> Json {
        let text = std::str::from_utf8(&self.body).ok();
        text.and_then(Json::parse).unwrap_or(Json::Null)
    }
}

/// Makes an HTTP request to a host that the manifest declares.
pub fn fetch(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Response {
    let headers = headers.iter().map(|&(name, value)| (name, value.into()));
    let request = Json::object([
        ("method", method.into()),
        ("url", url.into()),
        ("headers", Json::object(headers)),
        ("body", body.into()),
    ])
    .to_string();
    let (mut start, mut length) = (std::ptr::null_mut(), 0);
    unsafe {
        let status = ohd_http_request(request.as_ptr(), request.len(), &mut start, &mut length);
        if start.is_null() {
            return Response {
                status,
                body: Vec::new(),
            };
        }
        let body = std::slice::from_raw_parts(start, length).to_vec();
        ohd_free(start, length);
        Response { status, body }
    }
}

/// Why the host refused a change.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    Malformed,
    NoSuchTicket,
    NotPermitted,
    LimitMet,
    HostFailed,
}

/// Answers on a ticket, where the submitter sees it.
pub fn reply(ticket_id: &str, body: &str) -> Result<(), Refused> {
    add_reply(ticket_id, body, false)
}

/// Adds an internal note to a ticket.
pub fn note(ticket_id: &str, body: &str) -> Result<(), Refused> {
    add_reply(ticket_id, body, true)
}

/// Sets a custom field of a ticket.
pub fn set_field(ticket_id: &str, key: &str, value: &str) -> Result<(), Refused> {
    let field = Json::object([
        ("ticket_id", ticket_id.into()),
        ("key", key.into()),
        ("value", value.into()),
    ])
    .to_string();
    check(unsafe { ohd_set_custom_field(field.as_ptr(), field.len()) })
}

fn add_reply(ticket_id: &str, body: &str, internal: bool) -> Result<(), Refused> {
    let reply = Json::object([
        ("ticket_id", ticket_id.into()),
        ("body", body.into()),
        ("is_internal", Json::Bool(internal)),
    ])
    .to_string();
    check(unsafe { ohd_add_reply(reply.as_ptr(), reply.len()) })
}

fn check(status: u32) -> Result<(), Refused> {
    match status {
        0 => Ok(()),
        1 => Err(Refused::Malformed),
        2 => Err(Refused::NoSuchTicket),
        3 => Err(Refused::NotPermitted),
        4 => Err(Refused::LimitMet),
        _ => Err(Refused::HostFailed),
    }
}

#[link(wasm_import_module = "ohd")]
extern "C" {
    fn ohd_log(text: *const u8, length: usize, level: u32);
    fn ohd_http_request(
        request: *const u8,
        length: usize,
        response: *mut *mut u8,
        response_length: *mut usize,
    ) -> u32;
    fn ohd_add_reply(payload: *const u8, length: usize) -> u32;
    fn ohd_set_custom_field(payload: *const u8, length: usize) -> u32;
}

/// For the host, which writes each event into memory of the plugin's.
#[no_mangle]
extern "C" fn ohd_alloc(size: usize) -> *mut u8 {
    match Layout::from_size_align(size.max(1), 16) {
        Ok(layout) => unsafe { alloc(layout) },
        Err(_) => std::ptr::null_mut(),
    }
}

#[no_mangle]
unsafe extern "C" fn ohd_free(start: *mut u8, size: usize) {
    dealloc(start, Layout::from_size_align_unchecked(size.max(1), 16));
}

/// A JSON value; `to_string` writes it. Numbers are kept as they were written:
/// `value.as_text().parse::<i64>()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    Array(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

impl Json {
    /// Makes an object: `Json::object([("id", ticket.id.as_str().into())])`.
    pub fn object<'a>(members: impl IntoIterator<Item = (&'a str, Json)>) -> Json {
        let members = members.into_iter();
        Json::Object(
            members
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    }

    /// Reads a whole text; None where it is not JSON.
    pub fn parse(text: &str) -> Option<Json> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value(0)?;
        reader.space();
        (reader.at == text.len()).then_some(value)
    }

    /// Returns a member of an object, Null where there is none.
    pub fn get(&self, key: &str) -> &Json {
        match self {
            Json::Object(members) => members.get(key).unwrap_or(&Json::Null),
            _ => &Json::Null,
        }
    }

    /// Returns a member of an object as text, "" where there is none.
    pub fn text(&self, key: &str) -> String {
        self.get(key).as_text()
    }

    /// Returns a text or a number as it was written; "" for anything else.
    pub fn as_text(&self) -> String {
        match self {
            Json::Text(text) | Json::Number(text) => text.clone(),
            _ => String::new(),
        }
    }

    /// Returns true for a member that is true.
    pub fn is_true(&self, key: &str) -> bool {
        *self.get(key) == Json::Bool(true)
    }

    /// Returns the items of an array.
    pub fn items(&self) -> &[Json] {
        match self {
            Json::Array(items) => items,
            _ => &[],
        }
    }

    /// Returns the members of an object.
    pub fn members(&self) -> impl Iterator<Item = (&String, &Json)> {
        match self {
            Json::Object(members) => Some(members),
            _ => None,
        }
        .into_iter()
        .flatten()
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Json {
        Json::Text(text.to_owned())
    }
}

impl fmt::Display for Json {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Json::Null => out.write_str("null"),
            Json::Bool(truth) => write!(out, "{}", truth),
            Json::Number(digits) => out.write_str(digits),
            Json::Text(text) => out.write_str(&quote(text)),
            Json::Array(items) => {
                let items: Vec<String> = items.iter().map(Json::to_string).collect();
                write!(out, "[{}]", items.join(","))
            }
            Json::Object(members) => {
                let pairs = members.iter();
                let pairs: Vec<String> = pairs
                    .map(|(key, value)| format!("{}:{}", quote(key), value))
                    .collect();
                write!(out, "{{{}}}", pairs.join(","))
            }
        }
    }
}

/// Returns a text as JSON, with its quotes.
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\0'..='\x1f' => quoted += &format!("\\u{:04x}", letter as u32),
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Steps over `byte` where it is next.
    fn take(&mut self, byte: u8) -> bool {
        self.space();
        let found = self.peek() == Some(byte);
        self.at += found as usize;
        found
    }

    fn value(&mut self, depth: usize) -> Option<Json> {
        self.space();
        match self.peek()? {
            _ if depth > 64 => None,
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => self.string().map(Json::Text),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Json> {
        let mut members = BTreeMap::new();
        self.at += 1;
        if self.take(b'}') {
            return Some(Json::Object(members));
        }
        loop {
            self.space();
            let key = self.string()?;
            self.take(b':').then_some(())?;
            members.insert(key, self.value(depth + 1)?);
            if !self.take(b',') {
                return self.take(b'}').then_some(Json::Object(members));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Option<Json> {
        let mut values = Vec::new();
        self.at += 1;
        if self.take(b']') {
            return Some(Json::Array(values));
        }
        loop {
            values.push(self.value(depth + 1)?);
            if !self.take(b',') {
                return self.take(b']').then_some(Json::Array(values));
            }
        }
    }

    fn word(&mut self) -> Option<Json> {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c));
        let word = &rest[..end.unwrap_or(rest.len())];
        self.at += word.len();
        match word {
            "null" => Some(Json::Null),
            "true" => Some(Json::Bool(true)),
            "false" => Some(Json::Bool(false)),
            _ => word
                .parse::<f64>()
                .ok()
                .map(|_| Json::Number(word.to_owned())),
        }
    }

    fn string(&mut self) -> Option<String> {
        self.take(b'"').then_some(())?;
        let mut found = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find(['"', '\\'])?;
            found += &rest[..plain];
            self.at += plain + 1;
            if rest.as_bytes()[plain] == b'"' {
                return Some(found);
            }
            found.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += 1;
        Some(match letter {
            b'b' => '\x08',
            b'f' => '\x0c',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            b'"' | b'\\' | b'/' => letter as char,
            _ => return None,
        })
    }

    fn unicode(&mut self) -> Option<char> {
        let first = self.four_digits()?;
        let rest = self.at;
        if (0xd800..0xdc00).contains(&first) && self.text[rest..].starts_with("\\u") {
            self.at += 2;
            let second = self.four_digits()?;
            if (0xdc00..0xe000).contains(&second) {
                return char::from_u32(0x10000 + ((first - 0xd800) << 10) + second - 0xdc00);
            }
            self.at = rest;
        }
        // Half a pair is no character.
        Some(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }
}
