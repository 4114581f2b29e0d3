//! The tables, and articles as they are kept.
//!
//! Versions are only ever added; what readers see is made of one when it is published.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{json, Value};

use crate::host;

/// Who may read: a higher number is fewer people.
pub const PUBLIC: i64 = 0;
pub const USERS: i64 = 1;
pub const STAFF: i64 = 2;
pub const AUDIENCES: [&str; 3] = ["public", "users", "staff"];
pub const STATES: [&str; 4] = ["draft", "review", "published", "archived"];

const TABLES: [&str; 10] = [
    "CREATE TABLE IF NOT EXISTS faq_category (id INT PRIMARY KEY, name VARCHAR(120) NOT NULL, \
     level INT NOT NULL, position INT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS faq_article (id INT PRIMARY KEY, category_id INT NOT NULL, \
     title VARCHAR(200) NOT NULL, state VARCHAR(12) NOT NULL, own_level INT NOT NULL, \
     level INT NOT NULL, version INT NOT NULL, live INT NOT NULL, \
     summary VARCHAR(300) NOT NULL, tickets VARCHAR(400) NOT NULL, \
     author VARCHAR(200) NOT NULL, changed VARCHAR(20) NOT NULL)",
    // What is long lies apart, so that lists and searches do not read it.
    "CREATE TABLE IF NOT EXISTS faq_text (article_id INT PRIMARY KEY, html MEDIUMTEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS faq_words (article_id INT PRIMARY KEY, \
     title_words MEDIUMTEXT NOT NULL, body_words MEDIUMTEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS faq_count (article_id INT PRIMARY KEY, \
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
    let ready = TABLES.iter().all(|table| host::exec(table, json!([])));
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

/// Returns an article without its text.
pub fn article(id: i64) -> Option<Value> {
    one(
        "SELECT a.id, a.category_id, a.title, a.state, a.own_level, a.level, a.version, a.live, \
         a.tickets, a.author, a.changed, n.yes, n.no, n.views, c.name AS category \
         FROM faq_article a JOIN faq_category c ON c.id = a.category_id \
         JOIN faq_count n ON n.article_id = a.id WHERE a.id = ?",
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
