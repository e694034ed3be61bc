//! Mappings that were kept, one file a store, in the user's own folder.

use std::path::PathBuf;
use std::{env, fs, io};

use serde::{Deserialize, Serialize};

use super::mapping::Mapping;
use crate::store::Source;

#[derive(Serialize, Deserialize)]
struct Kept {
    store: String,
    mapping: Mapping,
}

/// The mapping that was kept for this store.
pub fn saved_mapping(source: &Source) -> Option<Mapping> {
    let (path, name) = place(source)?;
    // To open what is no file may wait for ever.
    let text = if path.is_file() { fs::read_to_string(path).ok()? } else { return None };
    let kept: Kept = serde_json::from_str(&text).ok()?;
    (kept.store == name).then_some(kept.mapping)
}

/// Keeps a mapping for this store, in place of an earlier one. Answers with the file that holds it.
pub fn save_mapping(source: &Source, mapping: &Mapping) -> io::Result<PathBuf> {
    let (path, store) = place(source).ok_or_else(|| io::Error::other("there is no folder for settings"))?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let text = serde_json::to_string_pretty(&Kept { store, mapping: mapping.clone() })?;
    fs::write(&path, text)?;
    Ok(path)
}

/// Answers whether there was one.
pub fn forget_mapping(source: &Source) -> io::Result<bool> {
    match place(source) {
        Some((path, _)) if path.exists() => fs::remove_file(path).map(|()| true),
        _ => Ok(false),
    }
}

/// The file, and the store's name in it. An address prints no password.
fn place(source: &Source) -> Option<(PathBuf, String)> {
    let name = match source {
        Source::File(path) => std::path::absolute(path).ok()?.to_string_lossy().into_owned(),
        Source::Server(address) => address.to_string(),
    };
    let folder = ["XDG_CONFIG_HOME", "APPDATA"]
        .iter()
        .find_map(|name| env::var_os(name).filter(|folder| !folder.is_empty()))
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".config")))?;
    let file = blake3::hash(name.as_bytes()).to_hex();
    Some((folder.join("foldline").join("mappings").join(format!("{}.json", &file[..16])), name))
}
