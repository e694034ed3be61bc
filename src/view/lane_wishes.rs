//! What is asked of the lanes of the stream on screen.

use super::{OpenStore, StreamView};

impl OpenStore {
    /// Adds a lane to those of the streams that are like the one on screen.
    pub fn add_stream_lane(&mut self, text: &str) {
        if let Some(category) = self.view.as_ref().and_then(StreamView::category) {
            self.lanes.add(category, text);
        }
    }

    pub fn remove_lane(&mut self, text: &str) {
        if let Some(category) = self.view.as_ref().and_then(StreamView::category) {
            self.lanes.remove(category, text);
        }
    }

    /// Shows these lanes and no others.
    pub fn set_lanes(&mut self, texts: Vec<String>) {
        if let Some(category) = self.view.as_ref().and_then(StreamView::category) {
            self.lanes.set(category, texts);
        }
    }

    /// Keeps the lanes that are shown under a name.
    pub fn save_lanes(&mut self, name: &str) {
        if let Some(category) = self.view.as_ref().and_then(StreamView::category) {
            self.lanes.save(name, category);
        }
    }

    /// The lanes of the stream on screen.
    pub fn lane_texts(&self) -> &[String] {
        let category = self.on_screen().0.and_then(StreamView::category);
        category.map_or(&[], |category| self.lanes.texts(category))
    }

    /// The lane that the keys go along.
    pub fn chosen_lane(&self) -> Option<&str> {
        let texts = self.lane_texts();
        texts.iter().find(|text| **text == self.lanes.chosen).or(texts.first()).map(String::as_str)
    }
}
