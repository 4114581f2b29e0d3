//! Markdown to HTML that cannot do anything, and escaping.

use std::collections::HashSet;

use pulldown_cmark::{html, Options, Parser};

/// Characters of an article: its HTML is made once, when it is published.
pub const LONGEST: usize = 200_000;
/// Tags in tags: what nests deeper costs more time than it is worth.
const DEEPEST: usize = 60;
pub const PICTURE: &str = "picture:";

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
    let safe = cleaner.clean(html).to_string();
    let safe = safe.replace("<h1>", "<h2>").replace("</h1>", "</h2>");
    safe.replace("<img src=\"picture:", "<img loading=\"lazy\" data-picture=\"")
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
