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
    let cut = |word: &'_ str| {
        let letters = word.chars().count();
        let fits = |ending: &&&str| letters >= ending.len() + 4 && word.ends_with(**ending);
        ENDINGS.iter().find(fits).map_or(0, |ending| ending.len())
    };
    // Twice: `Druckern` is `Drucker` is `druck`, as `Drucker` is.
    let short = &word[..word.len() - cut(word)];
    &short[..short.len() - cut(short)]
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

/// Returns articles that the reader may see, best first: id, title, summary, level, live.
///
/// Articles are read once: how many have which of the words is what both the weights and the order
/// follow from.
pub fn find(question: &str, most_level: i64, most: usize) -> Option<Vec<Value>> {
    let asked = asked(question);
    if asked.is_empty() {
        return Some(Vec::new());
    }
    let mut places = Vec::new();
    let mut values: Vec<Value> = Vec::new();
    for (place, alike) in asked.iter().enumerate() {
        for (bit, column) in [(2 * place, "w.title_words"), (2 * place + 1, "w.body_words")] {
            let likes = vec![format!("{column} LIKE ?"); alike.len()].join(" OR ");
            places.push(format!("CASE WHEN {likes} THEN {} ELSE 0 END", 1 << bit));
            values.extend(alike.iter().map(|word| json!(format!("% {word}%"))));
        }
    }
    values.push(json!(most_level));
    let groups = host::query(
        &format!(
            "SELECT words, COUNT(*) AS n, SUBSTRING(GROUP_CONCAT(id ORDER BY id), 1, 400) AS ids FROM \
             (SELECT a.id AS id, {} AS words FROM faq_article a JOIN faq_words w ON w.article_id = a.id \
             WHERE a.live > 0 AND a.level <= ?) found GROUP BY words",
            places.join(" + ")
        ),
        json!(values),
    )?;
    let best = best(&groups, asked.len(), most);
    if best.is_empty() {
        return Some(Vec::new());
    }
    let marks = vec!["?"; best.len()].join(", ");
    let mut rows = host::query(
        &format!("SELECT id, title, summary, level, live FROM faq_article WHERE id IN ({marks})"),
        json!(best),
    )?;
    rows.sort_by_key(|row| best.iter().position(|id| *id == number(row, "id")));
    Some(rows)
}

/// Returns ids in order. Each group is articles that have the same of the words: bits, two a word,
/// for its being in the title and in the text.
fn best(groups: &[Value], words: usize, most: usize) -> Vec<i64> {
    let bits_of = |group: &Value| number(group, "words");
    let articles: i64 = groups.iter().map(|group| number(group, "n")).sum();
    let weights: Vec<f64> = (0..words)
        .map(|word| {
            let having: i64 = groups
                .iter()
                .filter(|group| bits_of(group) >> (2 * word) & 3 > 0)
                .map(|group| number(group, "n"))
                .sum();
            ((articles - having) as f64 + 0.5) / (having as f64 + 0.5)
        })
        .map(|rarity| (rarity + 1.0).ln() + 0.01)
        .collect();
    let mut scored: Vec<(i64, i64)> = Vec::new();
    for group in groups.iter().filter(|group| bits_of(group) > 0) {
        let score: f64 = weights
            .iter()
            .enumerate()
            .map(|(word, weight)| match bits_of(group) >> (2 * word) & 3 {
                0 => 0.0,
                1 => weight * 4.0,
                2 => *weight,
                _ => weight * 5.0,
            })
            .sum();
        // The last one may be cut off in its middle.
        let ids = text(group, "ids");
        let whole = if ids.len() < 400 { ids.as_str() } else { ids.rsplit_once(',').map_or("", |cut| cut.0) };
        let ids = whole.split(',').filter_map(|id| id.parse().ok()).take(most);
        scored.extend(ids.map(|id: i64| (-(score * 1000.0) as i64, id)));
    }
    scored.sort_unstable();
    scored.truncate(most);
    scored.into_iter().map(|(_, id)| id).collect()
}

/// What people searched is kept in bounds: where it is full, the oldest go.
const MOST_KEPT: i64 = 5_000;

/// Counts what people searched, and what they did not find.
pub fn remember(question: &str, found: usize) {
    let words: Vec<String> =
        tokens(&question.chars().take(MOST_READ).collect::<String>());
    let term: String = words.join(" ").chars().take(100).collect();
    if term.is_empty() {
        return;
    }
    let kept = one("SELECT COUNT(*) AS n FROM faq_search", json!([]));
    if kept.is_none_or(|row| number(&row, "n") >= MOST_KEPT) {
        host::exec("DELETE FROM faq_search ORDER BY times, last LIMIT 500", json!([]));
    }
    let missed = i64::from(found == 0);
    host::exec(
        "INSERT INTO faq_search (term, times, missed, last) VALUES (?, 1, ?, NOW()) \
         ON DUPLICATE KEY UPDATE times = times + 1, missed = missed + VALUES(missed), last = NOW()",
        json!([term, missed]),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_and_its_usual_endings_are_one() {
        for words in [["drucker", "druckern", "druck"], ["printer", "printers", "printing"]] {
            assert!(words.iter().all(|word| stem(word) == stem(words[0])), "{words:?}");
        }
        assert_eq!(stem("vpns"), "vpns");
    }

    #[test]
    fn rare_words_and_titles_come_first() {
        let group = |words: i64, n: i64, ids: &str| json!({"words": words, "n": n, "ids": ids});
        let groups = [
            group(0, 90, "9"),
            group(0b0010, 8, "1,2"),
            group(0b1000, 1, "3"),
            group(0b0001, 1, "4"),
        ];
        assert_eq!(best(&groups, 2, 3), [4, 3, 1]);
    }
}
