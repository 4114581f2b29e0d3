//! Search by relevance: words of the title and keywords count more than those of the text, rare
//! words more than common ones, and a word finds what begins with it.

use serde_json::{json, Value};

use crate::host;
use crate::store::{number, one, text};

/// Characters of a question that are read; the rest is ignored.
pub const MOST_READ: usize = 300;
const MOST_WORDS: usize = 6;
const MOST_ALIKE: usize = 4;
const COMMON: [&str; 44] = [
    "a", "an", "and", "are", "can", "do", "for", "how", "in", "is", "it", "my", "not", "of", "on",
    "or", "the", "to", "what", "with", "you", "aber", "als", "auf", "das", "den", "der", "die",
    "ein", "eine", "fur", "ich", "im", "ist", "kann", "mein", "meine", "mit", "nicht", "und",
    "von", "wie", "zu", "zum",
];
const ENDINGS: [&str; 8] = ["ing", "en", "er", "es", "ed", "e", "s", "n"];

/// Returns the words of a text, each once, in one spelling: ` word word `.
pub fn index(text: &str) -> String {
    let mut known = std::collections::BTreeSet::new();
    let mut words = String::from(" ");
    for word in tokens(text) {
        if words.len() < 60_000 && known.insert(word.clone()) {
            words.push_str(&word);
            words.push(' ');
        }
    }
    words
}

/// Splits into small letters and digits: `Größe` is `grosse`, `Café` is `cafe`.
pub fn tokens(text: &str) -> Vec<String> {
    let parts = text.split(|letter: char| !letter.is_alphanumeric());
    let words = parts.map(|part| {
        let mut word = String::new();
        part.chars().flat_map(char::to_lowercase).for_each(|letter| fold(letter, &mut word));
        word
    });
    words.filter(|word| word.chars().count() >= 2 && word.len() <= 80).collect()
}

fn fold(letter: char, into: &mut String) {
    into.push(match letter {
        'ä' | 'à' | 'á' | 'â' | 'ã' | 'å' => 'a',
        'ö' | 'ò' | 'ó' | 'ô' | 'õ' | 'ø' => 'o',
        'ü' | 'ù' | 'ú' | 'û' => 'u',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ç' => 'c',
        'ñ' => 'n',
        'ß' => return into.push_str("ss"),
        other => other,
    });
}

/// Cuts a usual ending off, so that `printers` finds `printer`.
fn stem(word: &str) -> &str {
    let letters = word.chars().count();
    for ending in ENDINGS {
        if letters >= ending.len() + 4 {
            if let Some(short) = word.strip_suffix(ending) {
                return short;
            }
        }
    }
    word
}

/// Returns the words that a question asks for, each with those that mean the same.
fn asked(question: &str) -> Vec<Vec<String>> {
    let question: String = question.chars().take(MOST_READ).collect();
    let mut words = tokens(&question);
    let telling = |word: &String| !COMMON.contains(&word.as_str());
    if words.iter().any(telling) {
        words.retain(telling);
    }
    words.dedup();
    words.truncate(MOST_WORDS);
    if words.is_empty() {
        return Vec::new();
    }
    let groups: Vec<Vec<String>> =
        synonyms().iter().map(|row| tokens(&text(row, "words"))).collect();
    words
        .iter()
        .map(|word| {
            let mut alike = vec![stem(word).to_owned()];
            let same = |other: &String| stem(other) == stem(word);
            for group in groups.iter().filter(|group| group.iter().any(same)) {
                for other in group {
                    let short = stem(other).to_owned();
                    if alike.len() < MOST_ALIKE && !alike.contains(&short) {
                        alike.push(short);
                    }
                }
            }
            alike
        })
        .collect()
}

pub fn synonyms() -> Vec<Value> {
    host::query("SELECT id, words FROM faq_synonym ORDER BY words LIMIT 500", json!([]))
        .unwrap_or_default()
}

/// Returns articles that the reader may see, best first: id, title, summary, level, score.
pub fn find(question: &str, most_level: i64, most: i64) -> Option<Vec<Value>> {
    let asked = asked(question);
    if asked.is_empty() {
        return Some(Vec::new());
    }
    let any = |column: &str, alike: &[String]| {
        let likes: Vec<String> = alike.iter().map(|_| format!("{column} LIKE ?")).collect();
        format!("({})", likes.join(" OR "))
    };
    let patterns = |alike: &[String]| -> Vec<Value> {
        alike.iter().map(|word| json!(format!("% {word}%"))).collect()
    };
    // How many articles have each word.
    let mut counts = vec!["COUNT(*) AS articles".to_owned()];
    let mut values: Vec<Value> = Vec::new();
    for (place, alike) in asked.iter().enumerate() {
        let (in_title, in_body) = (any("title_words", alike), any("body_words", alike));
        counts.push(format!("SUM(CASE WHEN {in_title} OR {in_body} THEN 1 ELSE 0 END) AS n{place}"));
        values.extend(patterns(alike));
        values.extend(patterns(alike));
    }
    values.push(json!(most_level));
    let counted = one(
        &format!(
            "SELECT {} FROM faq_article WHERE live > 0 AND level <= ?",
            counts.join(", ")
        ),
        json!(values),
    )?;
    let articles = number(&counted, "articles") as f64;
    let mut scores = Vec::new();
    let mut values: Vec<Value> = Vec::new();
    for (place, alike) in asked.iter().enumerate() {
        let having = number(&counted, &format!("n{place}")) as f64;
        if having == 0.0 {
            continue;
        }
        let rare = ((articles - having + 0.5) / (having + 0.5) + 1.0).ln();
        let (title, body) = ((rare * 400.0) as i64 + 4, (rare * 100.0) as i64 + 1);
        // Weights are parameters, so that questions of as many words are one statement.
        for (column, weight) in [("title_words", title), ("body_words", body)] {
            scores.push(format!("CASE WHEN {} THEN ? ELSE 0 END", any(column, alike)));
            values.extend(patterns(alike));
            values.push(json!(weight));
        }
    }
    if scores.is_empty() {
        return Some(Vec::new());
    }
    values.push(json!(most_level));
    values.push(json!(most));
    host::query(
        &format!(
            "SELECT id, title, summary, level, category_id, score FROM (SELECT id, title, summary, \
             level, category_id, {} AS score FROM faq_article WHERE live > 0 AND level <= ?) found \
             WHERE score > 0 ORDER BY score DESC, id LIMIT ?",
            scores.join(" + ")
        ),
        json!(values),
    )
}

/// Counts what people searched, and what they did not find.
pub fn remember(question: &str, found: usize) {
    let words: Vec<String> =
        tokens(&question.chars().take(MOST_READ).collect::<String>());
    let term: String = words.join(" ").chars().take(100).collect();
    let full = one("SELECT COUNT(*) AS n FROM faq_search", json!([]))
        .is_none_or(|row| number(&row, "n") >= 5_000);
    if term.is_empty() || full {
        return;
    }
    let missed = i64::from(found == 0);
    host::exec(
        "INSERT INTO faq_search (term, times, missed, last) VALUES (?, 1, ?, NOW()) \
         ON DUPLICATE KEY UPDATE times = times + 1, missed = missed + VALUES(missed), last = NOW()",
        json!([term, missed]),
    );
}
