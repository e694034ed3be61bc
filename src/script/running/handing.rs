//! How an event is handed to the functions of a projection.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use rquickjs::function::{Args, IntoArgs};
use rquickjs::{Ctx, Function, IntoJs, Null, Object, Persistent};
use serde::{Deserialize, Serialize};

use super::Kept;
use super::promises::FirstPromise;
use crate::script::definition::{Definition, Partition};
use crate::script::source::Given;
use crate::script::wants::Wants;
use crate::script::writes::fields_of_function;

/// A function of the prelude that takes an event, and what it asks for of that.
pub(super) struct Taker {
    pub(super) call: Kept,
    pub(super) wants: Wants,
    /// As it is written.
    pub(super) source: Box<str>,
    pub(super) first_promise: FirstPromise,
}

/// What takes the events of a projection.
pub(super) struct Takers {
    /// By the type of the event.
    named: Vec<(Box<str>, Taker)>,
    /// What takes an event of any other type: a handler, or none, where its body is the state.
    any: Taker,
    pub(super) partition: Option<Taker>,
    /// What any of them asks for, and those that are given a partition's first event.
    pub(super) wants: Wants,
}

/// The functions that are given events, as they are written, each with the place of the event among its parameters.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToldTakers {
    takers: Vec<(String, usize)>,
    has_any: bool,
}

/// What is told of one of them: the fields of the state that it can get at, and how it is given an event.
#[derive(Serialize)]
struct Known {
    fields: Option<BTreeSet<String>>,
    lent: bool,
    body: bool,
    few: bool,
}

impl ToldTakers {
    pub(super) fn read(told: &str) -> Option<Self> {
        serde_json::from_str(told).ok()
    }

    fn wants(&self) -> impl Iterator<Item = Wants> {
        self.takers.iter().map(|(source, place)| Wants::of_function(source, *place))
    }

    /// What the prelude makes their callers of, as JSON.
    pub(super) fn known(&self) -> String {
        let of_each = self.takers.iter().zip(self.wants());
        let known = of_each.map(|((source, _), wants)| Known {
            fields: fields_of_function(source),
            lent: !wants.beyond,
            body: wants.body,
            few: wants.is_few(),
        });
        serde_json::to_string(&known.collect::<Vec<_>>()).unwrap_or_else(|_| "[]".to_owned())
    }
}

impl Takers {
    pub(super) fn of(told: &ToldTakers, definition: &Definition, made: Vec<Kept>) -> Option<Self> {
        let mut made = made.into_iter();
        let taker = |source: &str, wants, call| Taker {
            call,
            wants,
            source: source.into(),
            first_promise: FirstPromise::default(),
        };
        let sources = told.takers.iter().zip(told.wants());
        let takers = sources.zip(&mut made).map(|(((source, _), wants), call)| taker(source, wants, call));
        let takers: Vec<Taker> = takers.collect();
        let body = taker("", Wants { body: true, ..Wants::NONE }, made.next()?);
        // Where every event is taken and no handler is there for some, their bodies are the state.
        let bodies = if definition.all_events && !told.has_any { body.wants } else { Wants::NONE };
        let of_created = if definition.has_created { Wants::ALL } else { Wants::NONE };
        let wants = takers.iter().fold(bodies.and(of_created), |wants, taker| wants.and(taker.wants));
        let mut takers = takers.into_iter();
        let named = definition.events.iter().map(|name| name.as_str().into()).zip(&mut takers).collect();
        let any = if told.has_any { takers.next()? } else { body };
        let partition = if definition.partition == Partition::Function { Some(takers.next()?) } else { None };
        Some(Self { named, any, partition, wants })
    }

    pub(super) fn taking(&self, event_type: &str) -> &Taker {
        self.named.iter().find(|(name, _)| **name == *event_type).map_or(&self.any, |(_, taker)| taker)
    }
}

/// What few handlers ask of an event, and is told when they do. Each call of one has a number, from which chance begins anew.
#[derive(Debug, Default)]
pub(super) struct AtHand {
    number: Cell<f64>,
    micros: Cell<f64>,
    calls: Cell<u32>,
}

impl AtHand {
    /// `None` where no event is at hand.
    pub(super) fn set(&self, given: Option<&Given<'_>>) {
        let recorded_at = given.and_then(|given| given.recorded_at);
        self.number.set(given.map_or(f64::NAN, |given| given.version as f64));
        self.micros.set(recorded_at.map_or(f64::NAN, |at| at.micros() as f64));
        self.calls.set(self.calls.get().wrapping_add(1));
    }

