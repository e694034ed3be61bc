//! Projections that come with the program, for the domains of its samples. Each is a text like a user's own.

/// A projection's name and its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bundled {
    pub name: &'static str,
    pub source: &'static str,
}

macro_rules! bundled {
    ($($name:literal),*) => {
        &[$(Bundled {
            name: $name,
            source: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/projections/", $name, ".js")),
        }),*]
    };
}

/// All of them.
pub const BUNDLED: &[Bundled] = bundled!("reservations", "bank", "orders", "sensors");

impl Bundled {
    pub fn find(name: &str) -> Option<Self> {
        BUNDLED.iter().find(|bundled| bundled.name == name).copied()
    }
}
