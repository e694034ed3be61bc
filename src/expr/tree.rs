//! An expression as it is written.

use std::ops::Range;

use super::words::{Word, WordKind, words};
use super::{DEEPEST, Flaw, FlawKind, Value};

#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) what: What,
    pub(super) span: Range<usize>,
    depth: u16,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    Value(Value<'static>),
    Name(String),
    Select { of: Box<Tree>, name: String, name_span: Range<usize> },
    Index(Box<Tree>, Box<Tree>),
    Call { of: Option<Box<Tree>>, name: String, name_span: Range<usize>, given: Vec<Tree> },
    List(Vec<Tree>),
    Map(Vec<(Tree, Tree)>),
    Not(Box<Tree>),
    Negate(Box<Tree>),
    Two(Sign, Box<Tree>, Box<Tree>),
    All(Vec<Tree>),
    Any(Vec<Tree>),
    Choice(Box<[Tree; 3]>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
    In,
    Plus,
    Minus,
    Times,
    Divided,
    Rest,
}

const RELATIONS: [(&str, Sign); 6] = [
    ("==", Sign::Equal),
    ("!=", Sign::Unequal),
    ("<", Sign::Less),
    ("<=", Sign::AtMost),
    (">", Sign::Greater),
    (">=", Sign::AtLeast),
];
const SUMS: [(&str, Sign); 2] = [("+", Sign::Plus), ("-", Sign::Minus)];
const PRODUCTS: [(&str, Sign); 3] = [("*", Sign::Times), ("/", Sign::Divided), ("%", Sign::Rest)];

/// Words that other languages have for marks.
const FOREIGN: [(&str, &str); 7] =
    [("and", "&&"), ("or", "||"), ("AND", "&&"), ("OR", "||"), ("is", "=="), ("IS", "=="), ("IN", "in")];

/// Reads a text to its end.
pub(super) fn parse(text: &str) -> Result<Tree, Flaw> {
    if text.trim().is_empty() {
        return Err(Flaw::new(FlawKind::Empty, 0..text.len()));
    }
    let mut parser = Parser { text, words: words(text)?, at: 0, open: 0 };
    let tree = parser.choice()?;
    match parser.word() {
        Word { kind: WordKind::End, .. } => Ok(tree),
        _ => Err(parser.unexpected()),
    }
}

struct Parser<'t> {
    text: &'t str,
    words: Vec<Word>,
    at: usize,
    /// Brackets that are open here.
    open: u16,
}

type Parsed = Result<Tree, Flaw>;

