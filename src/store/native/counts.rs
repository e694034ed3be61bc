//! How many there are of each, and how that is found out without a look at every row.

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::names::lossy;
use super::read::{bound, unsigned};

pub(super) fn counts(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<(String, u64)>> {
    connection.prepare_cached(sql)?.query_map([], |row| Ok((lossy(row.get_ref(0)?), unsigned(row, 1)?)))?.collect()
}

/// So many streams are sorted sooner than a table of millions is walked for the first of them.
const LARGE: u64 = 100_000;

/// So many times what is looked for is sorted sooner than it is looked for in the table.
const FEW: u64 = 4;

/// For each stream that is looked for, a walk passes by no more than this where it may be that it finds none.
const PASSED_BY: u64 = 32;

/// Whether the first so many streams of a category are found sooner by a walk over the table from its beginning on than
/// among all of the category.
pub(super) fn is_common(connection: &Connection, category: &str, first: u64) -> rusqlite::Result<bool> {
    let has = |most: u64| -> rusqlite::Result<bool> {
        let sql = "SELECT count(*) FROM (SELECT 1 FROM streams WHERE category = ?1 LIMIT ?2)";
        connection.prepare_cached(sql)?.query_row((category, bound(most)), |row| Ok(unsigned(row, 0)? == most))
    };
    if !has(first.saturating_mul(FEW).min(LARGE))? {
        return Ok(false);
    }
    let near = "SELECT count(*) FROM (SELECT 1 FROM (SELECT category FROM streams ORDER BY id LIMIT ?2)
                WHERE category = ?1 LIMIT ?3)";
    let walked = bound(first.saturating_mul(PASSED_BY).min(LARGE));
    let is_near: bool = connection
        .prepare_cached(near)?
        .query_row((category, walked, bound(first)), |row| Ok(unsigned(row, 0)? == first))?;
    Ok(is_near || has(LARGE)?)
}

/// More categories than these are counted in one walk.
const FEW_CATEGORIES: usize = 100;

/// Of so many streams is it asked which category most are of.
const ASKED: u32 = 32;

/// Whether there are so many streams that to count them is felt.
pub(super) fn has_very_many(connection: &Connection) -> rusqlite::Result<bool> {
    // They are numbered as they begin.
    let sql = "SELECT coalesce(max(id), 0) FROM streams";
    connection.prepare_cached(sql)?.query_row([], |row| Ok(unsigned(row, 0)? > LARGE))
}

/// The categories without their counts, those first that more of a few streams belong to. `None` where there are many.
pub(super) fn named_categories(connection: &Connection) -> rusqlite::Result<Option<Vec<String>>> {
    let sql = format!("{NAMES_OF_CATEGORIES} SELECT name FROM names WHERE name IS NOT NULL");
    let mut statement = connection.prepare_cached(&sql)?;
    let names: Vec<String> = statement.query_map([], |row| Ok(lossy(row.get_ref(0)?)))?.collect::<Result<_, _>>()?;
    if names.len() > FEW_CATEGORIES {
        return Ok(None);
    }
    let sql = "WITH RECURSIVE places(place) AS (SELECT 0 UNION ALL SELECT place + 1 FROM places WHERE place + 1 < ?1)
               SELECT category FROM places JOIN streams ON id = place * (SELECT max(id) FROM streams) / (?1 - 1)";
    let mut statement = connection.prepare_cached(sql)?;
    let asked: Vec<String> =
        statement.query_map([ASKED], |row| Ok(lossy(row.get_ref(0)?)))?.collect::<Result<_, _>>()?;
    let mut names = names;
    names.sort_by_cached_key(|name| std::cmp::Reverse(asked.iter().filter(|asked| *asked == name).count()));
    Ok(Some(names))
}

/// They are found by leaps through the index, and one more than are told apart.
const NAMES_OF_CATEGORIES: &str = "WITH RECURSIVE
           names(name) AS (
             SELECT min(category) FROM streams
             UNION ALL
             SELECT (SELECT min(category) FROM streams WHERE category > names.name) FROM names
             WHERE names.name IS NOT NULL
             LIMIT 102)";

/// Each category with its streams, the largest first. The one that most of a few streams belong to is what the others
/// leave of all, which SQLite counts without looking at a row.
pub(super) fn categories(connection: &Connection) -> rusqlite::Result<Vec<(String, u64)>> {
    let mut of_all = 0;
    let sql = format!(
        "{NAMES_OF_CATEGORIES},
           places(place) AS (SELECT 0 UNION ALL SELECT place + 1 FROM places WHERE place + 1 < ?1),
           common(name) AS (
             SELECT (SELECT category FROM streams WHERE id = place * (SELECT max(id) FROM streams) / (?1 - 1))
             FROM places GROUP BY 1 ORDER BY count(*) DESC LIMIT 1)
         SELECT name,
           CASE WHEN name = (SELECT name FROM common) THEN NULL
           ELSE (SELECT count(*) FROM streams WHERE category = names.name) END,
           (SELECT count(*) FROM streams)
         FROM names WHERE name IS NOT NULL LIMIT 101"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([ASKED], |row| {
        let counted = if row.get_ref(1)? == ValueRef::Null { None } else { Some(unsigned(row, 1)?) };
        of_all = unsigned(row, 2)?;
        Ok((lossy(row.get_ref(0)?), counted))
    })?;
    let found: Vec<(String, Option<u64>)> = rows.collect::<Result<_, _>>()?;
    if found.len() > FEW_CATEGORIES {
        let sql = "SELECT category, count(*) FROM streams GROUP BY category ORDER BY count(*) DESC, category";
        return counts(connection, sql);
    }
    let counted: u64 = found.iter().filter_map(|(_, count)| *count).sum();
    let rest = of_all.saturating_sub(counted);
    let mut categories: Vec<(String, u64)> =
        found.into_iter().map(|(name, count)| (name, count.unwrap_or(rest))).collect();
    categories.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(categories)
}
