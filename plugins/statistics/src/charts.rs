//! Charts over time, each with its table.

use crate::days;
use crate::figures::Bar;
use crate::words::Lang;

const WIDTH: i64 = 720;
const HEIGHT: i64 = 200;
const LEFT: i64 = 48;
const FOOT: i64 = 24;
const HEAD: i64 = 10;
/// Of what stands between head and foot.
const HIGH: i64 = HEIGHT - FOOT - HEAD;
const DATES: usize = 8;

/// Returns the chart of created and resolved tickets, with its table.
pub fn over_time(lang: Lang, bars: &[Bar], with_table: bool) -> String {
    let most = bars.iter().map(|bar| bar.created.max(bar.resolved)).max().unwrap_or(0);
    let top = scale(most);
    let wide = wide(bars);
    let key = format!(
        "<span class=\"st-key a\"></span>{} \
         <span class=\"st-key b\" style=\"margin-inline-start:.75rem\"></span>{}",
        lang.say("created"),
        lang.say("resolved"),
    );
    let mut chart = begun(lang, &key, top, bars);
    for (i, bar) in bars.iter().enumerate() {
        let x = LEFT as f64 + i as f64 * wide;
        for (place, (count, class)) in [(bar.created, "a"), (bar.resolved, "b")].into_iter().enumerate() {
            chart += &format!(
                "<rect class=\"st-{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                x + wide * (0.1 + 0.4 * place as f64),
                y(count, top),
                wide * 0.38,
                (HEAD + HIGH) as f64 - y(count, top),
            );
        }
    }
    let rows = bars.iter().map(|bar| vec![lang.number(bar.created), lang.number(bar.resolved)]);
    let table = table_of(lang, "over_time", &["created", "resolved"], bars, rows);
    format!("{chart}</svg>{}</figure>", if with_table { told(lang, &table) } else { hidden(&table) })
}

/// Returns the chart of how many tickets were open when each of the bars ended, with its table.
pub fn backlog(lang: Lang, bars: &[Bar]) -> String {
    let known: Vec<(usize, i64)> =
        bars.iter().enumerate().filter_map(|(i, bar)| Some((i, bar.open?))).collect();
    let top = scale(known.iter().map(|(_, open)| *open).max().unwrap_or(0));
    let wide = wide(bars);
    let key = format!("<span class=\"st-key c\"></span>{}", lang.say("open_then"));
    let mut chart = begun(lang, &key, top, bars);
    let x = |i: usize| LEFT as f64 + (i as f64 + 0.5) * wide;
    let line: Vec<String> =
        known.iter().map(|(i, open)| format!("{:.1},{:.1}", x(*i), y(*open, top))).collect();
    if let (Some((first, _)), Some((last, _))) = (known.first(), known.last()) {
        let base = HEAD + HIGH;
        chart += &format!(
            "<polygon class=\"st-area\" points=\"{:.1},{base} {} {:.1},{base}\"/>\
             <polyline class=\"st-path\" points=\"{}\"/>",
            x(*first),
            line.join(" "),
            x(*last),
            line.join(" "),
        );
    }
    for (i, open) in &known {
        chart += &format!("<circle class=\"st-c\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.5\"/>", x(*i), y(*open, top));
    }
    let rows = bars.iter().map(|bar| vec![bar.open.map_or("–".into(), |open| lang.number(open))]);
    let table = table_of(lang, "backlog", &["open_then"], bars, rows);
    format!("{chart}</svg>{}</figure>", told(lang, &table))
}

fn wide(bars: &[Bar]) -> f64 {
    (WIDTH - LEFT) as f64 / bars.len().max(1) as f64
}

fn y(count: i64, top: i64) -> f64 {
    (HEAD + HIGH) as f64 - count as f64 * HIGH as f64 / top as f64
}

/// Returns a figure with its key, the lines behind a chart, and what stands beside and below them.
fn begun(lang: Lang, key: &str, top: i64, bars: &[Bar]) -> String {
    let mut chart = format!(
        "<figure><figcaption>{key}</figcaption>\
         <svg class=\"st-chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" aria-hidden=\"true\">"
    );
    for part in 0..=2 {
        let y = HEAD + HIGH - HIGH * part / 2;
        chart += &format!(
            "<line class=\"st-line\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{y}\" y2=\"{y}\"/>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            LEFT - 6,
            y + 4,
            lang.number(top * part / 2),
        );
    }
    let each = (bars.len() + DATES - 1) / DATES;
    for (i, bar) in bars.iter().enumerate() {
        let x = LEFT as f64 + i as f64 * wide(bars);
        // A date is about 60 wide; the last one ends where the chart does.
        if i % each.max(1) == 0 && x <= (WIDTH - 60) as f64 {
            chart += &format!("<text x=\"{:.1}\" y=\"{}\">{}</text>", x, HEIGHT - 6, days::write(bar.from));
        }
    }
    chart
}

fn told(lang: Lang, table: &str) -> String {
    format!("<details><summary>{}</summary>{table}</details>", lang.say("as_table"))
}

/// For screen readers alone: a card has no room.
fn hidden(table: &str) -> String {
    format!(
        "<div style=\"position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)\">\
         {table}</div>"
    )
}

fn table_of(
    lang: Lang,
    caption: &'static str,
    columns: &[&'static str],
    bars: &[Bar],
    rows: impl Iterator<Item = Vec<String>>,
) -> String {
    let mut table = format!(
        "<div class=\"st-scroll\"><table><caption class=\"text-left\">{}</caption><thead><tr>\
         <th scope=\"col\">{}</th>",
        lang.say(caption),
        lang.say("range"),
    );
    for column in columns {
        table += &format!("<th scope=\"col\" class=\"n\">{}</th>", lang.say(column));
    }
    table += "</tr></thead><tbody>";
    for (bar, row) in bars.iter().zip(rows) {
        table += &format!("<tr><th scope=\"row\">{}</th>", days_of(bar));
        for value in row {
            table += &format!("<td class=\"n\">{value}</td>");
        }
        table += "</tr>";
    }
    table + "</tbody></table></div>"
}

/// Returns the days of a bar.
pub fn days_of(bar: &Bar) -> String {
    if bar.from == bar.to {
        days::write(bar.from)
    } else {
        format!("{} – {}", days::write(bar.from), days::write(bar.to))
    }
}

/// Returns the number at the top of a chart: even, at least the largest, and round.
fn scale(most: i64) -> i64 {
    let mut step = 1;
    loop {
        for top in [2, 4, 10] {
            if top * step >= most {
                return top * step;
            }
        }
        step *= 10;
    }
}
