/// A key by itself, or held with others. Single letters act only while no field has the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shortcut {
    pub is_ctrl: bool,
    pub is_shift: bool,
    pub is_alt: bool,
    pub key: Key,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    Left,
    Right,
    Home,
    End,
    Space,
    Escape,
    F1,
    F6,
    F8,
    Slash,
    A,
    B,
    C,
    D,
    E,
    F,
    K,
    L,
    O,
    R,
    T,
    W,
    Comma,
    Period,
    Plus,
    Minus,
    Zero,
    One,
    Two,
    Three,
    Four,
}

impl Key {
    pub(super) fn of_letter(letter: char) -> Option<Self> {
        let letters = [
            Self::A,
            Self::B,
            Self::C,
            Self::D,
            Self::E,
            Self::F,
            Self::K,
            Self::L,
            Self::O,
            Self::R,
            Self::T,
            Self::W,
        ];
        letters.into_iter().find(|key| key.label().chars().eq([letter]))
    }

    /// Neither a letter nor a key with a name.
    pub fn is_sign(self) -> bool {
        matches!(
            self,
            Self::Slash
                | Self::Comma
                | Self::Period
                | Self::Plus
                | Self::Minus
                | Self::Zero
                | Self::One
                | Self::Two
                | Self::Three
                | Self::Four
        )
    }

    fn label(self) -> &'static str {
        match self {
            Self::Left => "←",
            Self::Right => "→",
            Self::Home => "Home",
            Self::End => "End",
            Self::Space => "Space",
            Self::Escape => "Esc",
            Self::F1 => "F1",
            Self::F6 => "F6",
            Self::F8 => "F8",
            Self::Slash => "/",
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
            Self::E => "E",
            Self::F => "F",
            Self::K => "K",
            Self::L => "L",
            Self::O => "O",
            Self::R => "R",
            Self::T => "T",
            Self::W => "W",
            Self::Comma => ",",
            Self::Period => ".",
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Zero => "0",
            Self::One => "1",
            Self::Two => "2",
            Self::Three => "3",
            Self::Four => "4",
        }
    }
}

impl Shortcut {
    /// The key by itself.
    pub const fn plain(key: Key) -> Self {
        Self { is_ctrl: false, is_shift: false, is_alt: false, key }
    }

    /// Whether it would write or move inside a text field.
    pub fn belongs_to_text(self) -> bool {
        !self.is_ctrl && !matches!(self.key, Key::F1 | Key::F6 | Key::F8 | Key::Escape)
    }

    /// As it stands on a keyboard.
    pub fn label(self) -> String {
        let key = self.key.label();
        let ctrl = if self.is_ctrl { "Ctrl+" } else { "" };
        let alt = if self.is_alt { "Alt+" } else { "" };
        let shift = if self.is_shift { "Shift+" } else { "" };
        format!("{ctrl}{alt}{shift}{key}")
    }
}
