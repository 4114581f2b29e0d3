//! HTML: escaped texts, the style of all, and bars of numbers.

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
.st-a,.st-c{fill:var(--gk-primary)}.st-b{fill:var(--gk-success)}\
.st-area{fill:var(--gk-primary);opacity:.15}\
.st-path{fill:none;stroke:var(--gk-primary);stroke-width:2}\
.st-line{stroke:var(--gk-border-default)}\
.st-key{display:inline-block;width:.75rem;height:.75rem;border-radius:2px;margin-inline-end:.35rem}\
.st-key.a,.st-key.c{background:var(--gk-primary)}.st-key.b{background:var(--gk-success)}\
.st-grid{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,15rem),1fr))}\
.st-charts{grid-template-columns:repeat(auto-fit,minmax(min(100%,34rem),1fr))}\
.st-figures{grid-template-columns:repeat(auto-fit,minmax(min(100%,11rem),1fr))}\
a[aria-current=true]{font-weight:600;text-decoration:none}\
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
