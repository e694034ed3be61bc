//! The source in colours. What is not understood is plain.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat};
use egui::{Align, Color32, FontId, TextStyle, Ui};

use crate::script::{Token, highlight};
use crate::theme::{Palette, palette};

/// How high a line of source is.
pub(super) const LINE: f32 = 20.0;

/// A longer source is plain.
const LONGEST: usize = 256 << 10;

fn ink(token: Token, colours: &Palette) -> Color32 {
    let [blue, green, amber, violet, _, cyan, _] = colours.hues;
    match token {
        Token::Comment => colours.dim,
        Token::Keyword | Token::Constant => violet,
        Token::Number => amber,
        Token::Text | Token::Pattern => green,
        Token::Call => blue,
        Token::Definition => cyan,
    }
}

/// The job that lays a source out, made once for each text.
pub(super) fn laid_out(ui: &Ui, source: &str) -> Arc<LayoutJob> {
    let id = egui::Id::unique("colours of a source");
    let mut hasher = DefaultHasher::new();
    (source, ui.visuals().dark_mode).hash(&mut hasher);
    let key = hasher.finish();
    let kept: Option<(u64, Arc<LayoutJob>)> = ui.data(|data| data.get_temp(id));
    if let Some((known, job)) = kept
        && known == key
    {
        return job;
    }
    let job = Arc::new(job_of(source, palette(ui), &TextStyle::Monospace.resolve(ui.style())));
    ui.data_mut(|data| data.insert_temp(id, (key, job.clone())));
    job
}

fn job_of(source: &str, colours: &Palette, font: &FontId) -> LayoutJob {
    let mut job = LayoutJob::default();
    job.wrap.max_width = f32::INFINITY;
    let format = |color: Color32| TextFormat {
        font_id: font.clone(),
        color,
        line_height: Some(LINE),
        valign: Align::Center,
        ..TextFormat::default()
    };
    let plain = format(colours.text);
    let spans = if source.len() > LONGEST { Vec::new() } else { highlight(source) };
    let mut at = 0;
    for (range, token) in spans {
        job.append(source.get(at..range.start).unwrap_or_default(), 0.0, plain.clone());
        job.append(source.get(range.clone()).unwrap_or_default(), 0.0, format(ink(token, colours)));
        at = range.end;
    }
    job.append(source.get(at..).unwrap_or_default(), 0.0, plain);
    job
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_of_a_source_is_laid_out_once() {
        for source in ["", "/", "'", "`", "/*", "a/", "é/ü", "fromAll()\n\n.when({})\r\n", "x = 'ㄱ' / '나'"] {
            let job = job_of(source, &crate::theme::DARK, &FontId::monospace(12.0));
            assert_eq!(job.text, source);
        }
    }
}
