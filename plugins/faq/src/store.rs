//! The tables, and articles as they are kept.
//!
//! What readers see of an article is one row: its text is replaced by one statement when a version
//! is published. Versions are only ever added.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{json, Value};

use crate::host;
use crate::search;

/// Who may read: a higher number is fewer people.
pub const PUBLIC: i64 = 0;
pub const USERS: i64 = 1;
pub const STAFF: i64 = 2;
pub const AUDIENCES: [&str; 3] = ["public", "users", "staff"];
pub const STATES: [&str; 4] = ["draft", "review", "published", "archived"];

const TABLES: [&str; 7] = [
    "CREATE TABLE IF NOT EXISTS faq_category (id INT PRIMARY KEY, name VARCHAR(120) NOT NULL, \
     level INT NOT NULL, position INT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS faq_article (id INT PRIMARY KEY, category_id INT NOT NULL, \
     title VARCHAR(200) NOT NULL, state VARCHAR(12) NOT NULL, own_level INT NOT NULL, \
     level INT NOT NULL, version INT NOT NULL, live INT NOT NULL, html MEDIUMTEXT NOT NULL, \
     summary VARCHAR(300) NOT NULL, title_words MEDIUMTEXT NOT NULL, \
     body_words MEDIUMTEXT NOT NULL, keywords VARCHAR(400) NOT NULL, tickets VARCHAR(400) NOT NULL, \
     author VARCHAR(200) NOT NULL, changed VARCHAR(20) NOT NULL, \
     yes INT NOT NULL, no INT NOT NULL, views INT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS faq_version (article_id INT NOT NULL, version INT NOT NULL, \
     title VARCHAR(200) NOT NULL, body MEDIUMTEXT NOT NULL, keywords VARCHAR(400) NOT NULL, \
     author VARCHAR(200) NOT NULL, made VARCHAR(20) NOT NULL, note VARCHAR(200) NOT NULL, \
     PRIMARY KEY (article_id, version))",
    "CREATE TABLE IF NOT EXISTS faq_vote (article_id INT NOT NULL, voter VARCHAR(40) NOT NULL, \
     yes INT NOT NULL, PRIMARY KEY (article_id, voter))",
    "CREATE TABLE IF NOT EXISTS faq_search (term VARCHAR(120) PRIMARY KEY, times INT NOT NULL, \
     missed INT NOT NULL, last VARCHAR(20) NOT NULL)",
    "CREATE TABLE IF NOT EXISTS faq_synonym (id INT PRIMARY KEY, words VARCHAR(400) NOT NULL)",
    "CREATE TABLE IF NOT EXISTS faq_picture (name VARCHAR(60) PRIMARY KEY, \
     article_id INT NOT NULL, kind VARCHAR(20) NOT NULL)",
];

static READY: AtomicBool = AtomicBool::new(false);

/// Makes the tables where they are missing; false where the plugin may not.
pub fn is_ready() -> bool {
    if READY.load(Ordering::Relaxed) {
        return true;
    }
    let there = host::query(
        "SELECT COUNT(*) AS n FROM faq_picture WHERE article_id < 0",
        json!([]),
    )
    .is_some();
    let ready = there || TABLES.iter().all(|table| host::exec(table, json!([])));
    READY.store(ready, Ordering::Relaxed);
    ready
}

pub fn number(row: &Value, key: &str) -> i64 {
    match &row[key] {
        Value::Number(number) => number.as_i64().unwrap_or(number.as_f64().unwrap_or(0.0) as i64),
        Value::String(text) => text.trim().parse().unwrap_or(0),
        _ => 0,
    }
}

pub fn text(row: &Value, key: &str) -> String {
    match &row[key] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

pub fn one(statement: &str, args: Value) -> Option<Value> {
    host::query(statement, args)?.into_iter().next()
}

/// Returns the id for a new row.
pub fn next_id(table: &str) -> i64 {
    let found = one(&format!("SELECT COALESCE(MAX(id), 0) + 1 AS id FROM {table}"), json!([]));
    found.map_or(1, |row| number(&row, "id"))
}

pub fn categories(most_level: i64) -> Vec<Value> {
    host::query(
        "SELECT id, name, level, position FROM faq_category WHERE level <= ? \
         ORDER BY position, name LIMIT 500",
        json!([most_level]),
    )
    .unwrap_or_default()
}

pub fn article(id: i64) -> Option<Value> {
    one(
        "SELECT a.id, a.category_id, a.title, a.state, a.own_level, a.level, a.version, a.live, \
         a.html, a.keywords, a.tickets, a.author, a.changed, a.yes, a.no, a.views, \
         c.name AS category FROM faq_article a JOIN faq_category c ON c.id = a.category_id \
         WHERE a.id = ?",
        json!([id]),
    )
}

pub fn version(article: i64, version: i64) -> Option<Value> {
    one(
        "SELECT article_id, version, title, body, keywords, author, made, note FROM faq_version \
         WHERE article_id = ? AND version = ?",
        json!([article, version]),
    )
}

/// What somebody wrote: one version of an article.
pub struct Written<'a> {
    pub title: &'a str,
    pub body: &'a str,
    pub keywords: &'a str,
    pub author: &'a str,
    pub note: &'a str,
}

/// Adds a version; its number is the next one, and two at once are not both that.
pub fn add_version(article: i64, number: i64, written: &Written) -> bool {
    host::exec(
        "INSERT INTO faq_version (article_id, version, title, body, keywords, author, made, note) \
         VALUES (?, ?, ?, ?, ?, ?, NOW(), ?)",
        json!([
            article,
            number,
            written.title,
            written.body,
            written.keywords,
            written.author,
            written.note
        ]),
    )
}

/// Shows a version to readers, by one statement.
pub fn publish(article: i64, version: &Value) -> bool {
    let html = crate::markup::html(&text(version, "body"));
    let plain = crate::markup::plain(&html);
    let (title, keywords) = (text(version, "title"), text(version, "keywords"));
    host::exec(
        "UPDATE faq_article SET title = ?, state = 'published', live = ?, html = ?, summary = ?, \
         title_words = ?, body_words = ?, keywords = ?, changed = NOW() WHERE id = ?",
        json!([
            title,
            number(version, "version"),
            html,
            crate::markup::cut(&plain, 220),
            search::index(&format!("{title} {keywords}")),
            search::index(&plain),
            keywords,
            article
        ]),
    )
}
