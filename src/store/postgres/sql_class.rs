use std::fmt;

use tokio_postgres::error::SqlState;

use crate::event::{Explain, Message};

/// What kind of failure the server reports, by the class of its SQLSTATE code. Its own words come in whatever language
/// it is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqlClass {
    /// A value that cannot be read or computed with.
    Value,
    /// A key, a check or a trigger said no.
    Constraint,
    /// Others were at the same rows.
    Concurrency,
    /// The question is not one that this server, or these tables, can answer.
    Question,
    /// Memory, disk or connections.
    Resources,
    /// The server itself, or the system under it.
    Internal,
    Other,
}

impl SqlClass {
    pub const ALL: [Self; 7] = [
        Self::Value,
        Self::Constraint,
        Self::Concurrency,
        Self::Question,
        Self::Resources,
        Self::Internal,
        Self::Other,
    ];

    pub(super) fn of(code: &SqlState) -> Self {
        match code.code().get(..2) {
            Some("22") => Self::Value,
            Some("23" | "27" | "44" | "P0") => Self::Constraint,
            Some("40") => Self::Concurrency,
            Some("0A" | "26" | "34" | "42") => Self::Question,
            Some("53" | "54") => Self::Resources,
            Some("58" | "F0" | "XX") => Self::Internal,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for SqlClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Value => "a value there is not what it should be; correct it with the application that wrote it",
            Self::Constraint => "the tables refuse that; correct what they ask for, then try again",
            Self::Concurrency => "another program was at the same rows; try again",
            Self::Question => "the server or its tables are not as Foldline knows them; update Foldline or the server",
            Self::Resources => "the server has run out of room; free memory or disk there, then try again",
            Self::Internal => "the server itself has failed; look into its log",
            Self::Other => "the server could not do that; look into its log",
        })
    }
}

impl Explain for SqlClass {
    fn message(&self) -> Message {
        Message::new(match self {
            Self::Value => "sql-value",
            Self::Constraint => "sql-constraint",
            Self::Concurrency => "sql-concurrency",
            Self::Question => "sql-question",
            Self::Resources => "sql-resources",
            Self::Internal => "sql-internal",
            Self::Other => "sql-other",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_says_by_its_class_what_kind_of_failure_it_is() {
        for (code, class) in [
            (SqlState::INVALID_TEXT_REPRESENTATION, SqlClass::Value),
            (SqlState::CHECK_VIOLATION, SqlClass::Constraint),
            (SqlState::RAISE_EXCEPTION, SqlClass::Constraint),
            (SqlState::T_R_SERIALIZATION_FAILURE, SqlClass::Concurrency),
            (SqlState::SYNTAX_ERROR, SqlClass::Question),
            (SqlState::DISK_FULL, SqlClass::Resources),
            (SqlState::DATA_CORRUPTED, SqlClass::Internal),
            (SqlState::from_code("ZZ000"), SqlClass::Other),
        ] {
            assert_eq!(SqlClass::of(&code), class, "{code:?}");
        }
    }
}
