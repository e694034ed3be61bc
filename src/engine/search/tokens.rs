//! The pieces of what was typed: what stands between spaces, in quotation marks, or in braces.

use std::ops::Range;

use super::super::find::QUOTES;
use super::{Misread, MisreadKind};

/// A piece of what was typed.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) range: Range<usize>,
    /// Without its quotation marks; of a condition, what stands before it.
    pub(super) text: String,
    /// The parts of the text that stood in quotation marks.
    pub(super) quoted: Vec<Range<usize>>,
    /// A condition, and where it begins in what was typed.
    pub(super) condition: Option<(usize, String)>,
}

impl Token {
    pub(super) fn is_plain(&self) -> bool {
        self.quoted.is_empty()
    }

    /// Where quotation marks begin in the text, if they do.
    pub(super) fn quoted_from(&self) -> Option<usize> {
        self.quoted.first().map(|quoted| quoted.start)
    }

    /// What stands behind a place of the text, between commas that are in no quotation marks; and whether another is to
    /// follow the last comma.
    pub(super) fn listed_from(&self, place: usize) -> (Vec<String>, bool) {
        let (mut listed, mut open) = (Vec::new(), String::new());
        let (mut is_said, mut ends_open) = (false, false);
        for (at, letter) in self.text.char_indices().filter(|(at, _)| *at >= place) {
            let is_quoted = self.quoted.iter().any(|quoted| quoted.contains(&at));
            ends_open = letter == ',' && !is_quoted;
            if ends_open {
                listed.extend(std::mem::take(&mut is_said).then(|| std::mem::take(&mut open)));
            } else {
                open.push(letter);
                is_said = true;
            }
        }
        listed.extend(is_said.then_some(open));
        (listed, ends_open)
    }
}

/// What a condition may be begun with, besides a brace.
const WHERE: [&str; 2] = ["where:", "조건:"];

fn is_where(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    WHERE.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// What stands between spaces; quotation marks hold together what stands between them, and so do braces around a
/// condition. Behind `where:` all the rest is one.
pub(super) fn tokens(typed: &str) -> Result<Vec<Token>, Misread> {
    let mut found: Vec<Token> = Vec::new();
    let mut open: Option<Token> = None;
    let mut quote_at = None;
    let mut at = 0;
    while let Some(letter) = typed.get(at..).and_then(|rest| rest.chars().next()) {
        let end = at + letter.len_utf8();
        if letter.is_whitespace() && quote_at.is_none() {
            found.extend(open.take());
            at = end;
            continue;
        }
        let begins = open.as_ref().is_none_or(|token| token.is_plain() && token.text == "-");
        let mut token = open.take().unwrap_or_else(|| Token {
            range: at..end,
            text: String::new(),
            quoted: Vec::new(),
            condition: None,
        });
        if letter == '{' && begins {
            let (condition, behind) = braced(typed, at)?;
            found.push(Token { range: token.range.start..behind, condition: Some(condition), ..token });
            at = behind;
            continue;
        }
        token.range.end = end;
        if QUOTES.contains(&letter) {
            if quote_at.take().is_none() {
                quote_at = Some(at);
                token.quoted.push(token.text.len()..token.text.len());
            }
        } else {
            token.text.push(letter);
            if quote_at.is_some()
                && let Some(quoted) = token.quoted.last_mut()
            {
                quoted.end = token.text.len();
            }
        }
        if token.is_plain() && is_where(&token.text) {
            let (condition, behind) = behind_where(typed, &token, end)?;
            found.push(Token { range: token.range.start..behind, condition: Some(condition), ..token });
            at = behind;
            continue;
        }
        open = Some(token);
        at = end;
    }
    if let Some(at) = quote_at {
        return Err(Misread { range: at..typed.len(), kind: MisreadKind::OpenQuote });
    }
    found.extend(open);
    Ok(found)
}

/// In braces, or all that follows.
fn behind_where(typed: &str, token: &Token, from: usize) -> Result<((usize, String), usize), Misread> {
    let rest = typed.get(from..).unwrap_or_default();
    let begin = from + (rest.len() - rest.trim_start().len());
    match typed.get(begin..).unwrap_or_default().trim_end() {
        "" => {
            let word = token.text.trim_start_matches('-').to_owned();
            Err(Misread { range: token.range.clone(), kind: MisreadKind::Empty(word) })
        }
        rest if rest.starts_with('{') => braced(typed, begin),
        rest => Ok(((begin, rest.to_owned()), begin + rest.len())),
    }
}

/// What stands between a brace and the one that closes it, and where to go on. Those in texts do not count.
fn braced(typed: &str, from: usize) -> Result<((usize, String), usize), Misread> {
    let (mut depth, mut text, mut is_escaped) = (0_u32, None, false);
    for (at, letter) in typed.char_indices().filter(|(at, _)| *at >= from) {
        match (letter, text) {
            _ if is_escaped => is_escaped = false,
            ('\\', Some(_)) => is_escaped = true,
            (letter, Some(quote)) => text = Some(quote).filter(|quote| *quote != letter),
            ('"' | '\'', None) => text = Some(letter),
            ('{', None) => depth += 1,
            ('}', None) => {
                depth -= 1;
                if depth == 0 {
                    let inside = typed.get(from + 1..at).unwrap_or_default();
                    return Ok(((from + 1, inside.to_owned()), at + 1));
                }
            }
            _ => {}
        }
    }
    Err(Misread { range: from..typed.len(), kind: MisreadKind::OpenBrace })
}
