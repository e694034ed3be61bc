//! PostgreSQL's messages as they pass by: how long each is, and which questions and answers they end. A message is a
//! letter, its length and as many bytes; nothing of them is kept.

use super::ServerDetail;
use super::guarded::GaveUp;

/// While a server greets, it has little to say, and nobody knows yet who it is.
const LONGEST_GREETING: u64 = 64 << 10;
const ALL_GREETINGS: u64 = 1 << 20;

/// The rows of one answer, which are in memory together.
const LONGEST_ANSWER: u64 = 256 << 20;

/// What the client keeps of a row besides its bytes.
const AROUND_ROW: u64 = 200;

/// Whatever is no row: names of columns, errors, notices.
const LONGEST_OTHER: u64 = 16 << 20;

/// Settings and notifications that nobody asked for; the client keeps them as long as the connection lives.
const ALL_UNASKED: u64 = 1 << 20;

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Greeting {
    Awaited,
    Over,
}

/// Finds where each message begins, however the bytes are cut.
#[derive(Debug, Default)]
struct Heads {
    head: [u8; 5],
    /// How much of the head is there.
    have: usize,
    /// What is to come of the message's body.
    left: u64,
}

impl Heads {
    /// The next head that ends within the bytes: the letter, and the length of what follows the letter. What was read
    /// is taken off the bytes.
    fn next(&mut self, bytes: &mut &[u8], is_lettered: bool) -> Option<(u8, u64)> {
        let skipped = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
        *bytes = bytes.get(skipped..).unwrap_or_default();
        self.left -= skipped as u64;
        // The first thing that a client says has no letter.
        if !is_lettered && self.have == 0 {
            self.have = 1;
        }
        while let (Some(place), [byte, rest @ ..]) = (self.head.get_mut(self.have), *bytes) {
            *place = *byte;
            self.have += 1;
            *bytes = rest;
        }
        if self.have < self.head.len() {
            return None;
        }
        let [letter, length @ ..] = self.head;
        let length = u64::from(u32::from_be_bytes(length));
        self.have = 0;
        self.left = length.saturating_sub(4);
        Some((letter, length))
    }
}

/// What the server says.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    heads: Heads,
    is_greeted: bool,
    greetings: u64,
    unasked: u64,
    /// Of the answer that is coming.
    rows: u64,
}

impl Incoming {
    pub(super) fn greeting(&self) -> Greeting {
        if self.is_greeted { Greeting::Over } else { Greeting::Awaited }
    }

    /// How many answers end within the bytes.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> Result<u64, GaveUp> {
        let mut answers = 0;
        while let Some((letter, length)) = self.heads.next(&mut bytes, true) {
            self.check(letter, length)?;
            // "Ready for the next question".
            if letter == b'Z' {
                self.is_greeted = true;
                self.rows = 0;
                answers += 1;
            }
        }
        Ok(answers)
    }

    fn check(&mut self, letter: u8, length: u64) -> Result<(), GaveUp> {
        if !self.is_greeted {
            self.greetings += length;
            if length > LONGEST_GREETING || self.greetings > ALL_GREETINGS {
                return Err(GaveUp::NoPostgres(ServerDetail::EndlessGreeting));
            }
        }
        if matches!(letter, b'S' | b'A') {
            self.unasked += length;
            if self.unasked > ALL_UNASKED {
                return Err(GaveUp::NoPostgres(ServerDetail::EndlessSettings));
            }
        }
        if letter == b'D' {
            self.rows += length + AROUND_ROW;
            return if self.rows > LONGEST_ANSWER { Err(GaveUp::TooLarge(self.rows)) } else { Ok(()) };
        }
        if length > LONGEST_OTHER {
            return Err(GaveUp::NoPostgres(ServerDetail::EndlessMessage));
        }
        Ok(())
    }
}

/// What is said to the server.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    heads: Heads,
    has_begun: bool,
}

impl Outgoing {
    /// How many answers are asked for within the bytes.
    pub(super) fn wrote(&mut self, mut bytes: &[u8]) -> u64 {
        let mut answers = 0;
        while let Some((letter, _)) = self.heads.next(&mut bytes, self.has_begun) {
            // A question in plain text, or the end of one in parts; each is answered with "ready".
            if !self.has_begun || matches!(letter, b'Q' | b'S') {
                answers += 1;
            }
            self.has_begun = true;
        }
        answers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(letter: u8, body: usize) -> Vec<u8> {
        let length = u32::try_from(body + 4).unwrap().to_be_bytes();
        [&[letter][..], &length, &vec![b'Z'; body]].concat()
    }

    #[test]
    fn messages_are_told_apart_however_they_are_cut() {
        let said = [message(b'R', 4), message(b'Z', 1), message(b'D', 300), message(b'Z', 1)].concat();
        for size in 1..said.len() {
            let mut incoming = Incoming::default();
            let answers: u64 = said.chunks(size).map(|bytes| incoming.read(bytes).unwrap()).sum();
            assert_eq!((answers, incoming.greeting()), (2, Greeting::Over));
        }
        let start = [0, 0, 0, 9, 0, 3, 0, 0, 0];
        let asked = [&start[..], &message(b'p', 9), &message(b'P', 9), &message(b'S', 0), &message(b'Q', 3)].concat();
        for size in 1..asked.len() {
            let mut outgoing = Outgoing::default();
            let answers: u64 = asked.chunks(size).map(|bytes| outgoing.wrote(bytes)).sum();
            assert_eq!(answers, 3);
        }
    }

    #[test]
    fn no_message_is_longer_than_what_postgresql_sends() {
        let greeted = || {
            let mut incoming = Incoming::default();
            incoming.read(&message(b'Z', 1)).unwrap();
            incoming
        };
        let long = |letter| [&[letter][..], &(300_u32 << 20).to_be_bytes()].concat();
        for letter in *b"DETRA" {
            assert!(Incoming::default().read(&long(letter)).is_err());
            assert!(greeted().read(&long(letter)).is_err());
        }
        assert!(greeted().read(&[&b"D"[..], &(200_u32 << 20).to_be_bytes()].concat()).is_ok());
        let mut incoming = greeted();
        let unasked = message(b'A', 8000);
        assert!((0..1000).any(|_| incoming.read(&unasked).is_err()));
    }
}
