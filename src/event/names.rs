//! One spelling for names that frameworks write in many: `crm.Lead.Initialized`, `lead_initialized` and
//! `LeadInitialized` are the same words.

use std::fmt::Write as _;

/// The words of a name, lower-case, joined by `-`. A capital after a small letter begins a word, as does the last
/// capital of a run before a small letter (`HTTPCall` reads `http-call`).
pub fn kebab_words(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut previous: Option<char> = None;
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        if !letter.is_alphanumeric() {
            previous = None;
            continue;
        }
        let begins = match previous {
            None => true,
            Some(before) => {
                letter.is_uppercase()
                    && (!before.is_uppercase() || letters.peek().is_some_and(|next| next.is_lowercase()))
            }
        };
        if begins && !out.is_empty() {
            out.push('-');
        }
        out.extend(letter.to_lowercase());
        previous = Some(letter);
    }
    out
}

/// Whether `name` is a spelling of `kebab`, which must be lower-case words joined by `-`. Case and separators do
/// not count. Runs once a field while decoding, so it allocates nothing.
pub fn same_name(name: &str, kebab: &str) -> bool {
    if name == kebab {
        return true;
    }
    if !name.is_ascii() {
        return false;
    }
    let mut left = name.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_lowercase());
    let mut right = kebab.bytes().filter(u8::is_ascii_alphanumeric);
    loop {
        match (left.next(), right.next()) {
            (None, None) => return true,
            (a, b) if a == b => {}
            _ => return false,
        }
    }
}

/// The path of a key inside the value at `parent` (empty for the state itself). A key that is no plain name is
/// quoted, so that every path reads in one way only.
pub fn key_path(parent: &str, key: &str) -> String {
    let mut path = String::with_capacity(parent.len() + key.len() + 5);
    path.push_str(parent);
    push_key(&mut path, key);
    path
}

/// Goes on from a path to a key inside of what stands there.
pub fn push_key(path: &mut String, key: &str) {
    // Most keys are such words, and told to be plain letter by letter at a fraction of the cost.
    let is_word = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    let is_plain =
        is_word || !key.is_empty() && !key.contains(['.', '[', ']', '"']) && !key.chars().any(char::is_control);
    if is_plain {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(key);
    } else {
        let _ = write!(path, "[{}]", serde_json::Value::from(key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_name_become_one() {
        for name in [
            "lead-initialized",
            "LeadInitialized",
            "lead_initialized",
            "leadInitialized",
            "Lead.Initialized",
            "LEAD_INITIALIZED",
        ] {
            assert_eq!(kebab_words(name), "lead-initialized", "{name}");
        }
        assert_eq!(kebab_words("crm.domain:Lead.Initialized"), "crm-domain-lead-initialized");
        assert_eq!(kebab_words("HTTPCall2Made"), "http-call2-made");
        assert_eq!(kebab_words("주문.Created"), "주문-created");
    }

    #[test]
    fn field_spellings_are_the_same_name() {
        for name in ["followup-on", "followupOn", "followup_on", "FollowupOn", "FOLLOWUP_ON", "followUpOn"] {
            assert!(same_name(name, "followup-on"), "{name}");
        }
        assert!(!same_name("followup-onn", "followup-on"));
        assert!(!same_name("followup", "followup-on"));
    }
}
