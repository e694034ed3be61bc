//! Tables of other frameworks, made from the statements that their own sources document.

mod frameworks;
mod tables;
