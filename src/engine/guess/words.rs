//! What the name of an event's type says of it. English names alone say something here; of any other, nothing is guessed.

use crate::event::kebab_words;

/// What a name lets one guess.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing beyond that its fields are what they are now.
    Change,
    /// That something did not happen, or came to nothing.
    Negation,
    /// One more, or one less, of these.
    Counted {
        subject: String,
        is_more: bool,
    },
    /// More, or less, by a number that the event carries.
    Moved {
        verb: String,
        is_more: bool,
    },
    /// The whole went over into this.
    Became(String),
    Deleted,
}

/// Words by which a name says that something is not so.
const NOT: [&str; 9] = ["not", "never", "no", "non", "cannot", "without", "isnt", "wasnt", "didnt"];

/// Of a part of the whole, these say that it came to nothing; of the whole they are what it became.
const CAME_TO_NOTHING: [&str; 9] =
    ["failed", "rejected", "declined", "refused", "denied", "aborted", "failure", "skipped", "ignored"];

const MORE: [&str; 5] = ["deposited", "credited", "received", "earned", "refilled"];
const LESS: [&str; 5] = ["withdrawn", "debited", "spent", "redeemed", "consumed"];
const DELETED: [&str; 4] = ["deleted", "erased", "purged", "destroyed"];

/// Participles that do not end in `ed`.
const IRREGULAR: [&str; 26] = [
    "paid", "sent", "won", "lost", "made", "begun", "taken", "held", "sold", "bought", "built", "kept", "left", "met",
    "put", "told", "drawn", "shut", "broken", "chosen", "given", "written", "lent", "found", "stolen", "frozen",
];

/// What a thing is not, once it happened.
const NO_STATUS: [&str; 25] = [
    "changed",
    "updated",
    "edited",
    "modified",
    "corrected",
    "renamed",
    "added",
    "removed",
    "adjusted",
    "recorded",
    "noted",
    "commented",
    "contacted",
    "imported",
    "migrated",
    "measured",
    "logged",
    "viewed",
    "called",
    "moved",
    "touched",
    "extended",
    "replaced",
    "synced",
    "notified",
];

/// A number that is moved up and down is called so.
const AMOUNTS: [&str; 6] = ["amount", "points", "quantity", "credits", "minutes", "sum"];

pub(super) fn said(event_type: &str, category: &str) -> Said {
    let spelled = kebab_words(event_type);
    let all: Vec<&str> = spelled.split('-').filter(|word| !word.is_empty()).collect();
    if all.iter().any(|word| NOT.contains(word)) {
        return Said::Negation;
    }
    let words = without_category(&all, category);
    let Some((last, subject)) = words.split_last() else { return Said::Change };
    if CAME_TO_NOTHING.contains(last) && !subject.is_empty() {
        return Said::Negation;
    }
    // `item-added-to-cart` is one more item.
    let moved = words.windows(2).position(|pair| matches!(pair, ["added", "to"] | ["removed", "from"]));
    let (subject, last) = match moved.and_then(|at| Some((words.get(..at)?, words.get(at)?))) {
        Some((subject, verb)) => (subject, verb),
        None => (subject, last),
    };
    if ["added", "removed"].contains(last) && !subject.is_empty() {
        return Said::Counted { subject: camel(subject), is_more: *last == "added" };
    }
    if MORE.contains(last) || LESS.contains(last) {
        return Said::Moved { verb: (*last).to_owned(), is_more: MORE.contains(last) };
    }
    if !subject.is_empty() {
        return Said::Change;
    }
    if DELETED.contains(last) {
        return Said::Deleted;
    }
    let is_participle = (last.ends_with("ed") && last.len() > 3) || IRREGULAR.contains(last);
    if is_participle && !NO_STATUS.contains(last) { Said::Became((*last).to_owned()) } else { Said::Change }
}

/// Whether a field of this name is a number that grows and shrinks.
pub(super) fn is_amount(field: &str) -> bool {
    let spelled = kebab_words(field);
    spelled.rsplit('-').next().is_some_and(|last| AMOUNTS.contains(&last))
}

