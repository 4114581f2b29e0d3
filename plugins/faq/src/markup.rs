//! Markdown to HTML that cannot do anything, and escaping.

use std::collections::HashSet;

use pulldown_cmark::{html, Options, Parser};

/// Characters of an article: its HTML is made once, when it is published.
pub const LONGEST: usize = 200_000;
/// Tags in tags: what nests deeper costs more time than it is worth.
const DEEPEST: usize = 60;
const MOST_REFERENCES: usize = 64;
pub const PICTURE: &str = "picture:";

pub fn is_too_long(markdown: &str) -> bool {
    // A character has at most four bytes.
    markdown.len() > LONGEST && (markdown.len() > 4 * LONGEST || markdown.chars().count() > LONGEST)
}

/// Returns safe HTML. Pictures of ours become `data-picture`, which the page's script loads; a
/// picture of another site would tell that site who reads.
pub fn html(markdown: &str) -> String {
    let extensions = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut made = String::new();
    html::push_html(&mut made, Parser::new_ext(markdown, extensions));
    clean(&made)
}

/// Takes out of HTML whatever is not text, structure, a link or a picture.
pub fn clean(html: &str) -> String {
    if is_too_deep(html) {
        return format!("<pre>{}</pre>", escape(html));
    }
    let mut cleaner = ammonia::Builder::default();
    cleaner
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel", "picture"]))
        .rm_tags(["map", "area"]);
    cleaner.attribute_filter(|tag, name, value| match (tag, name) {
        ("img", "src") => value.starts_with(PICTURE).then(|| value.into()),
        _ => Some(value.into()),
    });
    let safe = cleaner.clean(&in_pieces(html)).to_string();
    let safe = safe.replace("<h1>", "<h2>").replace("</h1>", "</h2>");
    safe.replace("<img src=\"picture:", "<img loading=\"lazy\" data-picture=\"")
}

/// Parts long texts by empty comments, which are taken out again.
///
/// The parser appends to a text at each reference and each line, and takes as long for that as the
/// text is: an article of `&&&&` would take minutes.
fn in_pieces(html: &str) -> String {
    let mut made = String::with_capacity(html.len() + html.len() / 8);
    let (mut count, mut in_tag) = (0, false);
    let mut letters = html.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '>' => (count, in_tag) = (0, false),
            // What follows makes it a tag, or text after all.
            '<' => {
                let next = letters.peek();
                in_tag = next.is_some_and(|next| next.is_ascii_alphabetic() || "/!?".contains(*next));
            }
            '&' | '\n' | '\r' | '\0' => count += 1,
            _ => {}
        }
        // Before a reference or a line, never in one.
        if count == MOST_REFERENCES && !in_tag {
            made.push_str("<!---->");
            count = 0;
        }
        made.push(letter);
    }
    made
}

/// Counts tags that are open, roughly: a bound on the parser's work, not a parser.
fn is_too_deep(html: &str) -> bool {
    let (mut depth, mut deepest) = (0usize, 0usize);
    for part in html.split('<').skip(1) {
        match part.as_bytes().first() {
            Some(b'/') => depth = depth.saturating_sub(1),
            Some(first) if first.is_ascii_alphabetic() => {
                let name: String =
                    part.chars().take_while(char::is_ascii_alphanumeric).collect();
                let is_void = ["br", "hr", "img", "col", "wbr", "input", "meta", "link"]
                    .contains(&name.to_ascii_lowercase().as_str());
                // A paragraph and the like end by themselves.
                let ends_itself = ["p", "li", "td", "th", "tr", "dt", "dd", "option"]
                    .contains(&name.to_ascii_lowercase().as_str());
                if !is_void && !ends_itself {
                    depth += 1;
                }
            }
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest > DEEPEST
}

/// Returns the words of HTML without its tags, for search and excerpts.
pub fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    for (index, part) in html.split('<').enumerate() {
        match (index, part.find('>')) {
            (0, _) => text.push_str(part),
            (_, Some(end)) => {
                text.push(' ');
                text.push_str(&part[end + 1..]);
            }
            _ => {}
        }
    }
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// Cuts a text to so many characters, at a word.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => {
            let short = &text[..end];
            let end = short.rfind(' ').unwrap_or(end);
            format!("{}…", &short[..end])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_of_one_text_costs_time_in_proportion() {
        for piece in ["&", "a\n", "\"", "<", "\0", "&amp;", "é&"] {
            let begin = std::time::Instant::now();
            let shown = plain(&html(&piece.repeat(190_000 / piece.len())));
            assert!(begin.elapsed().as_secs() < 20, "{piece:?} {:?}", begin.elapsed());
            assert!(!shown.contains("<!--"));
        }
        for start in ["<div><", "<div></", "<div><a title='", "<div><!--", "<div><a ", "<div><? ", "<div><textarea>"] {
            let begin = std::time::Instant::now();
            html(&format!("{start}{}", "&".repeat(190_000)));
            html(&format!("{start}{}", "&amp;<".repeat(31_000)));
            assert!(begin.elapsed().as_secs() < 20, "{start:?} {:?}", begin.elapsed());
        }
        let text = "He said \"a & b\"\n".repeat(100);
        assert_eq!(plain(&html(&text)), text.replace('\n', " ").trim());
        let link = format!("<a title=\"{}\">x</a>", "a&amp;".repeat(200));
        assert!(html(&link).contains(&"a&amp;".repeat(200)));
    }
}