    /// The functions that tell it.
    pub(super) fn tellers<'js>(self: &Rc<Self>, ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
        let tellers = Object::new(ctx.clone())?;
        let at_hand = Rc::clone(self);
        tellers.set("number", Function::new(ctx.clone(), move || at_hand.number.get())?)?;
        let at_hand = Rc::clone(self);
        tellers.set("micros", Function::new(ctx.clone(), move || at_hand.micros.get())?)?;
        let at_hand = Rc::clone(self);
        tellers.set("calls", Function::new(ctx.clone(), move || at_hand.calls.get())?)?;
        Ok(tellers)
    }
}

/// An event and its partition, as the prelude's functions take them: no more of it than they ask for, since each argument
/// costs about as much as a line of a handler. What they seldom ask for goes in one text, and is taken apart only then.
pub(super) struct Fields<'g, 'e> {
    pub(super) given: &'g Given<'e>,
    pub(super) partition: &'g str,
    pub(super) names: &'g Names,
    pub(super) wants: Wants,
}

impl<'js> IntoArgs<'js> for Fields<'_, '_> {
    fn num_args(&self) -> usize {
        match self.wants {
            wants if !wants.is_few() => 7,
            Wants { body: true, .. } => 2,
            _ => 0,
        }
    }

    fn into_args(self, args: &mut Args<'js>) -> rquickjs::Result<()> {
        let Self { given, partition, names, wants } = self;
        let Given { stream, category, version: _, event_type, id, recorded_at: _, body, metadata } = *given;
        if wants.body || !wants.is_few() {
            args.push_arg(OrNull(body.filter(|_| wants.body)))?;
            args.push_arg(wants.body && given.is_json())?;
        }
        if wants.is_few() {
            return Ok(());
        }
        let ctx = args.ctx().clone();
        // In place of a text that nobody can get at.
        let none = || names.none.text(&ctx, "");
        let name = |known: &LastTexts<1>, text| if wants.names { known.text(&ctx, text) } else { none() };
        args.push_arg(if wants.names { names.event_type.text(&ctx, event_type)? } else { none()? })?;
        args.push_arg(name(&names.stream, stream)?)?;
        args.push_arg(name(&names.category, category)?)?;
        args.push_arg(name(&names.partition, partition)?)?;
        if !wants.rest {
            return args.push_arg(none()?);
        }
        let mut rest = names.rest.borrow_mut();
        rest.clear();
        rest.push_str(id);
        rest.push('\n');
        rest.push_str(metadata.unwrap_or_default());
        args.push_arg(rest.as_str())
    }
}

/// Texts that are mostly the same from event to event, as they were handed over last.
#[derive(Default)]
pub(super) struct Names {
    stream: LastTexts<1>,
    category: LastTexts<1>,
    /// Those of a category's events, mostly.
    event_type: LastTexts<8>,
    partition: LastTexts<1>,
    none: LastTexts<1>,
    rest: RefCell<String>,
}

/// The last `MOST` texts that were not known, each with the runtime's own.
#[derive(Default)]
struct LastTexts<const MOST: usize>(RefCell<Vec<(Box<str>, Persistent<rquickjs::String<'static>>)>>);

impl<const MOST: usize> LastTexts<MOST> {
    fn text<'js>(&self, ctx: &Ctx<'js>, text: &str) -> rquickjs::Result<rquickjs::String<'js>> {
        let mut known = self.0.borrow_mut();
        if let Some((_, kept)) = known.iter().find(|(same, _)| **same == *text) {
            return kept.clone().restore(ctx);
        }
        let made = rquickjs::String::from_str(ctx.clone(), text)?;
        if known.len() == MOST {
            known.remove(0);
        }
        known.push((text.into(), Persistent::save(ctx, made.clone())));
        Ok(made)
    }
}

/// A text, or null where there is none.
pub(super) struct OrNull<'a>(pub(super) Option<&'a str>);

impl<'js> IntoJs<'js> for OrNull<'_> {
    fn into_js(self, ctx: &Ctx<'js>) -> rquickjs::Result<rquickjs::Value<'js>> {
        match self.0 {
            Some(text) => text.into_js(ctx),
            None => Null.into_js(ctx),
        }
    }
}