impl Parser<'_> {
    fn word(&self) -> &Word {
        // The last word is the end, and is never passed.
        static END: Word = Word { kind: WordKind::End, span: 0..0 };
        self.words.get(self.at).unwrap_or(&END)
    }

    fn is_mark(&self, mark: &str) -> bool {
        matches!(self.word().kind, WordKind::Mark(here) if here == mark)
    }

    fn is_word(&self, name: &str) -> bool {
        matches!(&self.word().kind, WordKind::Name(here) if here == name) && self.written() == name
    }

    fn written(&self) -> &str {
        self.text.get(self.word().span.clone()).unwrap_or_default()
    }

    fn take_mark(&mut self, mark: &str) -> bool {
        let is_here = self.is_mark(mark);
        self.at += usize::from(is_here);
        is_here
    }

    fn expect(&mut self, mark: &str) -> Result<usize, Flaw> {
        let end = self.word().span.end;
        if self.take_mark(mark) { Ok(end) } else { Err(self.unexpected()) }
    }

    fn unexpected(&self) -> Flaw {
        let Word { kind, span } = self.word();
        if *kind == WordKind::End {
            return Flaw::new(FlawKind::Unfinished, span.clone());
        }
        let written = self.written();
        let ours = FOREIGN.iter().find(|(foreign, _)| *foreign == written).map(|(_, ours)| (*ours).to_owned());
        Flaw::new(FlawKind::Unexpected(written.to_owned()), span.clone()).instead(ours)
    }

    fn tree(what: What, span: Range<usize>) -> Parsed {
        let depth = 1 + inner_depth(&what);
        if depth > DEEPEST {
            return Err(Flaw::new(FlawKind::TooDeep, span));
        }
        Ok(Tree { what, span, depth })
    }

    /// One bracket deeper.
    fn inside(&mut self, read: impl FnOnce(&mut Self) -> Parsed) -> Parsed {
        self.open += 1;
        if self.open > DEEPEST {
            return Err(Flaw::new(FlawKind::TooDeep, self.word().span.clone()));
        }
        let read = read(self);
        self.open -= 1;
        read
    }

    fn choice(&mut self) -> Parsed {
        self.inside(|parser| {
            let asked = parser.any()?;
            if !parser.take_mark("?") {
                return Ok(asked);
            }
            let yes = parser.any()?;
            parser.expect(":")?;
            let no = parser.choice()?;
            let span = asked.span.start..no.span.end;
            Self::tree(What::Choice(Box::new([asked, yes, no])), span)
        })
    }

    fn any(&mut self) -> Parsed {
        self.joined("||", What::Any, Self::all)
    }

    fn all(&mut self) -> Parsed {
        self.joined("&&", What::All, |parser| {
            parser.two(&RELATIONS, |parser| parser.two(&SUMS, |parser| parser.two(&PRODUCTS, Self::signed)))
        })
    }

    fn joined(&mut self, mark: &str, make: fn(Vec<Tree>) -> What, part: fn(&mut Self) -> Parsed) -> Parsed {
        let first = part(self)?;
        if !self.is_mark(mark) {
            return Ok(first);
        }
        let (start, mut parts) = (first.span.start, vec![first]);
        while self.take_mark(mark) {
            parts.push(part(self)?);
        }
        let end = parts.last().map_or(start, |last| last.span.end);
        Self::tree(make(parts), start..end)
    }

    fn two(&mut self, signs: &[(&str, Sign)], part: fn(&mut Self) -> Parsed) -> Parsed {
        let mut left = part(self)?;
        loop {
            let sign = signs.iter().find(|(mark, _)| self.is_mark(mark)).map(|(_, sign)| *sign);
            let is_in = signs.len() == RELATIONS.len() && self.is_word("in");
            let Some(sign) = sign.or(is_in.then_some(Sign::In)) else { return Ok(left) };
            self.at += 1;
            let right = part(self)?;
            let span = left.span.start..right.span.end;
            left = Self::tree(What::Two(sign, Box::new(left), Box::new(right)), span)?;
        }
    }

    fn signed(&mut self) -> Parsed {
        let start = self.word().span.start;
        if self.is_word("not") {
            return Err(self.unexpected().instead(Some("!".to_owned())));
        }
        if self.take_mark("!") {
            let of = self.inside(Self::signed)?;
            let span = start..of.span.end;
            return Self::tree(What::Not(Box::new(of)), span);
        }
        if !self.take_mark("-") {
            return self.member();
        }
        // The smallest number has no positive one that it could be made from.
        if let WordKind::Int(number) = self.word().kind
            && let Some(negative) = 0_i64.checked_sub_unsigned(number)
        {
            let span = start..self.word().span.end;
            self.at += 1;
            let number = Self::tree(What::Value(Value::Int(negative)), span)?;
            return self.behind(number);
        }
        let of = self.inside(Self::signed)?;
        let span = start..of.span.end;
        Self::tree(What::Negate(Box::new(of)), span)
    }

    fn member(&mut self) -> Parsed {
        let first = self.primary()?;
        self.behind(first)
    }

    /// What is asked of a value: `.name`, `.name(…)`, `[…]`.
    fn behind(&mut self, mut tree: Tree) -> Parsed {
        loop {
            let start = tree.span.start;
            if self.take_mark(".") {
                let (name, name_span) = self.name()?;
                if self.take_mark("(") {
                    let (given, end) = self.list(")")?;
                    let of = Some(Box::new(tree));
                    tree = Self::tree(What::Call { of, name, name_span, given }, start..end)?;
                } else {
                    let span = start..name_span.end;
                    tree = Self::tree(What::Select { of: Box::new(tree), name, name_span }, span)?;
                }
            } else if self.take_mark("[") {
                let index = self.choice()?;
                let end = self.expect("]")?;
                tree = Self::tree(What::Index(Box::new(tree), Box::new(index)), start..end)?;
            } else {
                return Ok(tree);
            }
        }
    }

    fn name(&mut self) -> Result<(String, Range<usize>), Flaw> {
        let Word { kind: WordKind::Name(name), span } = self.word().clone() else { return Err(self.unexpected()) };
        self.at += 1;
        Ok((name, span))
    }

    /// What stands between brackets, up to the closing one, and where that ends.
    fn list(&mut self, closing: &str) -> Result<(Vec<Tree>, usize), Flaw> {
        let mut items = Vec::new();
        loop {
            let end = self.word().span.end;
            if self.take_mark(closing) {
                return Ok((items, end));
            }
            if !items.is_empty() {
                self.expect(",")?;
                let end = self.word().span.end;
                if closing != ")" && self.take_mark(closing) {
                    return Ok((items, end));
                }
            }
            items.push(self.choice()?);
        }
    }

    fn primary(&mut self) -> Parsed {
        let Word { kind, span } = self.word().clone();
        let value = |value: Value<'static>| Self::tree(What::Value(value), span.clone());
        let parsed = match kind {
            WordKind::Int(number) => match i64::try_from(number) {
                Ok(number) => value(Value::Int(number))?,
                Err(_) => {
                    let unsigned = format!("{}u", self.written());
                    let flaw = Flaw::new(FlawKind::LargeNumber(self.written().to_owned()), span);
                    return Err(flaw.instead(Some(unsigned)));
                }
            },
            WordKind::Uint(number) => value(Value::Uint(number))?,
            WordKind::Double(number) => value(Value::Double(number))?,
            WordKind::Text(text) => value(Value::Text(text.into()))?,
            WordKind::Name(name) => {
                let is_quoted = self.written().starts_with('`');
                match name.as_str() {
                    "true" if !is_quoted => value(Value::Bool(true))?,
                    "false" if !is_quoted => value(Value::Bool(false))?,
                    "null" if !is_quoted => value(Value::Null)?,
                    "in" if !is_quoted => return Err(self.unexpected()),
                    _ => {
                        self.at += 1;
                        if !self.take_mark("(") {
                            return Self::tree(What::Name(name), span);
                        }
                        let (given, end) = self.list(")")?;
                        let call = What::Call { of: None, name, name_span: span.clone(), given };
                        return Self::tree(call, span.start..end);
                    }
                }
            }
            WordKind::Mark("(") => {
                self.at += 1;
                let inner = self.choice()?;
                let end = self.expect(")")?;
                return Ok(Tree { span: span.start..end, ..inner });
            }
            WordKind::Mark("[") => {
                self.at += 1;
                let (items, end) = self.list("]")?;
                return Self::tree(What::List(items), span.start..end);
            }
            WordKind::Mark("{") => {
                self.at += 1;
                return self.map(span.start);
            }
            _ => return Err(self.unexpected()),
        };
        self.at += 1;
        Ok(parsed)
    }

    fn map(&mut self, start: usize) -> Parsed {
        let mut entries = Vec::new();
        loop {
            let end = self.word().span.end;
            if self.take_mark("}") {
                return Self::tree(What::Map(entries), start..end);
            }
            if !entries.is_empty() {
                self.expect(",")?;
                let end = self.word().span.end;
                if self.take_mark("}") {
                    return Self::tree(What::Map(entries), start..end);
                }
            }
            let key = self.choice()?;
            self.expect(":")?;
            entries.push((key, self.choice()?));
        }
    }
}

fn inner_depth(what: &What) -> u16 {
    let deepest = |trees: &[Tree]| trees.iter().map(|tree| tree.depth).max().unwrap_or(0);
    match what {
        What::Value(_) | What::Name(_) => 0,
        What::Select { of, .. } | What::Not(of) | What::Negate(of) => of.depth,
        What::Index(one, two) | What::Two(_, one, two) => one.depth.max(two.depth),
        What::Call { of, given, .. } => of.as_ref().map_or(0, |of| of.depth).max(deepest(given)),
        What::List(items) | What::All(items) | What::Any(items) => deepest(items),
        What::Map(entries) => entries.iter().map(|(key, value)| key.depth.max(value.depth)).max().unwrap_or(0),
        What::Choice(parts) => deepest(parts.as_slice()),
    }
}
