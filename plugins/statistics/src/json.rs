//! JSON, read and written without a crate.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::fmt;

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
