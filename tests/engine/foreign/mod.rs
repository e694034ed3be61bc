//! Tables of other frameworks, made from the statements that their own sources document.

mod appending;
mod damage;
mod frameworks;
mod interrupting;
mod mappings;
mod odd_rows;
mod opened_files;
mod racing;
mod recognition;
mod steady;
pub(crate) mod tables;
