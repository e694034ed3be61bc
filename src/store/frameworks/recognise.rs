use super::ALL;
use super::catalogue::{Catalogue, Table};
use super::layout::Layout;
use super::mapping::Mapping;
use crate::store::StoreError;

/// Whose tables these are.
#[derive(Debug)]
pub enum Recognised {
    One(Layout),
    /// More than one table of events; somebody has to choose.
    Several(Vec<Layout>),
    Nothing,
}

/// Columns and keys decide; most frameworks let their users name the tables.
pub fn recognise(catalogue: &Catalogue) -> Recognised {
    let declared = |table| {
        let mut layout = ALL.iter().flat_map(|rules| rules.recognise).find_map(|layout| layout(catalogue, table))?;
        layout.heed_keys(table);
        Some(layout)
    };
    let mut layouts: Vec<Layout> =
        catalogue.tables.iter().filter(|table| !table.is_view).filter_map(declared).collect();
    match layouts.len() {
        0 => Recognised::Nothing,
        1 => layouts.pop().map_or(Recognised::Nothing, Recognised::One),
        _ => Recognised::Several(layouts),
    }
}

/// The layout that a mapping gives, or the one that is recognised; `None` where nothing is.
pub fn chosen(place: &str, catalogue: &Catalogue, mapping: Option<&Mapping>) -> Result<Option<Layout>, StoreError> {
    if let Some(mapping) = mapping {
        let wrong = |source| StoreError::Mapping { place: place.to_owned(), source };
        let layout = mapping.layout(catalogue).map_err(wrong)?;
        let is_view = catalogue.table(&mapping.table).is_some_and(|table| table.is_view);
        return Ok(Some(Layout { is_view, ..layout }));
    }
    match recognise(catalogue) {
        Recognised::One(layout) => Ok(Some(layout)),
        Recognised::Nothing => Ok(None),
        Recognised::Several(layouts) => {
            let names: Vec<&str> = layouts.iter().map(|layout| layout.table.as_str()).collect();
            let first = names.first().copied().unwrap_or_default().to_owned();
            Err(StoreError::Several { place: place.to_owned(), tables: names.join(", "), first })
        }
    }
}

impl Catalogue {
    /// The tables' names, for a message.
    pub fn names(&self) -> String {
        const NAMED: usize = 12;
        let names: Vec<String> = self.tables.iter().take(NAMED).map(Table::full_name).collect();
        if names.is_empty() { "no tables".to_owned() } else { names.join(", ") }
    }
}
