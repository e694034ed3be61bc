//! What the streams of the store are called: read once, for lists, filters and the palette.

use super::{FindStreams, OpenStore, ReadSurvey, SurveyAge};
use crate::engine::Survey;

/// How many streams the palette offers beside the commands.
const STREAMS_IN_PALETTE: usize = 12;

impl OpenStore {
    /// Every event was looked at. Asked each frame: the survey itself is held by whoever fills it.
    pub fn survey_is_whole(&self) -> bool {
        self.surveying.value().is_some() && self.survey_age() == SurveyAge::Current
    }

    /// Whether what the survey knows is of the store as it is.
    pub fn survey_age(&self) -> SurveyAge {
        match (self.is_survey_of_before, self.surveying.error()) {
            (true, _) => SurveyAge::BeforeReplaced,
            (false, Some(_)) if self.surveying.value().is_some() => SurveyAge::LastReadable,
            (false, _) => SurveyAge::Current,
        }
    }

    pub fn survey(&self) -> &Survey {
        &self.survey
    }

    /// Goes on reading every event, where that was stopped or not begun.
    pub fn begin_survey(&mut self) {
        self.wants_survey = false;
        if !self.surveying.is_loading() {
            self.survey_listed = 0;
            self.surveying.ask(&self.engine, ReadSurvey(self.survey.clone()));
        }
    }

    /// Looks for streams by a part of their id or name.
    pub fn find_streams(&mut self, text: String) {
        if text.is_empty() {
            return self.found.cancel();
        }
        self.survey_for_names();
        let survey = self.survey.clone();
        let question = FindStreams { text, most: STREAMS_IN_PALETTE, survey, takes_known: true };
        self.found.ask(&self.engine, question);
    }

    /// Somebody looks for a name: where nobody did before, they are read now.
    pub(super) fn survey_for_names(&mut self) {
        if self.survey_step == 0 && self.surveying.value().is_none() {
            self.begin_survey();
        }
    }
}
