//! What is kept of the messages that came together. The client makes some thirty small pieces of each; they are put behind
//! one another by the thread that made them, and let go of there: to free them elsewhere, one by one, takes longer than to
//! read what they say.

use std::ops::Range;
use std::sync::Arc;

use async_nats::{HeaderMap, Message};

/// The texts of some messages.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// The subject of each, and then the names and values of its headers in turns.
    text: String,
    /// Where each of these ends.
    ends: Vec<u32>,
    bodies: Vec<u8>,
}

/// Where a message's texts are.
#[derive(Clone, Debug)]
pub(super) struct Place {
    text: u32,
    ends: Range<u32>,
    body: Range<u32>,
    has_headers: bool,
}

impl Texts {
    /// With room for as much as these hold.
    pub(super) fn like(other: &Self) -> Self {
        Self {
            text: String::with_capacity(other.text.len()),
            ends: Vec::with_capacity(other.ends.len()),
            bodies: Vec::with_capacity(other.bodies.len()),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.text.len() + self.bodies.len()
    }

    pub(super) fn add(&mut self, Message { subject, headers, payload, .. }: &Message) -> Place {
        self.add_parts(subject.as_str(), headers.as_ref(), payload)
    }

    pub(super) fn add_parts(&mut self, subject: &str, headers: Option<&HeaderMap>, body: &[u8]) -> Place {
        let (text, first, before) = (self.text.len() as u32, self.ends.len() as u32, self.bodies.len() as u32);
        self.add_text(subject);
        for (name, values) in headers.into_iter().flat_map(HeaderMap::iter) {
            for value in values {
                self.add_text(name.as_ref());
                self.add_text(value.as_str());
            }
        }
        self.bodies.extend_from_slice(body);
        let (ends, body) = (first..self.ends.len() as u32, before..self.bodies.len() as u32);
        Place { text, ends, body, has_headers: headers.is_some() }
    }

    fn add_text(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len() as u32);
    }

    fn ends(&self, place: &Place) -> &[u32] {
        self.ends.get(place.ends.start as usize..place.ends.end as usize).unwrap_or_default()
    }
}

/// What was kept of one message.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    texts: Arc<Texts>,
    place: Place,
}

impl Kept {
    pub(super) fn new(texts: Arc<Texts>, place: Place) -> Self {
        Self { texts, place }
    }

    /// Of a message alone.
    pub(super) fn alone(subject: &str, headers: Option<&HeaderMap>, body: &[u8]) -> Self {
        let mut texts = Texts::default();
        let place = texts.add_parts(subject, headers, body);
        Self { texts: Arc::new(texts), place }
    }

    pub(super) fn subject(&self) -> &str {
        let Self { texts, place } = self;
        let end = texts.ends(place).first().copied().unwrap_or(place.text);
        texts.text.get(place.text as usize..end as usize).unwrap_or_default()
    }

    pub(super) fn headers(&self) -> Option<Headers<'_>> {
        let Self { texts, place } = self;
        let (from, ends) = texts.ends(place).split_first()?;
        place.has_headers.then_some(Headers { text: &texts.text, from: *from, ends })
    }

    pub(super) fn body(&self) -> &[u8] {
        let Range { start, end } = self.place.body;
        self.texts.bodies.get(start as usize..end as usize).unwrap_or_default()
    }
}

/// The headers of a message, in no order; but the values of one name stand together.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Headers<'m> {
    text: &'m str,
    from: u32,
    ends: &'m [u32],
}

impl<'m> Headers<'m> {
    /// Names, each as often as it has values, and these.
    pub(super) fn iter(self) -> impl Iterator<Item = (&'m str, &'m str)> {
        let Self { text, mut from, ends } = self;
        ends.as_chunks::<2>().0.iter().map(move |[name, value]| {
            let both = (text.get(from as usize..*name as usize), text.get(*name as usize..*value as usize));
            from = *value;
            (both.0.unwrap_or_default(), both.1.unwrap_or_default())
        })
    }

    /// The first value under this very name.
    pub(super) fn get(self, name: &str) -> Option<&'m str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_out_as_they_went_in() {
        let mut headers = HeaderMap::new();
        headers.insert("Odd", "리드 1");
        headers.append("Twice", "a");
        headers.append("Twice", "");
        let mut texts = Texts::default();
        let places = [
            texts.add_parts("a.b", Some(&headers), b"{}"),
            texts.add_parts("c", None, b""),
            texts.add_parts("d.e", Some(&HeaderMap::new()), &[0xff, 0]),
        ];
        let texts = Arc::new(texts);
        let [first, second, third] = places.map(|place| Kept::new(Arc::clone(&texts), place));
        assert_eq!((first.subject(), first.body()), ("a.b", &b"{}"[..]));
        let found = first.headers().expect("headers");
        assert_eq!((found.get("Odd"), found.get("Twice"), found.get("odd")), (Some("리드 1"), Some("a"), None));
        let mut all: Vec<_> = found.iter().collect();
        all.sort_unstable();
        assert_eq!(all, [("Odd", "리드 1"), ("Twice", ""), ("Twice", "a")]);
        assert_eq!((second.subject(), second.body(), second.headers().is_none()), ("c", &b""[..], true));
        assert_eq!((third.subject(), third.body()), ("d.e", &[0xff, 0][..]));
        assert_eq!(third.headers().expect("none of them").iter().count(), 0);
        let alone = Kept::alone("a.b", Some(&headers), b"{}");
        assert_eq!((alone.subject(), alone.body(), alone.headers().is_some()), ("a.b", &b"{}"[..], true));
    }
}
