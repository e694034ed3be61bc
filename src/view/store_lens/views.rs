use serde::{Deserialize, Serialize};

use super::{LensOrder, RowChip, StoreLens};

/// A table as it was kept under a name: of which streams, which columns, narrowed and sorted how. Without a moment: it is
/// looked at wherever the cursor is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptView {
    pub category: Option<String>,
    pub projection: Option<String>,
    pub columns: Vec<String>,
    pub order: LensOrder,
    pub chips: Vec<RowChip>,
    pub count_by: Option<String>,
}

impl StoreLens {
    /// The table as it is, to be kept.
    pub fn kept_view(&self) -> KeptView {
        KeptView {
            category: self.category.clone(),
            projection: self.projection.clone(),
            columns: self.fields().to_vec(),
            order: self.order.clone(),
            chips: self.chips.clone(),
            count_by: self.count_by.get(&self.shown()).cloned(),
        }
    }

    /// The same as text.
    pub fn view_text(&self) -> String {
        serde_json::to_string(&self.kept_view()).unwrap_or_default()
    }

    pub(super) fn show_view(&mut self, view: KeptView) {
        let KeptView { category, projection, columns, order, chips, count_by } = view;
        let is_other = (&self.category, &self.projection) != (&category, &projection);
        (self.category, self.projection, self.has_category) = (category, projection, true);
        if is_other {
            self.selected = None;
            self.look_anew();
        }
        (self.order, self.chips) = (order, chips);
        let shown = self.shown();
        if !columns.is_empty() {
            self.columns.insert(shown.clone(), columns);
        }
        if let Some(field) = count_by {
            self.count_by.insert(shown, field);
        }
        self.kinds.look_again();
    }
}
