use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A column of the table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LensColumn {
    Stream,
    /// A path of the state.
    Field(String),
    /// When the last event was recorded.
    #[default]
    Changed,
    Version,
}

/// What the rows are in the order of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LensOrder {
    pub by: LensColumn,
    pub is_descending: bool,
}

impl Default for LensOrder {
    /// What changed last comes first.
    fn default() -> Self {
        Self { by: LensColumn::Changed, is_descending: true }
    }
}

/// Fields called so say how to reach somebody, which is seldom what rows are told apart by.
const ADDRESSES: [&str; 6] = ["phone", "mail", "address", "url", "fax", "website"];

/// So many fields are shown before anybody chose some.
const FIELDS_AT_FIRST: usize = 5;

/// What is known of the values in a column by now, from the rows that were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kind {
    letters: u8,
    numbers: u32,
    others: u32,
    texts: u32,
    is_time: bool,
}

impl Kind {
    pub(super) fn note(&mut self, value: &Value) {
        let letters = match value {
            Value::Null => return,
            Value::Number(number) => {
                self.numbers += 1;
                number.to_string().len() * 4 / 3
            }
            Value::String(text) => {
                self.texts += 1;
                self.is_time |= crate::event::Timestamp::parse_rfc3339(text).is_some();
                // In fifths: capitals are wider than small letters, and a Hangul syllable is twice as wide.
                let width = |letter: char| match letter {
                    'A'..='Z' | '_' | '@' => 6,
                    _ if letter < '\u{1100}' => 5,
                    _ => 10,
                };
                text.chars().take(60).map(width).sum::<usize>().div_ceil(5)
            }
            other => {
                self.others += 1;
                other.to_string().len()
            }
        };
        self.letters = self.letters.max(u8::try_from(letters).unwrap_or(u8::MAX));
    }

    /// Its values are numbers: they stand under each other by their last figure.
    pub fn is_numeric(self) -> bool {
        self.numbers > 0 && self.others == 0 && self.texts == 0
    }

    /// Texts or flags, that may be counted by.
    pub fn is_text(self) -> bool {
        self.texts > 0 && !self.is_time
    }
}

/// The fields that are shown where nobody chose any: neither what keeps the books, nor what only says again which stream
/// it is, and values before how somebody is reached, and before lists.
pub(super) fn fields_at_first(cells: &[(String, Value)], bookkeeping: &[String], stream: &str) -> Vec<String> {
    let key = stream.split_once('-').map_or(stream, |(_, key)| key);
    let says_id = |name: &str, value: &Value| {
        let is_id = name == "id" || name.ends_with("-id") || name.ends_with("_id") || name.ends_with("Id");
        is_id
            && (value == stream
                || value == key
                || value.is_null()
                || value.as_u64().is_some_and(|number| key.parse() == Ok(number)))
    };
    let is_shown = |(name, value): &&(String, Value)| !bookkeeping.contains(name) && !says_id(name, value);
    let is_many = |value: &Value| value.is_array() || value.is_object();
    let (many, single): (Vec<_>, Vec<_>) = cells.iter().filter(is_shown).partition(|(_, value)| is_many(value));
    let is_address = |name: &str| ADDRESSES.iter().any(|known| name.to_lowercase().contains(known));
    let (empty, single): (Vec<_>, Vec<_>) = single.into_iter().partition(|(_, value)| value.is_null());
    let (addresses, first): (Vec<_>, Vec<_>) = single.into_iter().partition(|(name, _)| is_address(name));
    first
        .into_iter()
        .chain(addresses)
        .chain(many)
        .chain(empty)
        .take(FIELDS_AT_FIRST)
        .map(|(name, _)| name.clone())
        .collect()
}

/// A column with the width that it has; nought where it has given way.
#[derive(Clone, Debug, PartialEq)]
pub struct FittedColumn {
    pub column: LensColumn,
    pub width: f32,
    pub is_numeric: bool,
}

/// Left and right of the first and the last column.
pub const TABLE_MARGIN: f32 = 16.0;

const STREAM_LEAST: f32 = 96.0;
const STREAM_MOST: f32 = 200.0;
const CHANGED: f32 = 118.0;
const CHANGED_WITH_YEAR: f32 = 156.0;
/// Without its seconds.
const CHANGED_WITH_YEAR_ALONE: f32 = 134.0;
const FIELD_LEAST: f32 = 64.0;
const FIELD_MOST: f32 = 240.0;
/// The same of the first of them, where it is a text and the only one left.
const FIRST_LEAST: f32 = 88.0;
/// How much is left of a text's width before a column gives way.
const NARROWER: f32 = 0.72;
const LETTER: f32 = 7.4;
const GAP: f32 = 14.0;
/// In letters: the mark before a value, and what its letters are wider than those of a heading.
const BESIDE: usize = 4;

