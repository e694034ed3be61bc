use super::Hash;

/// A tree at one moment, as C2SP's tlog-checkpoint writes it: which tree, how many leaves, its root, and lines of one's
/// own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Tells this tree from others, and names the key that signs it.
    pub origin: String,
    pub size: u64,
    pub root: Hash,
    pub extensions: Vec<String>,
}

impl Checkpoint {
    pub fn write(&self) -> String {
        let Self { origin, size, root, extensions } = self;
        let mut text = format!("{origin}\n{size}\n{root}\n");
        for line in extensions {
            text.extend([line, "\n"]);
        }
        text
    }

    /// Only what [`Checkpoint::write`] would write again to the letter.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n').map(str::to_owned);
        let (origin, size) = (lines.next()?, lines.next()?.parse().ok()?);
        let root = Hash::parse(&lines.next()?)?;
        let read = Self { origin, size, root, extensions: lines.collect() };
        let is_whole = !read.origin.is_empty() && read.extensions.iter().all(|line| !line.is_empty());
        (is_whole && read.write() == text).then_some(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_read_as_it_was_written_and_nothing_else_is() {
        let checkpoint =
            Checkpoint { origin: "a/b".to_owned(), size: 7, root: Hash::of(b""), extensions: vec!["x 1".to_owned()] };
        let text = "a/b\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nx 1\n";
        assert_eq!(checkpoint.write(), text);
        assert_eq!(Checkpoint::parse(text), Some(checkpoint));
        for bad in [
            "",
            "a/b\n",
            "a/b\n07\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
            "a/b\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "a/b\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n",
            "a/b\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n",
        ] {
            assert_eq!(Checkpoint::parse(bad), None, "{bad}");
        }
    }
}
