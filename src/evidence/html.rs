//! One file that needs nothing else: no script, no font, nothing from the network, and a policy that would let none in.

use std::fmt::Write;

use super::Drawn;
use super::document::Document;
use super::pages::{Block, Pages};
use crate::locale::Language;
use crate::proof::Hash;

const DOCTYPE: &str = "<!doctype html>\n";

/// How such a file begins.
pub(super) const BEGINNING: &str = "<!doctype html>\n<!-- Foldline evidence -->\n";

const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1c2430;--dim:#5b6675;--line:#d9dfe7;--paper:#fff;--head:#f3f5f8}
@media (prefers-color-scheme:dark){:root{--ink:#e4e9f0;--dim:#9aa6b5;--line:#333d4a;--paper:#14181e;--head:#1c222b}}
@media print{:root{--ink:#000;--dim:#444;--line:#bbb;--paper:#fff;--head:#eee}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1080px;padding:32px 24px;background:var(--paper);color:var(--ink);font:14px/1.5 Pretendard,system-ui,'Noto Sans KR','Malgun Gothic','Apple SD Gothic Neo',sans-serif}
h1{font-size:24px;line-height:1.25;margin:0 0 16px;overflow-wrap:anywhere}
h2{font-size:16px;margin:28px 0 8px;break-after:avoid}
p{margin:4px 0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:0}
dt{color:var(--dim)}
dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;table-layout:fixed;font-size:12.5px}
th,td{border-bottom:1px solid var(--line);padding:4px 8px 4px 0;text-align:left;vertical-align:top;overflow-wrap:anywhere;white-space:pre-wrap}
th{background:var(--head);color:var(--dim);font-weight:600}
thead{display:table-header-group}
tr{break-inside:avoid}
details{margin-top:28px}
summary{cursor:pointer;color:var(--dim)}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:11px}
@page{size:A4;margin:16mm}
@media print{body{max-width:none;padding:0;font-size:10pt}table{font-size:8pt}details{display:none}}
";

/// The beginning of a page that needs nothing else and may fetch nothing, up to its title.
pub fn html_begin(language: Language, title: &str) -> String {
    let (title, style) = (escaped(title), Hash::of(STYLE.as_bytes()));
    format!(
        "{DOCTYPE}<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n",
        language.tag()
    )
}

pub(super) fn draw(document: &Document, pages: &Pages) -> Drawn {
    let page = html_begin(document.language, &pages.title);
    let mut out = page.replacen(DOCTYPE, BEGINNING, 1);
    for block in &pages.blocks {
        draw_block(&mut out, block);
    }
    let _ = write!(out, "<details>\n<summary>{}</summary>\n<pre>", escaped(&pages.data));
    let begin = out.len();
    out.push_str(&escaped(&document.to_json()));
    let end = out.len();
    out.push_str("</pre>\n</details>\n</body>\n</html>\n");
    Drawn { bytes: out.into_bytes(), data: begin..end }
}

fn draw_block(out: &mut String, block: &Block) {
    let _ = match block {
        Block::Heading(text) => writeln!(out, "<h2>{}</h2>", escaped(text)),
        Block::Text(text) => writeln!(out, "<p>{}</p>", escaped(text)),
        Block::Pairs(pairs) => {
            out.push_str("<dl>\n");
            for (name, value) in pairs {
                let _ = writeln!(out, "<dt>{}</dt><dd>{}</dd>", escaped(name), escaped(value));
            }
            writeln!(out, "</dl>")
        }
        Block::Table { columns, rows } => {
            out.push_str("<table>\n<colgroup>");
            for column in columns {
                let _ = write!(out, "<col width=\"{}%\">", column.width);
            }
            out.push_str("</colgroup>\n<thead><tr>");
            for column in columns {
                let _ = write!(out, "<th scope=\"col\">{}</th>", escaped(&column.head));
            }
            out.push_str("</tr></thead>\n<tbody>\n");
            for row in rows {
                out.push_str("<tr>");
                for cell in row {
                    let _ = write!(out, "<td>{}</td>", escaped(cell));
                }
                out.push_str("</tr>\n");
            }
            writeln!(out, "</tbody>\n</table>")
        }
    };
}

/// No letter of it is taken for anything else.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            letter => out.push(letter),
        }
    }
    out
}

/// The text that was escaped so; of any other, something that is no data.
pub(super) fn unescaped(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")
}
