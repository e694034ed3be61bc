//! Fields of states as columns of a table.

use std::collections::HashSet;

use crate::index::{AsOf, Choice};
use crate::projection::key_path;

/// PostgreSQL cuts names that are longer, and two could become one.
const LONGEST: usize = 60;

/// A field that has a column of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldColumn {
    pub(super) name: String,
    /// Where its value stands in a state.
    pub(super) path: String,
}

/// The names of the states' fields. They are known before any state is, but for projections that take any field.
pub(super) fn fields_of<E>(
    choice: &Choice,
    most: usize,
    folded: impl FnOnce() -> Result<Vec<String>, E>,
) -> Result<Vec<String>, E> {
    let names = choice.names();
    let mut known = names.fields;
    // The version of the last event stands in a column of its own.
    known.retain(|name| name != "version");
    if names.is_open {
        let mut seen: HashSet<String> = known.iter().cloned().collect();
        for name in folded()? {
            if known.len() < most && seen.insert(name.clone()) {
                known.push(name);
            }
        }
    }
    Ok(known)
}

/// Every field that some state has, in the order in which they are met.
pub(super) fn met_in(as_of: &AsOf) -> Vec<String> {
    as_of.all_fields(as_of.places())
}

/// A column for each field, none of them called as those that are there already.
pub(super) fn columns_for(fields: &[String], taken: &mut HashSet<String>) -> Vec<FieldColumn> {
    let own = taken.clone();
    let column = |field: &String| {
        let plain = sql_name(field);
        let name = if own.contains(&plain.to_ascii_lowercase()) { format!("field_{plain}") } else { plain };
        FieldColumn { name: unique(&name, taken), path: key_path("", field) }
    };
    fields.iter().map(column).collect()
}

/// What a file is called, without its folder and its ending.
pub(super) fn file_stem(name: &str) -> &str {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    file.strip_suffix(".js").filter(|stem| !stem.is_empty()).unwrap_or(file)
}

/// A name as it needs no quotation marks in SQL.
pub(super) fn sql_name(name: &str) -> String {
    let mut plain = String::new();
    for letter in name.chars() {
        if plain.len() + letter.len_utf8() > LONGEST {
            break;
        }
        plain.push(if letter.is_alphanumeric() { letter } else { '_' });
    }
    if plain.is_empty() || plain.starts_with(|first: char| first.is_ascii_digit()) {
        format!("_{plain}")
    } else {
        plain
    }
}

/// Upper and lower case are one to SQLite.
pub(super) fn unique(name: &str, taken: &mut HashSet<String>) -> String {
    let mut number = 2;
    let mut candidate = name.to_owned();
    while !taken.insert(candidate.to_ascii_lowercase()) {
        candidate = format!("{name}_{number}");
        number += 1;
    }
    candidate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_need_no_quotation_marks_and_differ() {
        let fields = ["lead-id", "Lead_ID", "2nd", "stream", "이름", ""].map(str::to_owned);
        let names: Vec<String> = columns_for(&fields, &mut HashSet::from(["stream".to_owned()]))
            .into_iter()
            .map(|column| column.name)
            .collect();
        assert_eq!(names, ["lead_id", "Lead_ID_2", "_2nd", "field_stream", "이름", "_"]);
        let long = "한".repeat(100);
        let two = columns_for(&[format!("{long}a"), format!("{long}b")], &mut HashSet::new());
        assert!(two[0].name != two[1].name && two.iter().all(|column| column.name.len() <= 63), "{two:?}");
    }
}
