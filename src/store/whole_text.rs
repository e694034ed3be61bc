//! Files of which all is needed at once: options, keys, one payload.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// Mappings, keys and certificates are short.
pub const LONGEST_OPTION: u64 = 4 << 20;

/// The text of a file that is no longer than so many bytes. More is never read: a device has no end, and a name is soon
/// mistyped.
pub fn read_text(path: &Path, longest: u64) -> io::Result<String> {
    text_of(File::open(path)?, longest)
}

/// The same of what is open already.
pub fn text_of(from: impl Read, longest: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    from.take(longest + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > longest {
        return Err(ErrorKind::FileTooLarge.into());
    }
    String::from_utf8(bytes).map_err(|_| io::Error::new(ErrorKind::InvalidData, "the text is not UTF-8"))
}
