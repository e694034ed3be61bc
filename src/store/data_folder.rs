use std::env;
use std::path::PathBuf;

/// Where programs keep what they made themselves, by the custom of each system.
pub fn data_folder() -> Option<PathBuf> {
    let named = |variable: &str| env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = if cfg!(windows) {
        named("LOCALAPPDATA")?
    } else if cfg!(target_os = "macos") {
        named("HOME")?.join("Library/Application Support")
    } else {
        named("XDG_DATA_HOME").or_else(|| Some(named("HOME")?.join(".local/share")))?
    };
    Some(base.join("foldline"))
}

/// Where programs keep what they can make anew, by the custom of each system.
pub fn cache_folder() -> Option<PathBuf> {
    let named = |variable: &str| env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = if cfg!(windows) {
        named("LOCALAPPDATA")?.join("cache")
    } else if cfg!(target_os = "macos") {
        named("HOME")?.join("Library/Caches")
    } else {
        named("XDG_CACHE_HOME").or_else(|| Some(named("HOME")?.join(".cache")))?
    };
    Some(base.join("foldline"))
}

/// Where SQLite keeps its temporary files: it looks in this order.
pub(crate) fn sqlite_temporary_folder() -> PathBuf {
    if cfg!(windows) {
        return env::temp_dir();
    }
    let named = ["SQLITE_TMPDIR", "TMPDIR"].into_iter().filter_map(env::var_os).map(PathBuf::from);
    let usual = ["/var/tmp", "/usr/tmp", "/tmp"].into_iter().map(PathBuf::from);
    named.chain(usual).find(|folder| folder.is_dir()).unwrap_or_else(|| PathBuf::from("."))
}
