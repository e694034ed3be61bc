use super::*;

/// Few enough that a stream of some hundred messages reaches each of them.
const SMALL: Limits = Limits { streams: 4, marks: 6, all_marks: 20, window: 5, numbers: 40 };

/// A stream's messages: where each stands, and what its events say, if that is believed.
type Messages = Vec<(u64, Vec<Option<Version>>)>;

/// An event's place, where a message may hold up to ten.
fn position(sequence: u64, index: usize) -> Position {
    Position(sequence * 10 + index as u64)
}

/// Numbers that look like chance, the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

fn some_messages(dice: &mut Dice, count: u64, believed_in_ten: u64) -> Messages {
    let mut sequence = 0;
    let messages = (0..count).map(|_| {
        sequence += 1 + dice.below(3);
        let events = 1 + dice.below(3);
        let said = |dice: &mut Dice| (dice.below(10) < believed_in_ten).then(|| Version(dice.below(2 * count)));
        (sequence, (0..events).map(|_| said(dice)).collect())
    });
    messages.collect()
}

/// Every event's number, counted from the beginning.
fn naive(messages: &Messages) -> Vec<(u64, Position, Version, bool)> {
    let (mut highest, mut all) = (None::<Version>, Vec::new());
    for (sequence, events) in messages {
        for (index, said) in events.iter().enumerate() {
            let version = said.unwrap_or_else(|| highest.map_or(Version(0), |highest| Version(highest.0 + 1)));
            highest = highest.max(Some(version));
            all.push((*sequence, position(*sequence, index), version, said.is_none()));
        }
    }
    all
}

/// As the store asks: what is held, or else a walk. Counts the messages that are walked over.
fn ask(held: &mut Highest, stream: &StreamId, messages: &Messages, at: (u64, Position), walked: &mut usize) -> Version {
    if let Some(version) = held.number(stream, at.1) {
        return version;
    }
    let mut look = held.look(stream, at.1, at.0);
    let from = look.from();
    for (sequence, events) in messages.iter().filter(|(sequence, _)| *sequence >= from) {
        *walked += 1;
        for (index, said) in events.iter().enumerate() {
            look.event(position(*sequence, index), *said);
        }
        if look.passed(*sequence).is_break() {
            break;
        }
    }
    held.keep(stream, look).expect("the event is counted")
}

fn walk_to_the_end(held: &mut Highest, stream: &StreamId, messages: &Messages) -> Option<Version> {
    let from = held.walked(stream).unwrap_or_default();
    let mut walk = held.walk(stream, from);
    for (sequence, events) in messages.iter().filter(|(sequence, _)| *sequence > from.to) {
        for said in events {
            walk.event(*said);
        }
        walk.passed(*sequence);
    }
    let highest = walk.walked.highest;
    held.note(stream, walk);
    highest
}

#[track_caller]
fn assert_bounded(held: &Highest) {
    let Limits { streams, marks, all_marks, window, numbers } = held.limits;
    assert!(held.streams.len() <= streams);
    let marked = |known: &Known| known.marks.places.len();
    assert!(held.streams.values().all(|known| marked(known) <= marks));
    assert!(held.streams.values().map(marked).sum::<usize>() <= all_marks);
    let windows = held.streams.values().flat_map(|known| known.windows.values());
    let count: usize = windows.map(|window| window.numbers.len()).sum();
    assert_eq!(count, held.numbers);
    // One message may hold ten events more than a stretch has room for.
    assert!(count <= numbers + window + 10, "{count}");
}

#[test]
fn however_few_are_held_each_event_counts_as_what_it_counts_from_the_beginning() {
    for seed in 0..60 {
        let mut dice = Dice(seed);
        let streams: Vec<(StreamId, Messages)> = (0..6_u64)
            .map(|number| {
                let believed = [0, 1, 5, 9][(number % 4) as usize];
                let length = dice.below(200);
                (StreamId::from(&*format!("lead-{number}")), some_messages(&mut dice, length, believed))
            })
            .collect();
        let mut held = Highest::with(SMALL);
        for _ in 0..400 {
            let (stream, messages) = &streams[dice.below(6) as usize];
            let all = naive(messages);
            if dice.below(8) == 0 {
                let highest = walk_to_the_end(&mut held, stream, messages);
                assert_eq!(highest, all.iter().map(|(_, _, version, _)| *version).max(), "seed {seed}");
            }
            let counted: Vec<_> = all.iter().filter(|(.., is_counted)| *is_counted).collect();
            if counted.is_empty() {
                continue;
            }
            let (sequence, position, version, _) = counted[dice.below(counted.len() as u64) as usize];
            let answer = ask(&mut held, stream, messages, (*sequence, *position), &mut 0);
            assert_eq!(answer, *version, "seed {seed}: {stream} {position:?}");
            assert_bounded(&held);
        }
    }
}

#[test]
fn two_streams_that_are_read_in_turn_forward_and_back_are_walked_over_a_few_times_and_not_once_for_each_event() {
    const MESSAGES: u64 = 20_000;
    let limits = Limits { window: 64, marks: 100, numbers: 1_000, ..LIMITS };
    let streams = ["lead-1", "lead-2"].map(StreamId::from);
    let messages: Messages = (1..=MESSAGES).map(|sequence| (sequence, vec![None])).collect();
    let mut held = Highest::with(limits);
    for order in [(1..=MESSAGES).collect::<Vec<_>>(), (1..=MESSAGES).rev().collect()] {
        let mut walked = 0;
        for sequence in order {
            for stream in &streams {
                let answer = ask(&mut held, stream, &messages, (sequence, position(sequence, 0)), &mut walked);
                assert_eq!(answer, Version(sequence - 1));
            }
        }
        assert_bounded(&held);
        assert!(walked < 8 * MESSAGES as usize, "{walked} of {MESSAGES} twice");
    }
}
