//! HTML and charts: escaped texts, bars of numbers, and each chart with its table.

use crate::days;
use crate::figures::Bar;
use crate::words::Lang;

pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// What every page and widget begins with. Colours are the host's, so that both themes have them.
pub const STYLE: &str = "<style>\
table{overflow-wrap:break-word}\
.st-wide th[scope=row]{min-width:8rem}\
.st-bar{display:block;height:.6rem;border-radius:3px;background:var(--gk-primary);min-width:2px}\
.st-bar.none{visibility:hidden}\
td.n,th.n{text-align:end;font-variant-numeric:tabular-nums}td.n{white-space:nowrap}\
.st-share{width:35%;min-width:3rem;vertical-align:middle}\
.st-scroll{overflow-x:auto}\
.st-chart{display:block;width:100%;max-width:60rem;height:auto}\
.st-chart text{fill:var(--gk-text-secondary);font-size:11px}\
.st-a{fill:var(--gk-primary)}.st-b{fill:var(--gk-success)}\
.st-line{stroke:var(--gk-border-default)}\
.st-key{display:inline-block;width:.75rem;height:.75rem;border-radius:2px;margin-inline-end:.35rem}\
.st-key.a{background:var(--gk-primary)}.st-key.b{background:var(--gk-success)}\
.st-grid{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,15rem),1fr))}\
.st-form{display:grid;gap:.5rem 1rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,10rem),1fr));align-items:end}\
.st-form .gk-form-label{margin-top:0}\
details>summary{cursor:pointer;padding:.25rem 0}\
figure{margin:0}\
</style>";

/// Returns a table of names and numbers, each number with a bar.
pub fn shares(lang: Lang, caption: &str, of: &str, rows: &[(String, i64)]) -> String {
    let most = rows.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    let mut table = format!(
        "<table><caption class=\"text-left\" style=\"text-align:start\"><strong>{}</strong></caption>\
         <thead><tr><th scope=\"col\">{}</th><th scope=\"col\" class=\"n\">{}</th>\
         <td aria-hidden=\"true\"></td></tr></thead><tbody>",
        escape(caption),
        escape(of),
        lang.say("tickets"),
    );
    for (name, count) in rows {
        table += &format!(
            "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"st-share\" \
             aria-hidden=\"true\"><span class=\"st-bar{}\" style=\"width:{}%\"></span></td></tr>",
            escape(name),
            lang.number(*count),
            if *count == 0 { " none" } else { "" },
            count * 100 / most,
        );
    }
    table + "</tbody></table>"
}

/// Returns the chart of created and resolved tickets, with its table.
pub fn over_time(lang: Lang, bars: &[Bar], with_table: bool) -> String {
    const WIDTH: i64 = 720;
    const HEIGHT: i64 = 200;
    const LEFT: i64 = 40;
    const FOOT: i64 = 24;
    let most = bars.iter().map(|bar| bar.created.max(bar.resolved)).max().unwrap_or(0);
    let top = scale(most);
    let high = HEIGHT - FOOT - 10;
    let wide = (WIDTH - LEFT) as f64 / bars.len().max(1) as f64;
    let mut chart = format!(
        "<figure><figcaption><span class=\"st-key a\"></span>{} \
         <span class=\"st-key b\" style=\"margin-inline-start:.75rem\"></span>{}</figcaption>\
         <svg class=\"st-chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" aria-hidden=\"true\">",
        lang.say("created"),
        lang.say("resolved"),
    );
    for part in 0..=2 {
        let y = 10 + high - high * part / 2;
        chart += &format!(
            "<line class=\"st-line\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{y}\" y2=\"{y}\"/>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            LEFT - 6,
            y + 4,
            lang.number(top * part / 2),
        );
    }
    let each = (bars.len() / 8).max(1);
    for (i, bar) in bars.iter().enumerate() {
        let x = LEFT as f64 + i as f64 * wide;
        for (place, (count, class)) in [(bar.created, "a"), (bar.resolved, "b")].into_iter().enumerate() {
            let tall = count as f64 * high as f64 / top as f64;
            chart += &format!(
                "<rect class=\"st-{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                x + wide * (0.1 + 0.4 * place as f64),
                10.0 + high as f64 - tall,
                wide * 0.38,
                tall,
            );
        }
        if i % each == 0 {
            chart += &format!("<text x=\"{:.1}\" y=\"{}\">{}</text>", x, HEIGHT - 6, days::write(bar.from));
        }
    }
    chart += "</svg>";
    if with_table {
        chart += &format!(
            "<details><summary>{}</summary>{}</details>",
            lang.say("as_table"),
            table_of(lang, bars)
        );
    } else {
        chart += &format!("<div class=\"sr-only\" style=\"position:absolute;width:1px;height:1px;\
            overflow:hidden;clip-path:inset(50%)\">{}</div>", table_of(lang, bars));
    }
    chart + "</figure>"
}

fn table_of(lang: Lang, bars: &[Bar]) -> String {
    let mut table = format!(
        "<div class=\"st-scroll\"><table><caption class=\"text-left\">{}</caption><thead><tr>\
         <th scope=\"col\">{}</th><th scope=\"col\" class=\"n\">{}</th>\
         <th scope=\"col\" class=\"n\">{}</th></tr></thead><tbody>",
        lang.say("over_time"),
        lang.say("range"),
        lang.say("created"),
        lang.say("resolved"),
    );
    for bar in bars {
        table += &format!(
            "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            days_of(bar),
            lang.number(bar.created),
            lang.number(bar.resolved),
        );
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