/// Whether a field is what its stream is called by.
pub(super) fn is_identity(field: &str, category: &str) -> bool {
    let (field, category) = (kebab_words(field), kebab_words(category));
    let Some(of) = field.strip_suffix("id").map(|of| of.trim_end_matches('-')) else { return false };
    of.is_empty() || of == category || Some(of) == singular(&category) || category.ends_with(&format!("-{of}"))
}

/// What a name says behind the one of its category: `crm-lead-captured` of a lead is `captured`.
fn without_category<'w>(words: &'w [&'w str], category: &str) -> &'w [&'w str] {
    let category = kebab_words(category);
    let spelled = [Some(category.as_str()), singular(&category)];
    for category in spelled.into_iter().flatten().filter(|category| !category.is_empty()) {
        let parts: Vec<&str> = category.split('-').collect();
        let found = words.windows(parts.len()).rposition(|window| window == parts);
        if let Some(rest) = found.and_then(|at| words.get(at + parts.len()..)).filter(|rest| !rest.is_empty()) {
            return rest;
        }
    }
    words
}

fn singular(name: &str) -> Option<&str> {
    name.strip_suffix('s')
}

pub(super) fn camel(words: &[&str]) -> String {
    let mut name = String::new();
    for (place, word) in words.iter().enumerate() {
        name.push_str(&if place == 0 { (*word).to_owned() } else { capital(word) });
    }
    name
}

pub(super) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_no_more_than_its_words() {
        let counted = |subject: &str, is_more| Said::Counted { subject: subject.to_owned(), is_more };
        let moved = |verb: &str, is_more| Said::Moved { verb: verb.to_owned(), is_more };
        let became = |status: &str| Said::Became(status.to_owned());
        for (event_type, category, expected) in [
            ("order-placed", "order", became("placed")),
            ("OrderPaid", "orders", became("paid")),
            ("OrderRejected", "order", became("rejected")),
            ("crm:Lead.Captured", "lead", became("captured")),
            ("ShoppingCartConfirmed", "shopping_cart", became("confirmed")),
            ("OrderNotPaid", "order", Said::Negation),
            ("order-never-sent", "order", Said::Negation),
            ("PaymentRejected", "order", Said::Negation),
            ("DepositFailed", "account", Said::Negation),
            ("ItemNotAdded", "order", Said::Negation),
            ("ProductItemAdded", "shopping_cart", counted("productItem", true)),
            ("ProductItemAddedToShoppingCart", "shopping_cart", counted("productItem", true)),
            ("tag-removed", "order", counted("tag", false)),
            ("MoneyDeposited", "account", moved("deposited", true)),
            ("withdrawn", "account", moved("withdrawn", false)),
            ("OrderDeleted", "order", Said::Deleted),
            ("comment-deleted", "order", Said::Change),
            ("OrderUndeleted", "order", became("undeleted")),
            ("name-changed", "order", Said::Change),
            ("OrderChanged", "order", Said::Change),
            ("주문됨", "주문", Said::Change),
            ("", "order", Said::Change),
        ] {
            assert_eq!(said(event_type, category), expected, "{event_type} of {category}");
        }
    }

    #[test]
    fn an_identity_is_told_from_other_ids() {
        for (field, category, expected) in [
            ("orderId", "order", true),
            ("order_id", "orders", true),
            ("id", "order", true),
            ("cartId", "shopping_cart", true),
            ("customerId", "order", false),
            ("paid", "order", false),
        ] {
            assert_eq!(is_identity(field, category), expected, "{field} of {category}");
        }
    }

    #[test]
    fn a_participle_without_ed_is_a_status_too() {
        for (event_type, category) in [("lent", "copy"), ("book-lent", "book"), ("BikeStolen", "bike")] {
            assert!(matches!(said(event_type, category), Said::Became(_)), "{event_type}");
        }
        assert_eq!(said("not-lent", "copy"), Said::Negation);
    }
}