/// What the columns of a table are made from.
#[derive(Clone, Copy, Debug)]
pub struct Fitting<'a> {
    pub fields: &'a [(String, Kind)],
    /// What the rows are in the order of keeps its place the longest.
    pub order: &'a LensOrder,
    /// Letters of the longest stream's name, and figures of the largest version.
    pub stream_letters: usize,
    pub version_figures: usize,
    pub has_years: bool,
}

impl Fitting<'_> {
    /// Shares a width out. Where there is too little, times lose their seconds, then texts become narrower, and then columns
    /// give way: the fields from the last to the first, then when it changed and the version; what is sorted by goes last of
    /// these, and the stream's name never.
    pub fn fit(&self, width: f32) -> Vec<FittedColumn> {
        let wanted = |letters: usize| (letters as f32 * LETTER + GAP).min(FIELD_MOST);
        let stream = wanted(self.stream_letters).clamp(STREAM_LEAST, STREAM_MOST);
        let version = 34.0 + 7.5 * self.version_figures.max(2) as f32;
        let changed = if self.has_years { CHANGED_WITH_YEAR } else { CHANGED };
        let mut columns = vec![(LensColumn::Stream, stream, false)];
        for (path, kind) in self.fields {
            let heading = path.chars().count() + 3;
            let natural = wanted(heading.max(usize::from(kind.letters) + BESIDE)).max(FIELD_LEAST);
            columns.push((LensColumn::Field(path.clone()), natural, kind.is_numeric()));
        }
        columns.push((LensColumn::Changed, changed, false));
        columns.push((LensColumn::Version, version, true));
        let room = (width - 2.0 * TABLE_MARGIN).max(0.0);
        let fields = 1..=self.fields.len();
        let (last, changed) = (columns.len() - 1, columns.len() - 2);
        let sorted = columns.iter().position(|(column, ..)| *column == self.order.by);
        let all = |columns: &[(LensColumn, f32, bool)]| columns.iter().map(|(_, width, _)| width).sum::<f32>();
        if all(&columns) > room
            && self.has_years
            && let Some((_, width, _)) = columns.get_mut(changed)
        {
            *width = CHANGED_WITH_YEAR_ALONE;
        }
        for place in fields.clone().rev() {
            let over = all(&columns) - room;
            if over > 0.0
                && let Some((_, width, false)) = columns.get_mut(place)
            {
                let least = (*width * NARROWER).max(FIELD_LEAST).min(*width);
                *width = (*width - over).max(least);
            }
        }
        // In the order in which they give way. The second field is mostly what became of it, which says more than when.
        let (first, second) = (1..=self.fields.len().min(1), 2..=self.fields.len().min(2));
        let changes_before = second.clone().map(|_| changed);
        let changes_behind = (second.is_empty()).then_some(changed);
        let later = fields.filter(|place| *place > 2).rev();
        let mut giving: Vec<usize> =
            later.chain(changes_before).chain(second).chain(first).chain(changes_behind).chain([last]).collect();
        // The time is what rows are sorted by where nobody chose anything.
        if let Some(place) = giving.iter().position(|place| Some(*place) == sorted && *place != changed) {
            let sorted = giving.remove(place);
            giving.push(sorted);
        }
        for place in giving {
            if all(&columns) <= room {
                break;
            }
            let over = all(&columns) - room;
            if let Some((_, width, is_numeric)) = columns.get_mut(place) {
                // By the first field rows are told apart: it stays for as long as anything of it can be read.
                let is_kept = place == 1 && !*is_numeric && matches!(self.fields, [_, ..]);
                *width = if is_kept && *width - over >= FIRST_LEAST { *width - over } else { 0.0 };
            }
        }
        let all = all(&columns);
        let growing = |column: &LensColumn, width: f32, is_numeric: bool| {
            width > 0.0 && !is_numeric && matches!(column, LensColumn::Field(_) | LensColumn::Stream)
        };
        let count = columns.iter().filter(|(column, width, is)| growing(column, *width, *is)).count().max(1);
        // What is left over is shared by what may be cut.
        let more = ((room - all).max(0.0) / count as f32).min(90.0);
        let fitted = columns.into_iter().map(|(column, width, is_numeric)| {
            let more = if growing(&column, width, is_numeric) { more } else { 0.0 };
            // Nothing is wider than there is room.
            FittedColumn { column, width: (width + more).min(room), is_numeric }
        });
        fitted.collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kind(values: &[Value]) -> Kind {
        let mut kind = Kind::default();
        for value in values {
            kind.note(value);
        }
        kind
    }

    fn fields() -> Vec<(String, Kind)> {
        [
            ("name", json!("Tomás Herrera")),
            ("status", json!("PENDING_PAYMENT")),
            ("contacts", json!(38)),
            ("followups", json!(9)),
            ("phone", json!("010-1234-5678")),
        ]
        .map(|(name, value)| (name.to_owned(), kind(&[value])))
        .to_vec()
    }

    fn fit(width: f32, order: &LensOrder) -> Vec<FittedColumn> {
        let fields = fields();
        let fitting = Fitting { fields: &fields, order, stream_letters: 12, version_figures: 3, has_years: false };
        fitting.fit(width)
    }

    fn shown(columns: &[FittedColumn]) -> Vec<&LensColumn> {
        columns.iter().filter(|column| column.width > 0.0).map(|column| &column.column).collect()
    }

    #[test]
    fn columns_never_take_more_than_there_is_and_give_way_from_the_last_field_on() {
        let order = LensOrder::default();
        let mut before = usize::MAX;
        for width in (120..1_400).rev().map(|width| width as f32) {
            let columns = fit(width, &order);
            let all: f32 = columns.iter().map(|column| column.width).sum();
            assert!(all <= width - 2.0 * TABLE_MARGIN + 0.01, "{width}: {all}");
            let now = shown(&columns);
            assert!(now.contains(&&LensColumn::Stream), "{width}");
            assert!(now.len() <= before, "{width}: a column came back");
            before = now.len();
            let fields: Vec<usize> = columns
                .iter()
                .enumerate()
                .filter(|(_, column)| matches!(column.column, LensColumn::Field(_)) && column.width > 0.0)
                .map(|(place, _)| place)
                .collect();
            assert_eq!(fields, (1..=fields.len()).collect::<Vec<_>>(), "{width}: the first fields stay");
            assert!(fields.is_empty() || now.contains(&&LensColumn::Version), "{width}");
        }
        assert_eq!(shown(&fit(1_400.0, &order)).len(), 8, "there is room for all");
    }

    #[test]
    fn what_became_of_a_row_outlives_when_that_was() {
        let order = LensOrder::default();
        let has = |width: f32, column: &LensColumn| shown(&fit(width, &order)).contains(&column);
        let (second, changed) = (LensColumn::Field("status".to_owned()), LensColumn::Changed);
        let widths: Vec<f32> = (200..1_400).map(|width| width as f32).collect();
        assert!(widths.iter().all(|width| !has(*width, &changed) || has(*width, &second)));
        let between = widths.iter().filter(|width| has(**width, &second) && !has(**width, &changed)).count();
        assert!(between > 100, "only {between} widths");
    }

    #[test]
    fn a_long_first_field_becomes_narrow_before_it_gives_way() {
        let fields = [("name".to_owned(), kind(&[json!("Bartholomew-".repeat(17))]))];
        let order = LensOrder::default();
        let fitting =
            Fitting { fields: &fields, order: &order, stream_letters: 6, version_figures: 2, has_years: false };
        let widths = (300..700).filter_map(|width| Some(fitting.fit(width as f32).get(1)?.width));
        let shown: Vec<f32> = widths.skip_while(|width| *width == 0.0).collect();
        assert!(shown.len() > 100 && shown.iter().all(|width| *width >= FIRST_LEAST), "{shown:?}");
        let first = shown.first().copied().unwrap_or_default();
        assert!(first < FIRST_LEAST + 2.0, "room was left unused: {first}");
    }

    #[test]
    fn what_is_sorted_by_stays_when_its_neighbours_have_gone() {
        let by_contacts = LensOrder { by: LensColumn::Field("contacts".to_owned()), is_descending: true };
        let columns = fit(260.0, &by_contacts);
        assert!(shown(&columns).contains(&&LensColumn::Field("contacts".to_owned())), "{columns:?}");
        assert!(!shown(&columns).contains(&&LensColumn::Field("name".to_owned())), "{columns:?}");
    }

    #[test]
    fn numbers_stand_right_and_texts_that_look_like_them_do_not() {
        assert!(kind(&[json!(3), json!(null), json!(2.5)]).is_numeric());
        assert!(!kind(&[json!(3), json!("3")]).is_numeric());
        assert!(!kind(&[json!(null)]).is_numeric());
        assert!(kind(&[json!("NEW")]).is_text());
        assert!(!kind(&[json!("2025-01-01T00:00:00Z")]).is_text(), "nobody counts by times");
    }

    #[test]
    fn fields_that_say_what_another_column_says_are_not_shown_at_first() {
        let cells = [
            ("lead-id", json!(42)),
            ("tags", json!([1])),
            ("closed-on", json!(null)),
            ("phone", json!("1")),
            ("name", json!("Bo")),
            ("status", json!("NEW")),
            ("owner-id", json!("kim")),
            ("version", json!(3)),
        ]
        .map(|(name, value)| (name.to_owned(), value));
        let shown = fields_at_first(&cells, &["version".to_owned()], "lead-42");
        assert_eq!(shown, ["name", "status", "owner-id", "phone", "tags"], "what nothing stands in comes last");
    }
}
