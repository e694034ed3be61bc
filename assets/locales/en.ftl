app-name = Foldline
tagline = Any aggregate, at any version
explore-sample = Explore the sample
open-file = Open a store…
close-store = Close the store
back = Back
forward = Forward
overview = The whole store
look-stream = Look at one stream
look-store = Look at the whole store
look-activity = Look at the activity
look-projections = Look at your own projections
lens-stream = Stream
lens-of-stream = This is about one stream: look at one first (Ctrl+1)
lens-of-projections = This is about the lines of a projection: look at one first (Ctrl+4)
lens-store = Store
lens-activity = Activity
lens-projections = Projections
step-forward = Next event
step-back = Previous event
ten-forward = Next ten events
ten-back = Previous ten events
first-event = First event
last-event = Last event
play = Play
stop = Stop
pin-a = Pin A here
pin-b = Pin B here
focus-filter = Filter streams
next-part = Next part of the window
previous-part = Previous part of the window
toggle-theme = Light or dark
toggle-language = 한국어
toggle-zone = UTC or local time
show-keys = Keys
dismiss = Close
dialog-close = Close (Esc)
welcome-path = Path or address of a store
welcome-path-hint = /path/to/store.db, postgres://user@host/database or nats://host
welcome-go = Open
welcome-drop = …or drop a file here
welcome-recent = Recent
welcome-about = { $framework } · { $events } in { $streams } · { $place }
welcome-gone = Not there any more: { $place }
welcome-forget = Remove { $store } from this list
welcome-formats = Opens stores of Foldline and other frameworks in SQLite, PostgreSQL and NATS JetStream, and event files: JSON Lines, CloudEvents, CSV, XES, OCEL.
welcome-sample-about = Some 31,000 events of leads and tickets, in English and Korean. Nothing to set up.
welcome-samples = Samples:
domain-sales = sales
domain-sales-about = Leads and tickets: who became a customer, and who waited for an answer
domain-reservations = reservations
domain-reservations-about = A clinic: who moved a visit, how long each step took, and a half hour that was given away twice
domain-bank = bank
domain-bank-about = Accounts: one was overdrawn because a deposit was recorded late
domain-orders = orders
domain-orders-about = A shop: one customer was paid back more than was paid
domain-sensors = sensors
domain-sensors-about = Temperatures: one sensor jumped, and one was silent
streams = Streams
streams-filter = Filter streams
streams-filter-clear = Clear the filter of streams
streams-none = No stream matches
streams-none-yet = None so far; the streams are still being read
names-read = Names read: { $percent } %
names-stop = Stop
names-partly = Names are known of { $percent } %
names-go-on = Go on
names-again = Read again
survey-before-replaced = As it was before the store was replaced
survey-last-readable = As it was when the store could last be read
names-too-many = Too many streams to know all names; the filter looks at ids
streams-more = { $shown } of { $total } listed; type above to find the others
sort-began = oldest first
sort-recent = recent
sort-name = by name
sort-longest = longest
sort = Order
state-at = State at version { $version }
state-at-line = version { $version }, line { $line }
fields-changed = { $count ->
    [0] no field changed
    [one] 1 field changed
   *[other] { $count } fields changed
}
state-menu = More about the state
state-filter = Filter fields
state-filter-clear = Clear the filter of fields
state-none = No field matches
state-not-run = The state is not known from version { $version } on, and the last one that is known is shown ({ $fault }).
only-changed = Only changed
copy-value = Copy the value
copy-state = Copy the whole state, as JSON
fold = Fold: { $name }
unfold = Unfold: { $name }
resize-state = Height of the state
resize-streams = Width of the streams
resize-event = Width of the event
fold-streams = Show or hide the streams
fold-event = Show or hide the event
fold-timeline = Show or hide the timeline
fold-state = Show or hide the state
fold-history = Show or hide the history
set-by = set by
was = was { $value }
was-empty = was empty
removed = removed
set-in = { $field } was set in version { $version }
set-in-by = { $field } was set in version { $version } by { $actor }
go-to-version = Go to version { $version }
history = History
events-counted = { $count ->
    [one] { $grouped } event
   *[other] { $grouped } events
}
streams-counted = { $count ->
    [one] { $grouped } stream
   *[other] { $grouped } streams
}
history-events = { $count ->
    [one] 1 event
   *[other] { $grouped } events
}
history-found = { $found } of { $total } events
col-version = v
col-when = when
col-event = event
col-who = who
col-changed = changed
col-value = value
col-from = from
col-until = until
col-number = #
col-stream = stream
col-after = after its cause
field-open = Every value of { $field }
field-history = History of { $field }
field-values = { $count ->
    [one] 1 value
   *[other] { $grouped } values
}
field-still = still so
field-never-set = No event of this stream sets this field
field-close = Back to the history
no-value = no value
event = Event
event-version = Event · v{ $version }
told-lead-initialized = New lead
told-contacted = Contacted the customer
told-followup-set = Set a follow-up
told-contact-details-updated = Corrected contact details
told-contact-details-updated-name = Corrected the name
told-contact-details-updated-phone = Corrected the phone number
told-contact-details-updated-name-phone = Corrected name and phone number
told-order-submitted = Order submitted
told-payment-confirmed = Payment confirmed
told-payment-failed = Payment failed
told-lead-closed = Closed the lead
told-contact-retracted = Took a contact back
told-followup-cancelled = Cancelled a follow-up
told-order-cancelled = Cancelled the order
told-payment-reversed = Reversed the payment
told-payment-failure-withdrawn = Withdrew a failed payment
told-lead-reopened = Reopened the lead
told-ticket-initialized = New ticket
told-agent-assigned = Assigned an agent
told-ticket-viewed = Viewed the ticket
told-message-posted = Posted a message
told-priority-changed = Changed the priority
told-ticket-escalated = Escalated the ticket
told-ticket-closed = Closed the ticket
told-ticket-reopened = Reopened the ticket
told-message-retracted = Took a message back
told-escalation-withdrawn = Withdrew the escalation
position = position { $position }
when = when
who = who
why = why
caused-by = caused by
led-to = led to
led-to-look = look through the store…
led-to-more = more…
causes-root = began with
causes-ends = ended in
cause-missing = { $cause }, which is not in this store
corrects = corrects
payload-as-read = Payload, as read
payload-empty = This event carries no data
type-guessed = The meaning of this type is guessed from its name
as-stored = As stored, schema { $schema }
metadata = Metadata
copy = Copy
copied = Copied
link-copied = Link copied
no-time = no time recorded
no-author = no author recorded
greeting-holds = { $framework } · { $events } in { $streams }
greeting-holds-events = { $framework } · { $events }
greeting-holds-from-to = { $framework } · { $events } in { $streams }, from { $from } to { $to }
greeting-counting = Counting events…
greeting-unchecked = Not checked in this window
greeting-days = Events by day
greeting-days-coming = Days appear as events are read.
greeting-no-days = These events carry no times.
greeting-day = { $count ->
    [one] { $day }, 1 event
   *[other] { $day }, { $grouped } events
}
greeting-day-open = { $count ->
    [one] { $day }: show its event
   *[other] { $day }: show its { $grouped } events
}
greeting-day-before = Day before
greeting-day-after = Day after
greeting-earlier = Earlier
greeting-later = Later
greeting-newest = Latest streams
greeting-longest = Longest streams
greeting-types = Event types
greeting-people = People
greeting-coming = Not known yet
greeting-none = None
greeting-reading = Read: { $percent } %
greeting-read-so-far = { $percent } % read
greeting-read = Read all events
weekday-monday = Mon
weekday-wednesday = Wed
weekday-friday = Fri
pick-stream-show = Show the streams and pick one
pick-stream = Pick a stream on the left to see what was true at every version.
cancel = Cancel
reload = Reload
retry = Try again
read-only = read-only
version-of = v{ $version } of { $last }
timeline = Version
timeline-go = Version or time
zoom-in = Zoom in on the timeline
zoom-out = Zoom out of the timeline
zoom-all = Show the whole timeline
timeline-shown = Shown: v{ $first } to v{ $last }
timeline-shown-about = Drag to move, double-click to show the whole
store-timeline = Moment of the store
store-go = Position or time
store-position = position { $position } of { $total }
store-position-among = position { $position }, { $count } of { $total } events
store-count = { $count } of { $total } events
store-before-all = before the first event
store-latest = latest
store-bars-of = events { $length }, by
store-bars = events, by
bar-milliseconds = { $count ->
    [one] a millisecond
   *[other] in { $count } ms
}
bar-seconds = { $count ->
    [one] a second
   *[other] in { $count } seconds
}
bar-minutes = { $count ->
    [one] a minute
   *[other] in { $count } minutes
}
bar-hours = { $count ->
    [one] an hour
   *[other] in { $count } hours
}
bar-days = { $count ->
    [one] a day
   *[other] in { $count } days
}
bar-weeks = { $count ->
    [one] a week
   *[other] in { $count } weeks
}
bar-months = { $count ->
    [one] a month
   *[other] in { $count } months
}
bar-years = { $count ->
    [one] a year
   *[other] in { $count } years
}
by-type = type
by-category = category
by-actor = actor
by-position = by position
store-nobody = (nobody named)
store-other-types = { $count ->
    [one] 1 other type
   *[other] { $count } other types
}
store-other-categories = { $count ->
    [one] 1 other category
   *[other] { $count } other categories
}
store-other-actors = { $count ->
    [one] 1 other
   *[other] { $count } others
}
store-found = Found by the search
store-span = { $from } to { $to }
store-shown = Shown: { $span }
store-brushed = { $span }  ·  { $events }
store-brush-about = Drag here to mark a span of time
store-brush-from = Beginning of the marked span
store-brush-to = End of the marked span
store-brush-remove = Remove the mark
store-zoom-in = Zoom in
shapes-choice = Changes of shape
shapes-about = Marks where payloads got or lost a field, or a field became of another type
shapes-coming = Payloads are being read: { $percent } %
shapes-none = No payload changed its shape
shapes-found = { $count ->
    [one] Payloads changed their shape once
   *[other] Payloads changed their shape { $count } times
}
shapes-no-order = This store keeps no order across its streams, so nothing tells what came before what
shape-came = “{ $field }” first seen in { $type }, { $when }
shape-gone = “{ $field }” no longer in { $type }, { $when }
shape-became = “{ $field }” in { $type } is { $now } and was { $before }, { $when }
shape-payload = payload
shape-text = text
shape-number = a number
shape-truth = true or false
shape-nothing = nothing
shape-list = a list
shape-object = an object
shape-more = and { $count } more
store-time-coming = Reading what happened when…
store-empty = This store has no events yet
store-lens-coming = { $count } events by this moment
memory-taken = { $taken } of { $allowed }
memory-alone = The program alone takes { $taken } of { $allowed }
memory-alone-about = The program alone takes more than it may. Of this store little is kept in memory; the rest lies in a file, which is slower. { $least } or more make sense, and are allowed in the settings.
memory-about = Memory that is taken by what is kept of this store, and how much may be
memory-parts = Memory that the program takes, and how much it may: { $kept } by what is kept of this store, { $beside } by all else
add-lane = Add a lane
next-turn = Next turn of the lane
previous-turn = Previous turn of the lane
next-line = Next line of the handler
previous-line = Previous line of the handler
lane-none = No lane is shown; L adds one.
lane-last-turn = This lane does not turn after this event.
lane-first-turn = This lane does not turn before this event.
add-lane-plus = + Add a lane
add-lane-hint = A field or a condition
add-lane-keys = ↑↓ choose  ·  Tab complete  ·  Enter add the lane  ·  Esc close
choices-fields = Fields of { $category }, with their value at v{ $version }
choices-values = Values so far
choices-event = Of the event
choices-functions = Functions
function-changed = the event set this field
function-replaced = the event replaced or removed what this field had
function-count = events of this type so far
function-age = from that time to the event
function-contains = part is in text
function-starts-with = text begins with part
function-ends-with = text ends with part
function-matches = text has the pattern
function-size = letters, items or fields
function-timestamp = a time
function-duration = a length of time
name-event = what happened, who and why
name-old = the state before the event
replace = Replace
lane-events = Events
lane-events-count = { $count ->
    [one] { $grouped } event
   *[other] { $grouped } events
}, { $types ->
    [one] 1 type
   *[other] { $types } types
}
lane-reading = reading…
lane-nothing = empty at every event
lane-never = never true
lane-times = true { $times ->
    [one] once
   *[other] { $times-grouped } times
}, { $events ->
    [one] { $events-grouped } event
   *[other] { $events-grouped } events
}
lane-unknown = unknown at { $count }
lane-number = number, { $low } to { $high }
lane-text = { $count ->
    [one] text, { $grouped } value
   *[other] text, { $grouped } values
}
lane-band = { $count ->
    [one] { $grouped } event
   *[other] { $grouped } events
}
lane-empty = empty here
lane-true = true
lane-false = false
lane-unknown-here = cannot be told
lane-true-here = true since v{ $version }, { $number } of { $count }
lane-false-since = false since v{ $version }
lane-false-here = false so far
lane-moment-here = true, { $number } of { $count }
lane-spoken = { $lane }: { $said }; here { $here }
lane-previous = Previous turn of { $lane }
lane-next = Next turn of { $lane }
lane-remove = Remove the lane { $lane }
lane-remove-this = Remove this lane
lane-copy = Copy the condition
lane-everywhere = Find all streams for which it was true…
lanes-here = Lanes at this event
lanes-count = { $count ->
    [one] 1 lane
   *[other] { $count } lanes
}, kept with this store
lanes-menu = Lanes
lanes-name = Name of these lanes
lanes-save = Save
lanes-show = Show “{ $name }”
lanes-forget = Forget “{ $name }”
lanes-remove-all = Remove all lanes
sort-null = empty
sort-bool = yes or no
sort-number = number
sort-text = text
sort-time = time
sort-length = length of time
sort-list = list
sort-map = object
sort-kind = type
events-here = { $count } events, v{ $first } to v{ $last }
events-here-others = { $count } others
pin-at = Pin { $pin } at version { $version }; go there
pin-about = Drag to move it, right-click to remove it
pin-go = Go there
pin-remove = Remove pin { $pin }
pause-years = { $count } y
pause-days = { $count } d
pause-hours = { $count } h
pause-minutes = { $count } min
pause-seconds = { $count } s
pause-millis = { $count } ms
projection-state = State
projection-search = Search terms
projection-analysis = Analysis
projection-service = Service
projection-fields = Fields
projection-reservations = Reservations
projection-bank = Bank
projection-orders = Orders
projection-sensors = Sensors
projections-built-in = Built in
projections-any-stream = any stream
projections-mine = Mine
projections-mine-none = None yet. Drop a .js file on the window, or begin one.
projections-none-title = No projection of yours yet
projections-examples = Examples
projections-compared = Compare two projections…
projections-compared-about = Both are folded over the whole store. What differs at the end is listed by the type of the event since which it does.
projections-compared-old = Old
projections-compared-new = New
projections-compared-choose = Choose…
projections-compared-start = Compare
projections-compared-same = { $all ->
    [one] The same in the one partition
   *[other] The same in all { $partitions } partitions
}
projections-compared-differ = { $count ->
    [one] 1 of { $partitions } partitions differs
   *[other] { $grouped } of { $partitions } partitions differ
}
projections-compared-unexplained = (no event was looked for)
projections-compared-fault = it fails
projections-compared-emitted = what it emits
projections-compared-whole = the whole state
projections-compared-result = the result
projections-none = Drop a file of JavaScript with a projection on the window, open one, or begin one at the left. It runs as you type it, on the stream that you look at and on the whole store; nothing is written to the store.
projections-limits = Limits
projections-limit-time = time per event
projections-limit-memory = memory
projections-limit-state = a state
projections-limit-outside = network, files
projections-limit-none = none
projection-new = New…
projection-open = Open…
projection-new-name = Name of the new projection
projection-new-name-first = Type a name for it first
projection-begin = Begin
projection-draft = Draft from { $category }
projection-draft-why = Reads what the events of these streams hold, and begins with a handler for each type
projection-from-category = New from category
projection-begin-comment =
    One state for each stream. What a handler changes in the state,
    or returns instead of it, is the state after the event.
projection-forget = Close { $name }; the file stays
projection-unreadable = unreadable
projection-count-not-run = { $grouped } not run
projection-errors = { $count ->
    [one] 1 error
   *[other] { $grouped } errors
}
projection-source = Source of { $name }
projection-kept = saved, runs as you type
projection-keeping = being saved…
projection-runs-before = what ran before is shown
projection-still-runs = What ran before is shown until this is mended.
projection-copy-path = Copy the path
projection-materialise = Materialise…
projection-materialise-about = Keeps what it makes of each stream as a table that any SQL tool reads
projection-copy-example = Copy to edit
projection-copy-example-about = Begins a projection of your own with this source
projection-example = an example, read-only
projection-newer = Another program changed { $name } while you typed; nothing was written over it.
projection-take-newer = Take theirs
projection-keep-mine = Keep mine
projection-fails-on = { $count ->
    [one] 1 partition in all
   *[other] { $grouped } partitions in all
}
projection-results = Results
projection-partitions = { $count ->
    [one] 1 partition
   *[other] { $grouped } partitions
}
projection-events-a-second = events/s
projection-of-events = { $done } of { $total } events
projection-with-error = { $count ->
    [one] 1 with an error
   *[other] { $grouped } with an error
}
projection-emitted = { $count ->
    [one] It would emit 1 event; nothing is written.
   *[other] It would emit { $grouped } events; nothing is written.
}
projection-logged = { $count ->
    [one] It logged 1 line.
   *[other] It logged { $grouped } lines.
}
projection-impure = It asks for { $what }, which is no part of the events: it is given the event's own time, or numbers that are always the same.
projection-remembers = Line { $line }, column { $column }: { $what } is kept outside of the state, so what is shown depends on which events ran before. Keep it in the state.
projection-stopped = Stopped.
projection-run = Run it
projection-run-again = Run it again
projection-filter = Filter partitions
projection-filter-clear = Clear the filter of partitions
projection-no-partitions = No event of this store is one that the projection takes. Check its source: fromAll, fromCategory, fromStream.
projection-none-like = No partition is called so.
projection-partition = partition
projection-events = handled
projection-events-about = How many events its handlers were given
projection-failed = error
projection-not-run-here = not run
projection-one-state = all events
projection-no-stream = Choose a partition at the right to see its state, version by version.
projection-not-run = It has not run yet: there is an error in its source.
projection-no-state = No state here: the projection has taken no event of this stream yet.
projection-no-partition = No partition yet.
projection-state-at-end = at the end of the store
partitions-of = Partitions of { $name }
partitions-leave = Back to the streams of the store
partitions-read-only = Partitions are only looked at: append to the stream in which the event was recorded
projection-state-large = This state is too large to be shown here; let transformBy give a part of it.
projection-handler = The last handler
projection-handler-none = Where each stream has a state of its own, the handler at the cursor is shown here.
projection-handler-quiet = No line of it ran, and it failed at nothing.
projection-handler-lines = { $count ->
    [one] the last handler, { $count } line  ·  { $took }
   *[other] the last handler, { $count } lines  ·  { $took }
}
projection-handler-line = line { $line }
projection-handler-lines-short = { $count ->
    [one] { $count } line  ·  { $took }
   *[other] { $count } lines  ·  { $took }
}
projection-handler-state = the state
projection-handler-log = log
projection-handler-emit = would emit
projection-handler-more = and { $count } more
projection-handler-not-taken = The projection takes no { $type }: nothing of it ran here.
projection-handler-unwatched = It does something else when its lines are watched, so they are not told.
projection-handler-cut = The first steps are told; more ran.
projection-handler-coarse = There was much to compare: from line to line only the uppermost fields of the state were.
projection-doubt = No { $field } in { $type }.
projection-doubt-near = No { $field } in { $type }. Did you mean { $near }?
projection-replace = Replace with { $name }
field-agent = Agent
field-agents = Agents
field-answered = Answered
field-author = Author
field-body = Text
field-closed-on = Closed on
field-contacts = Contacts
field-converted-on = Converted on
field-created-on = Created on
field-customer = Customer
field-customers = Customers
field-deadline = Deadline
field-escalations = Escalations
field-first-answer-on = First answered on
field-followup-on = Follow-up on
field-followups = Follow-ups
field-is-escalated = Is escalated
field-is-retracted = Is retracted
field-lead-id = Lead id
field-messages = Messages
field-name = Name
field-names = Names
field-payment-deadline = Payment deadline
field-phone = Phone
field-phones = Phones
field-posted-on = Posted on
field-priority = Priority
field-reassignments = Reassignments
field-role = Role
field-seconds-to-conversion = Seconds to conversion
field-seconds-to-first-answer = Seconds to first answer
field-status = Status
field-subject = Subject
field-subjects = Subjects
field-ticket-id = Ticket id
field-updated-on = Updated on
field-version = Version
field-waiting-since = Waiting since
status-events = { $count ->
    [one] 1 event
   *[other] { $grouped } events
}
status-streams = { $count ->
    [one] 1 stream
   *[other] { $grouped } streams
}
keys-title = Keys
keys-menu = Shift+F10 or the Menu key opens the menu of the heading, row or value that has the focus; Shift+Enter does the same.
dark = Dark
light = Light
by-time = by time
by-version = by version
store-menu = Open, sample, recent stores
toggle-writing = Switch writing on or off for this store
writing-on = writing on
writing-off = This store is read-only; Append asks first whether to switch writing on.
writing-never = Foldline cannot append to this store; the bar above says why.
writing-title = Switch writing on?
writing-about = With writing on, Append in a correction adds events to { $store }. They stay in its history for good, and every program that reads it sees them. Events that are there already are never changed or removed.
writing-lasts = Writing stays on until the store is closed. The next time you switch it on for { $store }, this is not asked again.
writing-allow = Switch writing on
writing-leave = Leave it read-only
drafts-kept = { $count ->
    [one] 1 draft kept
   *[other] { $count } drafts kept
}
what-if = What if…
what-if-about = Leave events out, change, insert or move them, and see what would be; nothing is written
what-if-title = What if — nothing is written
what-if-short = What if
what-if-name = Branch { $number }
make-so = Make this so…
make-so-no-edit = No edit of this branch is switched on: there is nothing to make so.
make-so-about = The events that would make this so; you see them before anything is written
make-so-title = Make this so
make-so-would = Make this so… would propose
make-so-events = { $count ->
    [0] no event
    [one] 1 event
   *[other] { $count } events
}
make-so-as = as v{ $version }
make-so-nothing = The latest state is the same: no event is needed.
make-so-untold = An edit cannot be carried out here, so it cannot be told what would make it so.
make-so-no-event = No event that the domain allows makes it so.
make-so-all = The latest state is then as in the branch. You see the preview before anything is written.
make-so-remaining = { $count ->
    [one] 1 field stays different.
   *[other] { $count } fields stay different.
}
make-so-append = { $count ->
    [one] Append 1 event
   *[other] Append { $count } events
}
make-so-cannot = What no event brings about
make-so-cannot-in = What no event brings about in { $projection }
make-so-stays = stays
make-so-elsewhere = What is left out or changed led to events in other streams, which stay as they are:
make-so-refused = Version { $version }: { $why }
make-so-changed = The stream has changed meanwhile, and nothing was written. This is what would be appended now.
branch-leave = Leave
branch-leave-about = Back to history; the branch is kept, but not in the store
branch-made = done, as { $versions }
branch-made-about = What made this branch so was appended; go there
branch-menu = Name, other branches, files
branch-name = Name of the branch
branch-note = Note on the branch
branch-new = New branch
branch-export = Save as a file…
branch-import = Open a branch file…
branch-discard = Discard this branch
branch-exported = Branch saved
branch-edits = { $count ->
    [0] no edit
    [one] 1 edit
   *[other] { $count } edits
}
branch-diverges = diverges at { $version }
branch-same = no state differs
branch-untold = what differs cannot be told
branch-before-first = before the first
branch-before-first-more = before the first, { $number }
branch-state-first = State { $place }
branch-broken = { $count ->
    [one] 1 rule broken
   *[other] { $count } rules broken
}
branch-broken-rules = Broken rules, { $count }
branch-still-applied = still applied
branch-edits-in-order = Edits, in order
branch-add = Add an edit…
branch-at = At { $version }
branch-empty = Nothing is edited yet. Add an edit here, or open the menu of a row of the history.
branch-word-skip = skip
branch-word-change = change
branch-word-insert = insert
branch-word-move = move
branch-skipped = skipped
branch-changed = changed
branch-inserted = inserted
branch-moved = moved here
branch-moved-away = moved away
branch-skip = Leave this event out
branch-unskip = Take this event in again
branch-take-out = Remove this inserted event
branch-change = Change its payload…
branch-insert = Insert an event after it…
branch-move = Move it…
branch-after = after v{ $version }
branch-at-start = before the first
branch-whole = the whole payload
branch-edit-on = Apply: { $name }
branch-edit-remove = Remove: { $name }
branch-hide-equal = Hide equal fields
branch-no-difference = No field differs at this version.
branch-field-differs = { $field }: { $old } in history, { $new } in the branch
col-history = history
col-what-if = what if
branch-events = { $events } and { $inserted } inserted
branch-you = you
branch-line = Line of the branch
branch-line-same = The branch has no edit yet
branch-line-untold = No edit of the branch can be carried out here
branch-dialog-change = Change the payload of version { $version }
branch-dialog-insert = Insert an event
branch-dialog-move = Move version { $version }
branch-stands-after = After which version (or start)
branch-done = Apply
branch-never-written = Nothing is written to the store.
branch-in-branch = Nothing is written while a branch is open; leave it first.
branch-compares = A branch already shows its state beside history's; leave it to use the other views.
branch-none = No branch is open; begin one with What if….
branch-not-read = This file holds no branch ({ $detail }); choose one that was saved from here.
branch-newer = A newer Foldline wrote this branch; update Foldline.
payload = Payload
payload-as-fields = As fields
payload-as-json = As JSON
new-field-add = Add a field
new-field = new field { $number }
new-field-name = name
new-field-path = name or path
new-field-of = Name of { $name }
payload-kind-of = Type of { $name }
payload-value-of = Value of { $name }
payload-remove = Remove { $name }
payload-kind-text = text
payload-kind-number = number
payload-kind-truth = true or false
payload-kind-nothing = nothing
payload-kind-json = list or object
payload-no-number = This is not a number; write 12 or 0.5, or choose another type.
payload-no-name = Give the field a name
payload-twice = There is another field “{ $name }”
payload-no-place = The payload has no place for “{ $path }”; write a field's name, or a path to one like body.lines[0]
payload-large = This payload is too large to be typed as a whole. It stays as it is, but for what is typed over. A value inside of a field is reached by its path: add a field, and name it like body.lines[0]
payload-large-more = This payload is too large to be typed as a whole, and { $count } of its fields are not listed. It stays as it is, but for what is typed over. Any other value is reached by its path: add a field, and name it like body.lines[0]
payload-long = { $size } bytes; stays as it is
payload-anew = Type anew
payload-anew-of = Type { $name } anew
payload-full = Only { $count } letters are taken here; what was put in may be cut
branch-types = Known types of events
branch-type-unknown = No event here has this type.
branch-type-near = No event here has this type. Did you mean
edit-not-json = Line { $line }, column { $column }: { $detail }
edit-stands-there = Version { $version } is already there; name another version, or start
json-value = a value belongs here: text in double quotes, a number, true, false, null, an object or a list
json-colon = a colon belongs between a name and its value
json-comma-or-brace = a comma or a closing brace belongs here
json-comma-or-bracket = a comma or a closing bracket belongs here
json-name = the name of a field belongs here, in double quotes
json-trailing-comma = nothing follows this comma; remove it
json-trailing = the JSON has ended before this; remove the rest
json-number = this is not a number as JSON writes it
json-escape = JSON does not know this escape; write a backslash as \\
json-line-break = a text cannot go over a line break; write it as \n
json-unclosed-text = the closing double quote of a text is missing
json-unclosed-list = the closing bracket of a list is missing
json-unclosed-object = the closing brace of an object is missing
json-unfinished = the JSON ends before it is complete
json-too-deep = this is nested too deeply
json-other = this is not JSON
json-twice = The field “{ $name }” stands in an object twice; leave one of the two out
edit-no-version = Write a version (5), or start
edit-gone = The event that this was about is gone; close this and begin anew.
workspace-put-aside = What was kept beside this store could not be read whole; a copy of it stays as { $path }.
job-reading-branches = reading branches
job-keeping-branches = keeping branches
compensate = Compensate…
compensate-title = Compensate version { $version }
compensate-natural = Natural compensation
compensate-free = Event of your own
compensate-no-natural = No natural compensation: { $why }
compensate-discard = Discard
compensate-type = Type of the event
compensate-payload = Payload, as JSON
compensate-payload-long = The payload has { $size } bytes, too many to be typed here. It is recorded as it stands
compensate-actor = Author
compensate-reason = Reason
actor-missing = Say who appends this.
reason-missing = Say why.
preview = { $type } would be recorded as version { $version }
preview-nothing = No field changes.
conflict = Somebody was quicker. These events came first; the preview now stands on them.
conflict-more = and { $count ->
    [one] 1 more event
   *[other] { $count } more events
}
conflict-more-fields = and { $count ->
    [one] 1 more field
   *[other] { $count } more fields
}
conflict-against = From here on: { $why }
preview-before = As planned, as version { $version }
preview-anew = On what came first, as version { $version }
preview-not-anew = On what came first: not possible
effects = Also changes
elsewhere = This event led to events in other streams, which stay as they are:
elsewhere-part = There may be more; Causes shows them all.
draft-edit = Edit…
draft-kept = What you wrote is kept until you discard it.
draft-copy = Copy what you wrote
draft-other-event = version { $version } of { $stream } is { $is } now, and not the { $was } that this draft is about: the store was replaced since; discard it and begin anew at the event that you mean
append-behind = Append behind version { $version }
same-fields = changes the same fields
append = Append
compare = Compare
causes = Causes
causes-chain = Chain
causes-chain-about = What led to this event and what it led to; the rest is faint
causes-all = All
causes-all-about = Also what belongs to the same
causes-add = Add a stream
causes-remove = Take { $stream } away
causes-correlation = All of them carry the correlation { $id }, or follow from what does
causes-on-chain = { $grouped } on the chain
causes-counts = { $events } in { $streams } · { $chain }
causes-none = This event names no cause, and no other event names it as theirs.
causes-missing = missing cause
causes-first = first
causes-after = { $length } after { $number }
causes-after-other = { $length } after its cause
causes-after-no-time = after { $number }
causes-no-times = These events have no times; they are shown in the order in which they were recorded.
causes-circle = The causes lead back to an event that they began with: none of them is the first.
causes-cut = More than { $kept } events hang together here; the others are left out.
causes-stopped = The causes and effects were not looked for to the end.
causes-lane-cut = the first { $count } events
compare-needs-pins = Pin two versions to compare them: A and B set the pins at the cursor.
fields-differ = { $count ->
    [0] no field differs
    [one] 1 field differs
   *[other] { $count } fields differ
}
hide-equal = Hide equal fields
follow = Follow
follow-about = Keep to the newest event while others append
palette = Search or run a command
palette-hint = A command, or part of a stream's id or name
palette-none = Nothing matches
palette-events = Search the events for “{ $text }”
compare-moments = Two moments
compare-projections = Several projections
compare-streams = Two streams
compare-beside = { " " }beside{ " " }
compare-loading = Reading what is to be compared…
compare-needs-projections = Choose at least two projections to see them side by side.
compare-needs-stream = Type the name of another stream: it is shown as it was when the event at the cursor was recorded.
compare-other = Other stream
compare-not-begun = not begun
compare-absent = This side has no such field
col-field = field
compare-no-pin = not set
when-search = When was it true…
when-text = Condition
when-category = Streams of
when-start = Find
when-ever = ever true
when-now = true now
when-then = true at
when-then-time = Time at which it was true
when-no-time = Not a time; write it like 2025-01-01.
when-found = { $count ->
    [one] Ever true in { $ever } stream, true now in { $now }.
   *[other] Ever true in { $ever } streams, true now in { $now }.
}
when-found-then = True in { $count } at { $time }.
when-unknown = { $count ->
    [one] It cannot be told at 1 event, which counts as not true.
   *[other] It cannot be told at { $count } events, which count as not true.
}
when-more = The first { $count } are listed.
when-row = first at v{ $version }  ·  { $events ->
    [one] { $events-grouped } event
   *[other] { $events-grouped } events
}
when-true-now = true now
when-no-category = There are no streams of { $category }; choose others.
activity-search = Search everything that happened
activity-hint = Who, what, when: actor:kim replaced:phone 2025-03, or any words
activity-clear = Clear the search
activity-add = + Condition
activity-add-who = Who
activity-add-event = Event
activity-add-replaced = Changed value
activity-add-field = Field set or changed
activity-add-time = When
activity-add-category = Category
activity-add-none = Nothing to choose from yet
when-today = today
when-yesterday = yesterday
when-this-week = this week
when-last-week = last week
when-this-month = this month
when-last-month = last month
chip-who = who
chip-event = event
chip-stream = stream
chip-category = category
chip-why = why
chip-time = when
chip-changed = set or changed
chip-replaced = changed
chip-value = value
chip-words = words
chip-not = not
chip-remove = Remove { $name }
activity-count = { $count ->
    [0] Nothing was found
    [one] 1 event
   *[other] { $grouped } events, newest first
}
activity-count-of = { $count ->
    [0] Nothing was found among { $of } events
   *[other] { $grouped } of { $of } events, newest first
}
activity-latest = The latest { $grouped }, newest first; scroll for more
activity-latest-of = The latest { $grouped } of { $of }, newest first; scroll for more
activity-named = The event with this ID:
activity-so-far = { $grouped } so far
activity-stopped = The search was stopped; { $grouped } were found by then
activity-none = No event is like this. Take a condition away, or choose another time.
activity-export = Export…
activity-print = Print…
activity-day = { $weekday }, { $year }-{ $month }-{ $day }
activity-day-count = { $count ->
    [one] 1 event
   *[other] { $grouped } events
}
activity-day-more = { $grouped } and more
activity-earlier = Earlier…
activity-only-day = Only { $day }
activity-no-time = No time recorded
day-monday = Monday
day-tuesday = Tuesday
day-wednesday = Wednesday
day-thursday = Thursday
day-friday = Friday
day-saturday = Saturday
day-sunday = Sunday
strip-month = Only { $month }
strip-earlier = Month before
strip-later = Month after
strip-coming = Counting this month…
strip-none = Nobody did anything in this month
strip-more = { $count ->
    [one] 1 more person
   *[other] { $count } more people
}
strip-person = { $name }: { $count } in this month
strip-cell = { $count ->
    [0] { $name }, { $day }: nothing
    [one] { $name }, { $day }: 1 event
   *[other] { $name }, { $day }: { $grouped } events
}
activity-saved = Saved searches
activity-save = Save…
activity-save-name = Name of the search
activity-save-now = Save
activity-saved-none = None yet
activity-saved-more = { $count } or more
activity-forget = Forget { $name }
activity-recent = Recent searches
activity-recent-none = None yet
activity-recent-clear = Forget recent searches
activity-fields = Changed values, in the result
activity-fields-of = Changed values, in the latest { $count }
activity-fields-coming = Being counted…
activity-fields-none = None
activity-pick = Choose an event to see all of it
activity-open = Open at this moment
activity-compensate-about = Opens the stream at this event, and corrects it there
activity-causes = Causes and effects
activity-causes-more = { $count } more in the chain; open the stream to see all
trail-title = What happened
trail-all = Everything
trail-store = Store
trail-search = Search
trail-events = Events
trail-zone = Times in
trail-made = Written
search-events = Search events…
only-stream = Only in { $stream }
export = Export events…
export-to = File to write
export-format = Format
export-everything = Every event of the store
export-found = Only events with “{ $text }”
export-told = What happened with “{ $text }”, in words: who, what, from and to
export-told-all = All that happened, in words: who, what, from and to
export-findings = What a check of the store finds
export-these = Export these…
export-replace = Replace the file if it is there
export-csv-fields = One column for each field of payload and metadata, for a spreadsheet
export-csv-safe = Let no cell begin like a formula (a ' goes before it; importing takes it away)
export-start = Export
export-done = { $events } written to { $path }
export-done-findings = { $count ->
    [one] 1 finding
   *[other] { $grouped } findings
} written to { $path }
choose-file = Choose…
settings = Settings…
settings-theme = Theme
settings-language = Language
settings-zone = Times
settings-local = Local
settings-timeline = Timeline
settings-actor = Your name in corrections
settings-memory = Memory
settings-memory-least = The program itself takes { $beside }; { $least } or more make sense.
settings-memory-little = This is little: the program itself takes { $beside }, and { $least } or more make sense. What has no room lies in a file, which is slower.
settings-memory-about = What the program may take, with all that is kept of an open store. What can be had again gives way first.
settings-forget = Forget recent stores
settings-kept = Kept for the next start, with the window's size and where each store was looked at.
settings-put-aside = { $path }: not all settings could be read ({ $detail }); those are as at the first start, and the file as it was is kept as { $aside }
settings-unreadable = { $path }: the settings cannot be read ({ $detail }); check the file's permissions, until then nothing is written there
settings-unwritable = { $path }: the settings cannot be kept ({ $detail }); check the folder's permissions and the room on the disk
show-details = Show details
menu-store = Store
menu-go = Go
menu-event = Event
menu-view = View
loading = { $what }…
loading-count = { $what }: { $done }
loading-of = { $what }: { $done } of { $total }
job-appending = appending
job-choosing-a-file = choosing a file
job-looking-for-recent-stores = looking for recent stores
job-exporting-events = exporting events
job-listing-streams = listing streams
job-looking-for-causes-and-effects = looking for causes and effects
job-looking-at-the-store = counting events
job-making-the-sample = making the sample
job-opening-the-store = opening the store
job-reading-events = reading events
job-reading-the-event = reading the event
job-searching-events = searching events
job-reading-lanes = reading lanes
job-asking-every-stream = asking every stream
job-replaying-without-each-event = replaying without each event
job-leaving-events-out = leaving events out
pause = No events for { $length }; drawn shorter than it was
length-days = { $count } days
length-hours = { $count } hours
length-minutes = { $count } minutes
length-seconds = { $count } seconds
span-days = { $count } d
span-hours = { $count } h
span-minutes = { $count } min
span-seconds = { $count } s
history-filter = Filter history
history-filter-about = By type, author, reason, changed field or value, or by day, such as 2025-03-12 or 12 March
history-filter-clear = Clear the filter
history-none = No event of this stream matches
copy-link = Copy link
copy-place = Copy place
place-copied = The place is copied
palette-place = Go to the place
copy-link-about = A foldline: link that opens this store at this event
copy-event = Copy event
copy-event-about = The whole event, as JSON
diff-pins = Diff A–B
job-reading-names = reading names
stream-coming = Reading the stream…
stream-stopped = Reading this stream was stopped.
preview-now = now
preview-after = after
json-more = … and { $count } more
json-inside = { $count ->
    [one] 1 value
   *[other] { $count } values
}
notice = Notice
cut-off = Connection lost
cut-off-about = The server does not answer. What was read stays, and what is recorded meanwhile comes when the server is back.
map-columns = Say what columns mean…
mapping-title = Which columns are these? { $store }
mapping-about = No framework that Foldline knows wrote these tables. Say what the columns mean; below are the first events as they then read.
mapping-guessed = Guessed: { $reasons }
mapping-by-name = { $role } by its name ({ $column })
mapping-by-values = { $role } by its values ({ $column })
mapping-by-key = { $role } by a unique key ({ $column })
mapping-take = Use this mapping
mapping-table = Table
mapping-stream = Stream
mapping-version = Version
mapping-type = Type
mapping-payload = Payload
mapping-metadata = Metadata
mapping-author = Author
mapping-reason = Reason
mapping-correlation = Correlation
mapping-causation = Causation
mapping-more = More columns
mapping-time = Time
mapping-unit = Unit of time
mapping-id = Id
mapping-position = Store order
mapping-category = Category
mapping-base = First version
mapping-step = Step between versions
mapping-choose-stream = Choose as Stream the column that says whose event each row is; the events then show here.
mapping-none = none
mapping-empty = This reads no event: choose another table or column.
unit-auto = by its size
unit-seconds = seconds
unit-millis = milliseconds
unit-micros = microseconds
unit-nanos = nanoseconds
job-looking-at-the-tables = looking at the tables
job-keeping-the-mapping = keeping the mapping
open-address = Open by path or address…
open-projection = Open a projection…
server-stream-title = Choose a stream
server-stream-about = This server holds several streams. Which one is the store?
password-title = Connect
password = Password
password-wanted = { $place } asks for the password of “{ $user }”.
password-refused = The password of “{ $user }” is not accepted by { $place }; type it again.
token-wanted = { $place } asks who is there: type a token, or write the user into the address as nats://user:@host.
token-refused = { $place } does not accept this token; type it again, or write the user into the address as nats://user:@host.
password-about = Used for this connection, and kept nowhere.
connect = Connect
job-watching = watching the store
job-reading-what-is-new = reading what is new

# Evidence
evidence-title-stream = { $stream } at version { $version }
evidence-title-search = Events with “{ $words }”
evidence-store = Store
evidence-stream = Stream
evidence-events = Events on these pages
evidence-count = { $count }
evidence-made = Made
evidence-made-by = { $at } by Foldline { $version }
evidence-tree = Events in the store's tree
evidence-root = Root of the tree (SHA-256)
evidence-key = Signed by the key (Ed25519)
evidence-state = State
evidence-findings = Findings
evidence-no-findings = No rule was broken, and everything could be read.
evidence-history = History
evidence-notes = Notes
evidence-left-out = What is left out
evidence-hashes = Hashes
evidence-check = How to check this
evidence-data = The data behind these pages
evidence-field = Field
evidence-value = Value
evidence-set-by = Set by
evidence-when = When (UTC)
evidence-who = Who
evidence-why = Why
evidence-version = Version
evidence-event = Event
evidence-changes = What changed
evidence-finding = Finding
evidence-place = Event
evidence-payload = Content
evidence-note = Note
evidence-index = Place
evidence-id = Id
evidence-leaf = Hash of the event
evidence-later = The stream goes on: { $count } later events are not on these pages.
evidence-others = The store holds { $count } other events; of those only hashes are in the proof.
evidence-gap = The stream has no versions { $from } to { $to }; the state is folded from what is there.
evidence-no-order = The store keeps no order across its streams: the tree is of these events alone.
evidence-cut = Values of more than { $most } letters are cut here; the data holds them whole.
evidence-nothing = Nothing.
evidence-check-how = foldline verify-evidence FILE checks this file without the store: that nothing in it was edited, that its pages are what its data gives, and that its events lead to the signed root.
evidence-check-key = Anyone can sign with a key of their own. Compare the key above with the one that the signer gave you in another way, and the root with a seal of the store that was kept elsewhere (--checkpoint).
evidence-too-many = { $events } events would go into it, and { $most } is the most; choose an earlier version, or narrower words
evidence-nothing-found = no event has “{ $text }” in it; look for other words
evidence-not-grown = the store is not the sealed one grown; `foldline verify STORE --since SEAL` says what became of it
window-evidence-not-grown = the store is not the sealed one grown; Compare with a seal says what became of it
evidence-none = { $path }: this is no evidence that Foldline made; name the file that `foldline evidence` wrote
window-evidence-none = { $path }: this is no evidence that Foldline made; choose the file that was written as evidence
evidence-fault-signature-missing = the signature at the end is gone or damaged; nothing in this file can be trusted
evidence-fault-signature-broken = the signature does not fit; nothing in this file can be trusted
evidence-fault-edited = the file was edited or damaged after it was signed
evidence-fault-data-unreadable = the data behind the pages cannot be read
evidence-fault-other-key = the file is signed by another key than its data names
evidence-fault-checkpoint-broken = the signature under the store's root does not fit
evidence-fault-event-changed = the event is not what was recorded: its content does not give its hash
evidence-fault-not-in-tree = the events do not lead to the store's signed root: one was changed, added or left out
evidence-fault-pages-differ = the pages do not show what the data says
evidence-fault-since-broken = the file does not show that the store grew from the seal it names
evidence-fault-other-store = the seal is of another history than this evidence
evidence-fault-other-root = the seal has another root for the same { $size } events: one of the two histories was rewritten
evidence-fault-not-compared = the seal is of { $sealed } events and the evidence of { $size }, and nothing in it leads from one to the other; make the evidence with --since and that seal
window-evidence-fault-not-compared = the seal is of { $sealed } events and the evidence of { $size }, and nothing in it leads from one to the other

why-so = Why a value is so…
why-button = Why?
why-ask-of = Why is { $field } so?
why-field = Field
why-fields = Choose a field
why-not = and not
why-not-hint = another value
why-ask = Ask
why-place = { $projection } of { $stream } at version { $version }
why-no-place = Open a stream first; then a value of its state can be asked about.
why-is = { $field } is { $value } at version { $version }.
why-is-already = { $field } is { $value } at version { $version }. Clear the other value to see what made it so.
why-is-not = { $field } is { $value } at version { $version }, and not { $wish }.
why-set-by = set by { $event }
why-legend = Needed: without this event the value differs. Enough: these alone give the value.
why-needed = needed
why-enough = enough
why-nothing-needed = No event is needed for it: it is so from the beginning.
why-untried = { $count ->
    [one] The history is long: its earliest event was not taken away alone.
   *[other] The history is long: its earliest { $grouped } events that never changed the field were not taken away one by one.
}
why-not-minimal = The history is long: fewer events than these may be enough.
reason-way = { $event } would make it so.
reason-two-ways = { $first }, then { $second } would make it so.
reason-forbidden = { $event } would make it so, but a rule forbids it: { $rule }
reason-missed-at = { $event } would have made it so after version { $from }.
reason-missed = { $event } would have made it so after versions { $from } to { $to }.
reason-was-at = It was so at version { $from }, until { $event }.
reason-was = It was so from version { $from } to { $to }, until { $event }.
reason-out-of-reach = No event makes it so now, alone or with one before it.
reason-no-rules = What events of this stream are for is not known, so none were tried.
reason-changed-by = { $event } changed the field so far: { $count } times.
smallest-history = Smallest history…
smallest-about = Leaves events of { $stream } out, for as long as those that remain still show the same. Nothing is written to the store.
smallest-condition = At its end this is true
smallest-condition-text = Condition
smallest-rule = The last rule that was broken is still broken
smallest-by-the-rules = Keep what is needed to break no other rule
smallest-start = Find it
smallest-found = { $count ->
    [one] 1 event of { $total }
   *[other] { $grouped } events of { $total }
}
smallest-past = It held last at version { $version }; what came behind is left out.
smallest-not-minimal = The history is long: fewer events than these may still show it.
smallest-to = File of these events; its name ends in { $endings }
smallest-save = Save
smallest-saved = { $events } written to { $path }
check-store = Check the store…
next-finding = Next finding
finding-last = No finding comes after this one. Once more goes on from the first.
finding-first = No finding comes before this one. Once more goes on from the last.
finding-list = All findings…
previous-finding = Previous finding
check-again = Check again
check-all = All
check-stream = Filter by stream
check-since = Compare with a seal
check-compare = Check and compare
check-held-against = Held against the seal of { $count } events of { $at }, signed by the key
check-only-grew = Since that seal the store has only grown: every sealed event is as it was.
choose-seal = Choose…
seal-store = Seal…
seal-about = A seal is a signed checkpoint of the store as it is now. Kept where the store is not, it tells later whether the store only grew.
key-file = Key to sign with (Ed25519, PEM)
key-file-own = your own, made at its first use
seal-start = Seal
seal-done = { $events } sealed in { $path }
mirror-store = Mirror…
mirror-about = A copy of this store in a file of its own. It follows the store while the window is open, and opens as fast as any file. Corrections made in it are recorded in this store.
mirror-to = File of the mirror
mirror-start = Make the mirror
mirror-follows = { $events } in { $path }; it follows this store
mirror-open = Open the mirror
mirror-stop = Stop following
mirror-follow = Follow the origin
mirror-following = Following { $origin }, { $behind } behind
mirror-catching-up = Catching up with { $origin }
job-mirroring-events = mirroring events
job-sealing-events = sealing events
job-making-evidence = making evidence
evidence = Evidence…
evidence-about = A page to hand over, as HTML or PDF: state, history, findings and notes, with the events and their proof inside. It is checked without the store.
evidence-here = { $stream } up to version { $version }
evidence-of-nothing = Go to a stream or search events first: evidence is made of one or the other.
evidence-language = Language of the page
evidence-no-form = { $path }: evidence is HTML or PDF; end the file's name in .html or .pdf
evidence-since = Seal that the store has only grown since (optional)
evidence-start = Make evidence
evidence-done = Evidence of { $events } written to { $path }
note = Note…
note-about = Note something on this event; it is kept on this computer, never in the store
note-on = { $stream } v{ $version }
note-text = Note
note-hint = What is there to say about this event? Left empty, it is a bookmark.
note-where = Kept in your own folder, never in the store.
note-nowhere = Go to an event first: a note is made on one.
note-keep = Keep
note-remove = Remove the note
note-filter = Search notes
note-none = No note contains this.
note-bookmark = Bookmark
job-keeping-notes = keeping notes
job-keeping-searches = keeping searches
table-all = All streams
table-now = as it is now
table-to-now = Show as it is now
table-as-of = as of { $moment }
table-order-behind = sorted again when the cursor rests
table-compare = Compare A and B
table-back = Back to the table
table-stopped = Stopped; these rows are of before
table-go-on = Go on
table-unknown = { $count ->
    [one] Of 1 stream it cannot be told, and it is left out
   *[other] Of { $grouped } streams it cannot be told, and they are left out
}
table-not-run = { $count ->
    [one] 1 stream is not known and left out: the projection was given up before it came to its end
   *[other] { $grouped } streams are not known and left out: the projection was given up before it came to their ends
}
table-rows = { $count ->
    [one] 1 stream
   *[other] { $shown } streams
}
table-rows-of = { $shown } of { $all } streams
table-export = Export…
table-categories = Categories
table-at-cursor = as of the cursor
table-views = Saved views
table-view-save = Save this view…
table-view-name = Name of the view
table-view-forget = Forget the view { $name }
table-views-none = None yet
table-none = none
table-changed = Changed…
table-changed-days = { $count ->
    [one] changed last day
   *[other] changed last { $count } days
}
table-changed-hours = { $count ->
    [one] changed last hour
   *[other] changed last { $count } hours
}
table-chip-remove = Remove the filter { $filter }
table-add-filter = Add a filter
table-add-filter-about = A condition (contacts > 2), a time (last 30 days), or any text; then Enter
table-columns = Columns
table-columns-more = { $count ->
    [one] 1 column has no room: { $columns }
   *[other] { $count } columns have no room: { $columns }
}
table-column-first = Put { $column } first
table-column-no-room = { $column } (no room)
table-columns-reset = As at first
table-column-hide = Hide this column
table-row-coming = being read
table-row-not-begun = not begun
table-none-found = No stream is like this at that moment
table-none-begun = No stream had begun by then
table-coming = The streams are being read
table-col-changed = changed
table-sort-by = Sort by { $column }
table-sorted-down = { $column }, sorted from the largest; press to turn it round
table-sorted-up = { $column }, sorted from the smallest; press to turn it round
table-sort-up = Smallest first
table-sort-down = Largest first
table-count-by = Count by { $field }
table-numbers-of = Sum and percentiles of { $field }
table-open = Open at this moment
table-open-at = Open { $stream } at version { $version }
table-copy-row = Copy row
table-count-title = Streams by
table-count-coming = Being counted…
table-count-choose = choose a field
table-count-none = Choose a field to count the streams by
table-count-too-many = { $field } has another value in nearly every stream; choose a field that has fewer
table-count-others = { $others ->
    [one] 1 other value: { $count }
   *[other] { $values } other values: { $count }
}
table-bar-about = Show only these
table-over-time = Over time
table-over-time-of-all = Over time, all streams
table-chart-count = count
table-chart-share = share
table-chart-others = other values
table-chart-said = Streams by { $field } from { $from } to { $to }. At the cursor: { $now }
table-numbers = Numbers of { $field }
table-numbers-coming = being added up
table-numbers-none = No row has a number there
table-numbers-count = rows
table-numbers-sum = sum
table-numbers-mean = mean
table-numbers-least = smallest
table-numbers-median = median
table-numbers-p90 = 90 % up to
table-numbers-p99 = 99 % up to
table-numbers-most = largest
table-version-of = v{ $version } of v{ $last }
table-selected-filtered = The filters leave its row out
table-not-begun = It had not begun at this moment
table-last-event = last { $type }
table-last-event-by = last { $type } by { $actor }
table-needs-pins = Pin two moments, A and B, to see which streams differ between them
table-moments = A: { $from }  ·  B: { $to }
table-latest = now
table-differ = { $count ->
    [0] No stream differs; { $alike } have events between and are alike
    [one] 1 stream differs, { $begun } begun between; { $alike } have events between and are alike
   *[other] { $grouped } streams differ, { $begun } of them begun between; { $alike } have events between and are alike
}
table-differ-more = the first { $shown } of { $total } that changed are listed
table-differ-by-change = in the order in which they changed first
table-differ-by-change-down = in the order in which they changed first, the last of these on top
table-differ-by-stream = in the order of their names
table-differ-by-field = in the order of the first field that differs
table-differ-none = Nothing differs
table-col-versions = A → B
table-col-differs = what differs, A → B
table-began-between = began between
table-not-yet = not begun at B
export-rows = Export rows…
export-rows-about = { $count ->
    [one] 1 row of { $category }, in the order of the table and with the columns that are chosen
   *[other] { $grouped } rows of { $category }, in the order of the table and with the columns that are chosen
}
export-differences-about = { $count ->
    [one] { $category }: 1 that differs between A and B, with a row for each field
   *[other] { $category }: { $grouped } that differ between A and B, with a row for each field, in the order shown
}
export-rows-done = { $count ->
    [one] 1 row written to { $path }
   *[other] { $grouped } rows written to { $path }
}
job-reading-rows = reading rows
job-folding-events = folding events
job-counting-events = counting events
job-comparing-moments = comparing two moments
job-exporting-rows = exporting rows
job-counting-fields = counting changed fields
job-counting-days = counting days
job-reading-what-happened-when = reading what happened when
job-reading-payloads = reading payloads
job-reading-states = reading states
job-counting-what-is-found = counting what is found
job-counting-what-kept-searches-find = counting what saved searches find
check-found = { $count ->
    [0] Nothing to report
    [one] 1 finding
   *[other] { $grouped } findings
}
job-checking-events = checking events
check-behind = Events were recorded since; check again.
check-more = The first { $listed } are listed; export the findings to have them all.

stream-lost = The store does not have this stream any more, or it cannot be read; what is shown is what it was.
store-replaced = This store was cut, restored or replaced; what is shown was read anew.
store-replaced-lost = This store was cut, restored or replaced by another since it was opened. { $why }
kind-gap = Gap
kind-duplicate = Duplicate
kind-unreadable-payload = Unreadable payload
kind-disordered-time = Time out of order
kind-broken-chain = Broken hash chain
kind-wrong-count = Wrong count
kind-stale-snapshot = Stale snapshot
kind-unprotected = Unprotected
kind-altered-schema = Altered schema
kind-wrong-category = Wrong category
kind-damaged = Damaged
kind-missing-cause = Missing cause
kind-cut = Cut off
kind-rewritten = Rewritten
kind-reimported = Imported anew
kind-older-copy = Older copy
kind-other-store = Another store
kind-broken-rule = Broken rule
kind-odd-event = Unexpected event
meaning-gap = Numbers in a stream, or places in the store, are left out: events were removed, or were never written.
advice-gap = Look for the missing events in a copy or in the application's log; what is shown after the gap may lack them.
meaning-duplicate = Two events claim one place of their stream, or an event stands before one that it follows.
advice-duplicate = Look which of the two the application believes; a writer may not check versions when it appends.
meaning-unreadable-payload = What an event says cannot be read, so that no state has it.
advice-unreadable-payload = Look at the event as it is stored; if it is encrypted, set the key, else ask who wrote it.
meaning-disordered-time = An event was recorded at an earlier time than the one before it: a clock was wrong, or events were imported.
advice-disordered-time = Trust the order of the versions, not the times; set the clocks of all writers by the same server.
meaning-broken-chain = The event, or the one before it, is not what was recorded: the file was edited.
advice-broken-chain = Compare it with a copy from before, and find out who could write to the file.
meaning-wrong-count = A number that is kept beside the events is not what they add up to; lists may be wrong, states are not.
advice-wrong-count = Export the events and import them into a new store: its counts are made anew.
meaning-stale-snapshot = A kept state is not what replaying the events gives.
advice-stale-snapshot = Foldline does not use it. Let the application rebuild its snapshots.
meaning-unprotected = What keeps recorded events from being changed is gone from the file.
advice-unprotected = Export the events and import them into a new store, and find out which tool changed the file.
meaning-altered-schema = The file has other tables or indexes than Foldline made.
advice-altered-schema = Find out which tool changed it; export the events and import them into a new store.
meaning-wrong-category = A stream is listed under another category than its name says.
advice-wrong-category = Export the events and import them into a new store: its lists are made anew.
meaning-damaged = The file itself is damaged; more may be missing than is listed.
advice-damaged = Restore it from a copy, and check the disk.
meaning-missing-cause = Most events of this store name causes that are in it; the one that this event names is not.
advice-missing-cause = Look for it in the store that it came from. A command's id, or part of a history that was not imported, is nothing to worry about.
meaning-broken-rule = The event was recorded though the rules of its domain forbid it where it stands.
advice-broken-rule = Look at the state before it, and compensate it if it should not have happened.
meaning-odd-event = The event is not what the domain knows by its name, or lacks what it should say.
advice-odd-event = Look at it as read and as stored; an older or another program may have written it.
meaning-cut = Events that were in the store when it was sealed are gone.
advice-cut = Compare it with a copy from before, and restore what is missing.
meaning-rewritten = Events that were sealed are not what they were.
advice-rewritten = Compare it with a copy from before, and find out who could write to the file.
meaning-reimported = The sealed events stand in this store in another order: they were brought in anew.
advice-reimported = If that was meant, seal the store again; else find the one that was sealed.
meaning-older-copy = This is the store as it was before the seal, or one that went on from there, or was made to look so.
advice-older-copy = Find the newer one; what was recorded since may have to be recorded again.
meaning-other-store = Nothing in this store is known to be of the sealed one.
advice-other-store = Check that store and seal belong together. A store that was imported anew under other ids looks like this too.
fault-begins-late = the stream begins at version { $version }; what came before is missing
fault-version-missing = version { $version } is missing before it
fault-versions-missing = versions { $from } to { $to } are missing before it
fault-positions-missing = positions { $from } to { $to } of the store are missing
fault-second-event = a second event has version { $version }
fault-out-of-order = recorded after version { $after }, out of order
fault-earlier-than-before = recorded at { $at }, before the event ahead of it ({ $before })
fault-payload-not-json = the payload is not JSON: { $detail }
fault-payload-no-object = the payload is no JSON object, as every event of this framework is
fault-metadata-not-json = the metadata is not JSON
fault-payload-not-text = the payload is neither text nor packed text
fault-payloads-encrypted = { $count } payloads are encrypted or damaged; to read them, set FOLDLINE_KEY to the application's key in base64
fault-line-unreadable = { $line }
fault-hash-broken = the event, or the one recorded before it, is not what was recorded: its hash does not fit
fault-counts-differ = kept as { $kept } events up to version { $keptlast }; there are { $events } up to version { $last }
fault-ends-differ = the kept first version, times or last position are not those of the events
fault-links-differ = what is kept of correlations and causes is not what the events say
fault-cause-missing = its cause, { $cause }, is not in this store
fault-type-count-differs = kept as { $kept } events of type { $type }; there are { $events }
fault-head-without-events = the stream is kept as at version { $version }; it has no events
fault-head-elsewhere = the stream is kept as at version { $version }; its events end at version { $last }
fault-snapshot-without-events = a snapshot at version { $version } is kept, but there are no events
fault-snapshot-beyond-events = a snapshot at version { $version } is kept, but the events end at version { $last }
fault-snapshot-field-of-other-version = a snapshot at version { $version } is kept, but its { $field } is what the event of version { $said } said
fault-snapshot-field-differs = the snapshot says { $field } { $kept }, the events { $events }
fault-snapshot-differs = the kept snapshot of { $projection } is not what replaying the events gives
fault-snapshot-seal-broken = the kept snapshot of { $projection } is not what was kept: its hash does not fit
schema-trigger = trigger
schema-index = index
schema-table = table
schema-view = view
fault-guard-gone = the { $object } { $name }, which keeps history from being changed, is gone
fault-guard-changed = the { $object } { $name }, which keeps history from being changed, is not as Foldline made it
fault-schema-gone = the { $object } { $name } is gone
fault-schema-changed = the { $object } { $name } is not as Foldline made it
fault-schema-added = the { $object } { $name } is none of Foldline's
fault-format-gone = the number of the file's format is gone
fault-category-differs = kept in the category “{ $kept }”; by its name it is of “{ $own }”
fault-stream-number = its number, { $number }, is none that a stream can have
fault-event-numbers = the event at position { $position } names a stream or a type that is not there, or holds a number that is none
fault-stray-message = message { $sequence } under { $subject } is no event of the store: { $flaw }
fault-drops-messages = the stream's setting { $limit } lets the server drop the oldest events
fault-version-not-believed = it says to be version { $said }, behind which no event could come; it counts as version { $counted }
fault-guard-off = the stream's setting { $guard } is off: events can be taken out of it
fault-pages = { $detail }
fault-file-damaged = { $path }: the file is damaged or cut short; what can still be read is shown: restore it from a copy
fault-reading-ended = the events could not be read to the end: { $detail }
fault-unreadable = { $path }: the database is damaged ({ $detail }); restore it from a copy
fault-sealed-gone = the store was cut: { $sealed } events were sealed, { $there } are there, and sealed ones are gone; { $same ->
    [0] none is proven to be as it was
   *[other] only the first { $same } are proven to be as they were
}
fault-sealed-changed = { $same ->
    [0] history was rewritten: not all events up to event { $until } are as they were sealed
   *[other] history was rewritten: the first { $same } events are as they were sealed, not all of those up to event { $until } are
}
fault-sealed-anew = the store was imported anew: as far as the seal tells, its events are the { $sealed } that were sealed, in another order
fault-sealed-behind = this looks like an older copy: the last of { $sealed } sealed events is not there; of the { $there } that are, { $same ->
    [0] none is proven to be as it was
   *[other] only the first { $same } are proven to be as they were
}
fault-sealed-other = another store: none of its { $there } events is proven to be one of the { $sealed } sealed
error-lost = the work ended without an answer; try again
error-gone = version { $version } of { $stream } is not there any more; open the store again
error-export-there = { $path }: this file is there already; name another, or allow replacing it
error-no-moment = { $stream } has versions { $first } to { $last }; type one of them, or a time
excerpt-no-form = { $path }: the name does not say what to write; let it end in { $endings }
export-onto-itself = { $path }: this is the store that is exported; name another file
export-onto-database = { $path }: this is a database, which an export never replaces; name another file
export-onto-no-file = { $path }: this is a { $kind }, which an export never replaces; name another file
export-onto-key = { $path }: this is a private key, which is never replaced; name another file
export-onto-dash = nothing is written to standard output here; name a file, or `./-` for one of that name
window-export-onto-no-file = { $path }: this is a { $kind }, which an export never replaces; name another file
export-links-in-circle = { $path }: the links lead in a circle; name another file
error-no-folder = { $path }: there is no such folder to write to; make it first
error-missing = { $path }: there is no such file; check the path, or make one with `foldline sample`
window-error-missing = { $path }: there is no such file; check the path, or explore the sample
error-is-folder = { $path }: this is a folder; name the file inside it
error-no-file = { $path }: this is a { $kind }, not a file; name the file that holds the events
file-kind-folder = folder
file-kind-pipe = pipe
file-kind-socket = socket
file-kind-device = device
append-version-taken = version { $version } of { $stream } is taken by another event, or out of order: the stream stands at version { $last }
append-version-too-large = version { $version } of { $stream } is larger than a store can keep ({ $most } at most)
append-head-disagrees = the head that the store keeps of { $stream } does not agree with its events; `foldline verify` says more
window-append-head-disagrees = the head that the store keeps of { $stream } does not agree with its events; “Check the store” says more
error-already-there = { $path }: this file is there already; name another, or remove it first
error-left-behind = { $side }: this was left behind by a database that stood at { $path } and would be taken for a part of a new one; move it away first, or name another file
error-side-file = { $path }: this belongs to the database { $database }; name another file
error-empty-file = { $path }: the file is empty; it holds no event store
error-not-a-database = { $path }: this is not a SQLite database; if it holds events as text, bring it in with `foldline import`
window-error-not-a-database = { $path }: this is not a SQLite database; files of events that can be opened are JSON, CloudEvents, CSV, XES and OCEL
error-not-events = { $path }: the file cannot be read as events: { $detail }
unread-line = line { $line }: { $flaw }
unread-byte = at byte { $byte }: { $flaw }
unread-event = event { $number } of { $stream }: { $flaw }
line-not-json = not JSON: { $said }
line-not-json-at = not JSON: { $said } at column { $column }
line-cell-not-json = { $heading } is not JSON: { $said }
line-cell-not-json-at = { $heading } is not JSON: { $said } at character { $column } of the cell
line-said = { $words }
line-not-utf-8 = the text is not UTF-8
line-utf-16 = the text is UTF-16; save it as UTF-8
line-other-encoding = the text is { $name }, which is not read; save it as UTF-8
line-unknown-entity = “&{ $name };” is nothing that XML itself knows; write the text that it stands for
line-too-long = longer than { $most }, the most that one event may take
line-rest-left-out = longer than { $most }, the most that one event may take; the rest of it is left out
line-unpacks-too-far = it unpacks to more than { $most }, { $ratio } times its size or more; unpack it first if that is right
line-too-deep = nested deeper than { $most }
line-no-stream = no stream is named; give it a field `stream`, `lead-id` or `ticket-id`
line-no-type = no event type is named; give it a field `type` or `event-type`
line-no-id = event { $number } has no id and is left out
line-same-id = event { $number } has the id “{ $id }” of an earlier event and is left out
line-not-text = { $field } should be text or a number, not { $found }
line-not-a-number = { $field } should be a whole number, not { $found }
line-number-too-large = { $field } is too large a number
line-version-too-large = version { $version } is larger than a store can keep ({ $most } at most)
line-unknown-field = the field { $name } is unknown beside a payload
line-not-a-time = “{ $found }” is not a time; write it like 2025-01-01T01:00:05Z
line-cloud-event-lacks = a CloudEvent needs `{ $field }`
line-other-cloud-events = this is CloudEvents { $version }; only 1.0 is read
line-not-base64 = data_base64 cannot be decoded: { $said }
line-cells = { $cells } cells under { $headings } headings
line-column-for-each-field = this file has a column for each field, which does not say what was text and what a number; export the events with the payload in one cell to bring them in
line-cut = “{ $key }” is { $length } long and was cut to { $kept }
line-nameless = { $trace } has no name within { $most } of events and is called that
line-ends-in-trace = the file ends inside a trace; what follows is missing
line-ends = { $flaw }; what follows could not be read
error-of-place = { $place }: { $what }
error-unrecognised = { $path }: a SQLite database, but its tables are no event store that Foldline knows (it has: { $tables }); which columns are these? `foldline map` prints a guess to correct, and `--map FILE` reads by it
window-error-unrecognised = { $path }: a SQLite database, but its tables are no event store that Foldline knows (it has: { $tables }); say what its columns mean
error-several = { $place }: it holds several tables of events ({ $tables }); choose one with `--map FILE`, where FILE says {"{"}"table": "{ $first }"{"}"}
window-error-several = { $place }: it holds several tables of events ({ $tables }); choose one of them, such as { $first }
error-only-reads = { $place }: Foldline cannot append here: { $reason }
error-mirror = { $path }: this is a mirror of { $origin }; bring events in there, and they come here when it follows
error-no-mirror = { $path }: this file is there already and is no mirror; name a new file for one
error-mirror-circle = { $path }: { $origin } is a mirror of this file in turn, so neither is an origin; bring the events into a new store, and mirror that one
error-mirror-of-itself = { $path }: this is the store itself; name another file for its mirror
error-origin-differs = { $path }: { $origin } is not what this is a mirror of any more: { $fault }; the mirror stays as it is, so keep it, and mirror what is there now into a new file
error-mirror-edited = { $path }: version { $version } of { $stream } is not what was mirrored: it was edited in this mirror; mirror { $origin } into a new file
error-not-mirrored = { $path }: version { $version } of { $stream } cannot be mirrored: { $detail }
origin-replaced = another store stands there now: its first event is another than the mirror's
origin-emptied = there is no event any more
origin-cut = it was cut: the events from version { $version } of { $stream } on are in the mirror and not there any more
origin-gone = version { $version } of { $stream } is in the mirror and not there any more
origin-edited = version { $version } of { $stream } says something else there than when it was mirrored
origin-added = version { $version } of { $stream } is there, before the last event of the mirror, and not in the mirror
error-mirror-full = { $path }: the disk is full; the mirror keeps the { $events } events that it holds and goes on from there: free some space and try again
error-newer = { $path }: written by a newer Foldline (format { $found }, this one reads up to { $supported }); update Foldline
error-damaged = { $path }: the database is damaged ({ $detail }); restore it from a copy
error-locked = { $path }: another program is writing to it; try again when it has finished
error-changed = { $path }: another program changed it while it was being read; run that again
error-full = { $path }: the disk is full; nothing was written: free some space and try again
error-temporary-full = { $path }: the disk that holds this folder of temporary files is full; free some space, or name a folder on another disk in TMPDIR, and try again
error-temporary-changed = { $path }: another program changed a temporary file of Foldline in this folder; run that again
error-read-only = { $path }: the file or its folder may not be written to; check its permissions
error-denied = { $path }: the file may not be opened; check its permissions
error-io = { $path }: { $detail }
system-not-found = No such file or directory (os error { $code })
system-denied = Permission denied (os error { $code })
system-already-there = File exists (os error { $code })
system-full = No space left on device (os error { $code })
system-quota = Disk quota exceeded (os error { $code })
system-read-only = Read-only file system (os error { $code })
system-is-folder = Is a directory (os error { $code })
system-no-folder = Not a directory (os error { $code })
system-busy = Device or resource busy (os error { $code })
system-too-large = File too large (os error { $code })
system-said = { $words }
workspace-no-folder = there is no home folder to keep this in; set HOME and try again
workspace-unreadable = { $path }: what is kept beside this store cannot be read ({ $detail }); check the file's permissions
workspace-unwritable = { $path }: what is kept beside this store cannot be written ({ $detail }); nothing of it was lost, try again
workspace-damaged = { $path }: what is kept beside this store is damaged ({ $detail }); the file stays as it is, and is copied aside before something new is kept
workspace-newer = { $path }: a newer Foldline keeps its { $what } here (format { $found }, this one reads up to { $supported }); update Foldline. The file is copied aside before something new is kept
workspace-whole = workspace
workspace-notes = notes
workspace-branches = branches
workspace-projections = projections
source-unreadable = { $path }: the projection cannot be read ({ $detail }); check that the file is there and may be read
source-gone = { $path }: the file is gone; what stands here is written again as soon as something is typed
source-no-file = { $path }: this is no file; choose a file of JavaScript
source-not-text = { $path }: this is no text in UTF-8; save it as such and try again
source-too-long = { $path }: this is longer than { $mebibytes } MiB; a projection is a short text
source-unwritable = { $path }: the projection cannot be written ({ $detail }); what was typed stays in the window, save it elsewhere or mend the file's permissions
source-exists = there is a projection { $name } already; choose another name
source-bad-name = “{ $name }” is no name for a file; write letters and numbers
projection-needs-store = { $path } is a projection: open a store first, and then the projection with it
job-reading-projections = reading projections
job-keeping-a-projection = keeping the projection
job-running-the-projection = running the projection
job-dividing-events = dividing events
job-tracing-a-handler = tracing a handler
job-reading-fields = reading fields
job-looking-for-partitions = looking for partitions
error-sqlite = { $path }: SQLite says: { $detail }
error-cancelled = stopped before the end, as asked
server-bad-address = this is no address of a PostgreSQL store ({ $detail }); write it like postgres://user@host:5432/database
address-other-scheme = it begins with neither postgres:// nor postgresql://
address-percent = a % in it is not followed by two hex digits
address-slash-before-at = the name or password before @ has a / in it, which must be written %2F
address-host-port = what follows the host's colon is no port number
address-port = its port is no number
address-option-form = what follows ? must be written option=value
address-unknown-option = it has an option that is not known: { $name }
address-pair-form = a word in it is no key=value
address-open-quote = a quoted value in it does not end
address-stray-password = a password stands where none can be read
address-ampersand-in-password = a password in it has a & in it, which must be written %26
address-no-user = it names no user, and neither does PGUSER
address-connect-timeout = its connect_timeout is no number of seconds
address-tls-mode = sslmode={ $mode } is none of disable, prefer, require, verify-ca and verify-full
address-certificate-without-key = sslcert and sslkey go together
server-unreachable = no server answers there ({ $detail }); check the host and port, and that PostgreSQL runs and listens there
server-password-needed = user “{ $user }” needs a password; set PGPASSWORD, add a line to ~/.pgpass, or type it when asked
server-wrong-password = the password of user “{ $user }” is not accepted; type it again, or correct PGPASSWORD or ~/.pgpass
server-refused = the server refuses the connection ({ $detail }); ask its owner to allow it in pg_hba.conf
server-no-such-user = there is no user “{ $user }” on this server; name another before the @ of the address
server-no-such-database = there is no database “{ $name }” on this server; name another after the host
server-tls-not-offered = the server offers no TLS, which sslmode asks for; turn it on there, or say sslmode=disable to send everything in plain text
server-tls-failed = TLS with this server failed ({ $detail }); give its authority's certificate with sslrootcert=FILE, or ask for less with sslmode=require
server-certificate = { $path }: this certificate or key cannot be read ({ $detail }); correct the address's option { $option }
server-denied = the user may not do that ({ $detail }); let the owner say: { $grant }
server-timed-out = the server was given up on after the statement timeout; look at less at once, or allow more in the address: ?options=-c%20statement_timeout%3D600s
server-locked = another program holds a lock on the tables; try again when it has finished
server-too-many = the server has no connection left; close others, or try again later
server-not-ready = the server is starting or shutting down; try again in a moment
server-lost = the connection was lost ({ $detail }); try again
server-unrecognised = no table here is an event store that Foldline knows (it has: { $tables }); which columns are these? `foldline map` prints a guess to correct, and `--map FILE` reads by it
window-server-unrecognised = no table here is an event store that Foldline knows (it has: { $tables }); say what its columns mean
server-several = it holds several tables of events ({ $tables }); say which schema with ?search_path=SCHEMA at the end of the address, or which table with `--map FILE`, where FILE says {"{"}"table": "{ $first }"{"}"}
window-server-several = it holds several tables of events ({ $tables }); say which schema with ?search_path=SCHEMA at the end of the address, or choose a table, such as { $first }
server-changed = the tables are not as they were found ({ $detail }); open the store again
server-no-function = the framework's own function for appending is not here ({ $detail }); append with the application, or let it bring its tables up to date
server-sql = { $class } (PostgreSQL says: { $words })
server-failed = the question could not be asked ({ $detail }); try again
server-policy = { $detail }; let the table's owner change the policy, or append as a user for whom it allows that
server-follows = this server takes no changes ({ $detail }); append at the one that it follows
server-silent = the server stopped answering ({ $detail }); check the network and the server, then try again
server-no-postgres = what answers there is not a PostgreSQL that Foldline can read: { $detail }; check the host and port
server-too-large = the events there are too large to be read at once ({ $bytes } bytes); look at fewer
nats-bad-address = this is no address of a NATS store ({ $detail }); write it like nats://host:4222/STREAM
nats-unreachable = no server answers there ({ $detail }); check the host and port, and that nats-server runs and listens there
nats-wrong-credentials = the server does not accept these credentials; correct the user and password or the token in the address, or name a file with ?creds=FILE or ?nkey=FILE
nats-credentials-needed = the server asks who is there; write nats://user:password@… or nats://token@…, name a file with ?creds=FILE or ?nkey=FILE, or set NATS_CREDS, NATS_NKEY, NATS_TOKEN or NATS_USER and NATS_PASSWORD
nats-credentials = { $path }: these credentials cannot be read ({ $detail }); correct the address's option { $option }
nats-tls-failed = TLS with this server failed ({ $detail }); give its authority's certificate with ?ca=FILE, or set NATS_CA
nats-certificate-refused = the server asks for a certificate that it trusts ({ $detail }); name yours and its key with ?cert=FILE&key=FILE
nats-tls-not-offered = the server offers no TLS; turn it on there, or leave tls:// and ?ca out to send everything in plain text
nats-too-old = the server is nats-server { $found }, and Foldline needs { $needed } or newer for this; update it
nats-no-jetstream = JetStream is not turned on at this server; start nats-server with -js, or ask for an account that has it
nats-no-stream = there is no stream { $asked } on this server (it has: { $known }); name another after the host
nats-several = which stream? It has { $known }; name one after the host, such as /{ $first }
nats-no-streams = this server has no stream yet; bring one in with `foldline import FILE --into nats://host/NAME`
window-nats-no-streams = this server has no stream yet; record something there first, then open it
nats-unrecognised = the stream { $stream } is no event store that Foldline knows (subjects: { $subjects }); which part of the subject or which header means what? `foldline map` prints a guess to correct, and `--map FILE` reads by it
window-nats-unrecognised = the stream { $stream } is no event store that Foldline knows (subjects: { $subjects }); say which part of the subject or which header means what
nats-newer = the stream was written by a newer Foldline (schema { $found }, this one reads up to { $supported }); update Foldline
nats-denied = the user may not do that ({ $detail }); let the server's owner allow it
nats-silent = the server stopped answering ({ $detail }); check the network and the server, then try again
nats-no-leader = the stream has no leader now: too many of its servers are down; start them again
nats-changed = the stream is not as it was found ({ $detail }); open the store again
nats-said = the server refused it (JetStream says: { $words })
nats-made-anew = the stream { $stream } was deleted and made anew on the server since it was opened, and nothing was read or recorded there; open the store again
nats-no-name = the address names no store; write it behind the host, as in nats://host:4222/sales
nats-bad-name = { $name }: a store's name has no blanks and none of . * > / \ % in it; name another
nats-name-taken = there is a stream { $name } already; name another
nats-replicas = it cannot be kept { $asked } times ({ $words }); ask for fewer copies, or start more servers of the cluster
nats-busy = others record in this stream without a pause; try again
nats-shows-less = the server acknowledged message { $acknowledged } and now ends the stream with { $shown }; try again, or open the store again if events were deleted there
nats-name-too-long = its name takes { $length } bytes, and no more than { $most } fit into a message; use a shorter one
nats-too-large = the event takes { $length } bytes as a message, and the server takes { $most }; raise its max_payload, or make the event smaller
nats-too-many = { $count } events at once are more than the server records as one ({ $most }); append them in smaller parts
nats-stray = message { $sequence } was left there by another program and is no event ({ $flaw }); nothing was recorded: make a new store of what is sound
nats-undecided = it is not known whether the event { $id } was recorded ({ $detail }); look whether it is there, and only then try again
nats-others-write = another program records into this store meanwhile; what came before is there: start the import again, and it goes on from there
message-subject = its subject is none that Foldline writes
message-header-missing = it has no header { $name }
message-header-unreadable = its header { $name } says “{ $said }”
message-other-schema = it is written in schema { $schema }
message-envelope = it says to hold several events, and its body is no list of them ({ $detail })
message-count = it says to hold { $said } events, and holds { $there }
server-said = { $words }
server-no-host = no host is named
server-unknown-host = there is no host of that name
server-no-route = no way leads to that host
server-nobody-listens = nobody listens there
server-no-file = there is no such file
server-no-socket = there is no socket
server-no-answer-within = nothing was said within { $seconds } s
server-no-answer = it did not answer in time
server-id-without-event = it remembers the event's id, and shows no such event
server-stream-made-anew = the stream was deleted and made anew meanwhile
server-silent-for = nothing was said for { $seconds } s
server-hung-up = the other side hung up
server-endless-greeting = it sends what no PostgreSQL sends: a greeting that does not end
server-endless-settings = it sends what no PostgreSQL sends: settings and notifications without end
server-endless-message = it sends what no PostgreSQL sends: a message that does not end
server-no-authority = no authority is given to check it against
server-expired = its certificate has expired
server-not-yet-valid = its certificate is not valid yet
server-unknown-authority = its certificate comes from an authority that is not trusted here
server-other-name = its certificate is made out to another name
server-no-certificate = the file holds no certificate
server-no-event-number = an event has no number
sql-value = a value there is not what it should be; correct it with the application that wrote it
sql-constraint = the tables refuse that; correct what they ask for, then try again
sql-concurrency = another program was at the same rows; try again
sql-question = the server or its tables are not as Foldline knows them; update Foldline or the server
sql-resources = the server has run out of room; free memory or disk there, then try again
sql-internal = the server itself has failed; look into its log
sql-other = the server could not do that; look into its log
mapping-unreadable = { $path }: the mapping cannot be read: { $detail }; `foldline map STORE` prints one to begin with
window-mapping-unreadable = { $path }: the mapping cannot be read: { $detail }; say anew what the columns mean
mapping-no-table = there is no table { $asked }; the store has { $known }
mapping-no-column = there is no column { $asked } in { $table }, which the mapping names as its { $role }; it has { $known }
role-stream = stream
role-version = version
role-type = type
role-payload = payload
role-metadata = metadata
role-category = category
role-schema = schema
role-id = id
role-time = time
role-position = position
role-author = author
role-reason = reason
role-correlation = correlation
role-causation = causation
mapping-no-stream = which column says whose event each row of { $table } is? Name it as "stream"
mapping-too-slow = the first rows of { $table } were not there within { $seconds } s; if it is a view, map the table that it reads
append-conflict = { $stream } has moved on: expected { $expected }, found { $actual }
append-version = version { $version }
append-no-stream = no stream
append-any-version = any version
append-id-taken = the event id { $id } is already taken by an event with other content; give the new event its own id
append-payload-not-json = the payload of { $type } is not JSON ({ $detail }); correct it and append again
append-metadata-not-object = the metadata of { $type } is not a JSON object; correct it and append again
append-no-name = a stream and an event type need a name
append-archived = { $stream } is archived, and nothing is appended to it; take it out of the archive with its application first
append-encrypted = this stream is encrypted, and only its application can write into it; record the correction there
append-unfit = { $framework } would not understand this event: { $detail }; correct it and append again
unfit-refused = its table refused it (“{ $words }”)
unfit-no-type-to-follow = an event type is written module:Class.Event, and this stream has none to follow
unfit-no-attributes = the payload must be a JSON object of the event's attributes
unfit-not-json = the payload must be JSON
unfit-no-time = every event needs a time
unfit-not-packed = it cannot be compressed (“{ $words }”)
unfit-unknown-type = no event here is called { $asked }, and the application could not read one that it does not know; append one of its own with --type ({ $known })
window-unfit-unknown-type = no event here is called { $asked }, and the application could not read one that it does not know; choose a type of its own ({ $known })
ask-no-stream = there is no stream { $stream }; list them with `foldline streams`
window-ask-no-stream = there is no stream { $stream }; pick one in the list
ask-no-stream-near = there is no stream { $stream }; did you mean { $near }?
ask-no-version = { $stream } has versions { $first } to { $last }; there is no version { $asked }
ask-before-it-began = { $stream } begins at { $first }; nothing of it was recorded by { $asked }
ask-no-projection = { $stream } has no projection { $asked }; it has { $known }
ask-no-such-projection = no stream here has a projection { $asked }; there are { $known }
ask-no-event = there is no event { $asked }; write an id as `foldline events --format json` prints it, or STREAM@VERSION
window-ask-no-event = there is no event { $asked }; write its id, or STREAM@VERSION
ask-no-event-named = there is no event { $asked }, but { $names } names it; ask for that one
ask-no-field = { $stream } has no field “{ $asked }”; choose one that its state shows
ask-no-field-near = { $stream } has no field “{ $asked }”; did you mean { $near }?
ask-nothing-wrong = nothing is wrong at version { $version } of { $stream }
ask-no-rule-broken = no event of { $stream } breaks a rule
ask-never-true = the condition never holds in { $stream }
ask-not-a-moment = “{ $text }” is neither a version nor a time; write a version (5), a time (2025-01-01T01:00:05Z) or latest
ask-no-order = this store keeps no order across its streams, so it cannot be sealed; bring its events into a store of Foldline's own (export, then import) and seal that
ask-no-positions = this store keeps no order across its streams, so it has no positions; name a time
ask-no-order-to-divide = this store keeps no order across its streams, so events of several cannot be put together; bring its events into a store of Foldline's own (export, then import)
ask-shared-state = the partitions of { $projection } share a state, so that none can be told by its own events; ask with `foldline project`
window-ask-shared-state = the partitions of { $projection } share a state, so that none can be told by its own events; look at them all together
ask-not-of-states = this condition asks for what an event says or changes; of streams as they stood ask for fields of the state, or event.type, event.version, event.recorded_at and event.id of the last event
ask-over-budget = with this, { $taken } MiB and more would be taken, and { $allowed } MiB are allowed; name a category or an earlier moment, or allow more memory, in the settings or with --memory
window-ask-over-budget = with this, { $taken } MiB and more would be taken, and { $allowed } MiB are allowed; name a category or an earlier moment, or allow more memory in the settings
error-before-store = nothing was recorded by { $moment }; choose a later moment
ask-not-a-store-moment = “{ $text }” is no moment of a whole store; write a position (120), a time (2025-01-01T01:00:05Z), a day, a month (2025-01) or latest
seal-no-seal = { $path }: this is no seal that Foldline made; name the file that `foldline seal` wrote
window-seal-no-seal = { $path }: this is no seal that Foldline made; choose the file that was written when the store was sealed
seal-broken = { $path }: the seal was damaged or edited: its signature does not fit what it says; take another copy of it
key-no-home = there is no folder for the signing key; name a key with --key
window-key-no-home = there is no folder for the signing key; choose a key of your own
key-bad = { $path }: this is no Ed25519 key in a PEM file; name another, or make one with `openssl genpkey -algorithm ed25519`
file-missing = { $path }: there is no such file; check the path
file-too-long = { $path }: the file is too large to be one that Foldline wrote; name another
key-unwritten = { $path }: the signing key could not be kept there: { $detail }; name a key with --key
window-key-unwritten = { $path }: the signing key could not be kept there: { $detail }; choose a key of your own
plan-no-such-event = version { $version } of { $stream } is not in the stream
plan-no-rules = { $type } is an event of a domain that Foldline has no rules for; append an event of your own that corrects it
plan-no-actor = the author is missing; say who appends with --actor
window-plan-no-actor = the author is missing; say who appends
plan-no-reason = the reason is missing; say why with --reason
window-plan-no-reason = the reason is missing; say why
plan-payload-not-json = the payload is not JSON. { $detail }
plan-payload-twice = the field “{ $name }” stands in the payload twice; leave one of the two out
plan-no-type = the event type is empty
plan-nothing-loaded = { $stream } is not loaded whole; try again when it is
edit-no-event = there is no version { $version } in this stream; remove the edit, or choose another version
edit-other-event = version { $version } is another event than the one this edit was made for; the store was replaced since
edit-not-a-path = “{ $path }” is not a field's name; write it as the payload does, a field inside another behind a dot
edit-no-place = the payload of version { $version } has no place for “{ $path }”; change the whole payload instead
sample-no-home = there is no home folder to keep the sample in; make one with `foldline sample FILE`
window-sample-no-home = there is no home folder to keep the sample in; make one with the HOME variable set, or open a store of your own
sample-nothing = a sample needs at least one stream and one event
sample-too-few-events = { $events } events are too few for { $streams } streams; ask for at least one event a stream
sample-only-lead-1 = a sample of one stream is lead-1 alone, which has { $events } events; ask for more streams, or fewer events
sample-too-many = a sample has at most { $events } events in { $streams } streams; ask for fewer
sample-not-empty = { $path }: a sample is written into a new store, and this one has events; name another file
sample-story = the sample's story came to a point that the rules forbid ({ $breach }); try another seed
problem-payload = { $event }: { $flaw }
problem-guess = { $event } is taken for { $kind }, which is a guess
problem-failed = the projection failed: { $detail }
problem-fault = the projection failed: { $fault }
problem-too-large = the projection failed: its state would take { $bytes } bytes, and { $limit } is the limit
fault-at = line { $line }, column { $column }: { $fault }
fault-syntax = this is no JavaScript: { $words }
fault-unclosed = the file ends before this { $bracket } is closed
fault-thrown = { $words }
fault-too-long = it ran longer than { $milliseconds } ms
fault-given-up = not run: the projection was given up; functions ended by then for more than { $milliseconds } ms or { $mebibytes } MiB: { $times }
fault-given-up-at = not run: the projection was given up at { $event }; functions ended by then for more than { $milliseconds } ms or { $mebibytes } MiB: { $times }
fault-too-much-memory = it took more than { $mebibytes } MiB of memory
fault-too-deep = its functions call each other without end
fault-promise = it leaves a promise, and nothing runs after it: a handler cannot be async, await or use then()
fault-state-too-large = its state would take { $bytes } bytes, and { $limit } is the limit
problem-kept = { $words }
flaw-not-json = the payload is not JSON: { $detail }
flaw-not-an-object = the payload is not an object
flaw-not-a-time = { $field } is not a time: { $text }
flaw-unknown = { $field } is unknown: { $text }
condition-empty = Nothing is asked; write a condition, like status == "CLOSED".
condition-too-long = The condition is longer than { $most } letters; shorten it.
condition-too-deep = The condition is nested too deep; write it in fewer brackets.
condition-letter = “{ $letter }” means nothing here.
condition-open-text = This text has no closing quote.
condition-escape = This \ stands for nothing; write \\ for the letter itself.
condition-number = { $text } is not a number that can be compared.
condition-large-number = { $text } is too large: whole numbers go up to 9223372036854775807, those with a u behind them to 18446744073709551615, and others to 1.7e308.
condition-unexpected = “{ $word }” cannot stand here.
condition-unfinished = The condition breaks off here; something must follow.
condition-no-field = No field { $name }.
condition-no-part = An event has no { $name }; it has type, version, recorded_at, actor, reason, id and payload.
condition-no-function = There is no function { $name }.
condition-arguments = { $function } is written { $takes }; here it has { $given } between its brackets.
condition-variable = { $function } begins with a name for each item: { $function }(item, item == 1).
condition-pattern = “{ $text }” is not a pattern.
condition-time = “{ $text }” is not a time; write it like 2025-01-01T01:00:05Z.
condition-length = “{ $text }” is not a length of time; write it like 36h or 1h30m.
condition-zone = “{ $name }” is no clock that conditions know: they hold no table of places; write how far it is ahead of UTC, like +09:00.
condition-bytes = Conditions have no bytes.
condition-too-many-steps = The condition takes too many steps for one event; look at fewer items at once.
condition-too-many-steps-in-all = The condition takes too many steps over all these events; look at fewer items of each, or at one stream.
condition-instead = { $what } Did you mean { $instead }?
doubt-compare = { $one } and { $two } cannot be compared
doubt-reckon = { $one } and { $two } cannot be reckoned with
doubt-no-condition = { $kind } is neither true nor false
doubt-takes = { $function } cannot take { $kind }
doubt-no-item = the list has no such item
doubt-by-nought = nothing can be divided by 0
doubt-too-large = the number is out of range
doubt-zone = “{ $name }” is no clock that is known; write how far it is ahead of UTC, like +09:00
doubt-not-run = the projection was not run there
kind-null = null
kind-bool = yes or no
kind-number = a number
kind-text = text
kind-time = a time
kind-length = a length of time
kind-list = a list
kind-map = an object
kind-kind = a type
breach-while = { $event } while { $status }
window-breach-while = The rules do not allow { $event } while the status is { $status }.
breach-not-begun = { $event } before { $first }
window-breach-not-begun = The rules do not allow { $event } before { $first }.
breach-begun-twice = { $event } a second time
window-breach-begun-twice = The rules allow { $event } only once, and it has happened already.
breach-followup-in-the-past = followup-set to a time before the event itself
window-breach-followup-in-the-past = A follow-up cannot be set to a time before the event itself.
breach-changes-nothing = { $event } changes nothing
window-breach-changes-nothing = { $event } changes nothing here.
breach-names-nothing = { $event } names no event that it compensates
window-breach-names-nothing = { $event } does not name the event that it compensates.
breach-already-compensated = { $event } compensates an event that is compensated already
window-breach-already-compensated = { $event } compensates an event that is compensated already.
breach-compensated-before = this { $event } is compensated already
window-breach-compensated-before = This { $event } is compensated already.
breach-nothing-to-undo = { $event } finds nothing to undo
window-breach-nothing-to-undo = There is nothing here that { $event } could undo.
breach-no-compensation = { $text } has no natural compensation; append an event of your own that corrects it
window-breach-no-compensation = { $text } has no natural compensation. Append an event of your own that corrects it.
breach-changed-later = { $text } of this event was changed again later; compensate the later event instead
window-breach-changed-later = { $text } of this event was changed again later. Compensate the later event instead.
breach-nothing-before = there was no { $text } before this event that could be restored
window-breach-nothing-before = There was no { $text } before this event that could be restored.
breach-escalated-early = escalated before the agent's response time was over
window-breach-escalated-early = The ticket is escalated before the agent's response time is over.
breach-escalated-without-wait = escalated while no customer's message waits for an answer
window-breach-escalated-without-wait = The ticket is escalated while no customer's message waits for an answer.
breach-escalated-twice = escalated a second time
window-breach-escalated-twice = The ticket is escalated a second time.
breach-escalated-closed-by = an escalated ticket closed by the { $text }; only the customer or a manager closes it
window-breach-escalated-closed-by = An escalated ticket is closed by the { $text }. Only the customer or a manager closes it.
breach-closed-early = closed by the system before the customer owed an answer for seven days
window-breach-closed-early = The system closes the ticket before the customer has owed an answer for seven days.
breach-reopened-by = reopened by the { $text }; only the customer reopens a ticket
window-breach-reopened-by = The ticket is reopened by the { $text }. Only the customer reopens a ticket.
breach-reopened-late = reopened more than seven days after it was closed
window-breach-reopened-late = The ticket is reopened more than seven days after it was closed.
breach-moved-unescalated = moved to another agent though the ticket is not escalated
window-breach-moved-unescalated = The ticket is moved to another agent though it is not escalated.
breach-moved-early = moved to another agent before half of the response time was over, or after the agent had opened it
window-breach-moved-early = The ticket is moved to another agent before half of the response time is over, or after the agent has opened it.
breach-unreadable = { $text }
breach-foreign = { $text } is no event of this kind of stream
window-breach-foreign = { $text } is no event of this kind of stream.
error-mapping-not-kept = the mapping could not be kept: { $detail }; look at the settings folder
damage-said = { $words }
damage-unknown-numbers = an event names a stream or a type that is not there
damage-tables-missing = tables are missing
damage-names-unreadable = the names of some streams cannot be read
damage-format-gone = it does not say which format it is in
reads-rules-outside = the framework's own rules for appending cannot be kept from outside; append with the application
reads-framework = Foldline only reads what this framework writes
reads-no-streams = its events belong to queries and not to streams, which Foldline cannot guard
reads-log = a log of events is a record made from other systems; correct it there
reads-mapping = a mapping says how to read a table, not by which rules to write it
reads-file = a file of events is only read; bring it into a store of its own with `foldline import`
window-reads-file = a file of events is only read, so that what it holds stays as it was exported
reads-partitions = the partitions of a projection are only looked at; append to the streams that their events stand in
reads-mirror = this is a mirror, and Foldline only reads what it is a mirror of; append with the application
reads-permissions = the file may only be read; check its permissions
notice-line-unreadable = { $path }: one event could not be read: { $first }
notice-lines-unreadable = { $path }: { $count } events could not be read, the first: { $first }
notice-numbered-by-identifier = its events have no versions: those of each identifier are numbered in their order
notice-numbered-by-time = a log without versions: the events of each object are numbered in the order of their times
notice-numbered-by-recording = some events were appended at any version, and have none: their streams are numbered in the order of recording
notice-messages-gone = messages of this stream are gone ({ $count }): deleted, purged or dropped by its limits; what is left is shown, and `foldline verify` names them
window-notice-messages-gone = messages of this stream are gone ({ $count }): deleted, purged or dropped by its limits; what is left is shown, and the check names them
notice-drops-messages = this stream's limits drop its oldest messages; what is dropped is gone from here too
notice-numbered-where-missing = some events have no number as their { $column }: they are counted in their order
notice-mirror = mirror of { $origin }, { $behind } behind, as of { $at }
notice-mirror-not-known = mirror of { $origin }; how far it is, is known when it follows again
stream-failed = This stream could not be read.

# What cannot be meant in a search.
ask-sql = SQL query…
query-hint = select actor, count(*) from events group by 1 order by 2 desc
query-text = Query
query-ask = Run
query-of-cursor = As of the cursor: { $moment }
query-end = the end of the store
query-position = position { $position }
query-tables = Tables
query-tables-there = { $count ->
    [one] One table; press it to see its rows
   *[other] { $grouped } tables; press one to see its rows
}
query-rows = { $count ->
    [one] 1 row
   *[other] { $grouped } rows
}
query-rows-to = { $count ->
    [one] 1 row, read up to position { $position }
   *[other] { $grouped } rows, read up to position { $position }
}
query-rows-cut = The first { $grouped } rows; there are more. A file takes all of them.
query-copy = Copy rows
query-file = All rows as CSV
query-write = Write file
job-asking-in-SQL = running the query
read-model = Read model…
read-model-about = A projection as a table that any SQL tool reads, in a file of its own or in PostgreSQL. The store is never written to.
read-model-category = Category
read-model-projection = Projection
read-model-into = File or address (a table name may follow #)
read-model-make = Make the table
read-model-catch-up = Catch up
read-model-check = Compare with the events
read-model-up-to-date = Up to date at position { $position }, the end of the store
read-model-behind = { $count ->
    [one] Up to position { $position }; 1 event is not in it yet
   *[other] Up to position { $position }; { $grouped } events are not in it yet
}
read-model-replaced = The store was cut, restored or replaced since; all of it will be made anew
read-model-made = { $table }: { $rows } rows, made
read-model-caught-up = { $count ->
    [one] { $table }: { $rows } rows, caught up with 1 event
   *[other] { $table }: { $rows } rows, caught up with { $events } events
}
read-model-made-definition = { $table }: { $rows } rows, made anew, because the projection is not the one that it was made of
read-model-made-replaced = { $table }: { $rows } rows, made anew, because the store was cut, restored or replaced since
read-model-made-no-order = { $table }: { $rows } rows, made anew, because this store keeps no order by which new events could be told
read-model-made-columns = { $table }: { $rows } rows, made anew, because a value came that did not fit its column
read-model-made-much-new = { $table }: { $rows } rows, made anew, because more was new than was in it
read-model-left-out = Streams of { $categories } have no such projection and are left out
read-model-not-run = { $count ->
    [one] The projection was not run to the end of 1 stream, because it was given up before.
   *[other] The projection was not run to the end of { $grouped } streams, because it was given up before.
}
read-model-failed = { $count ->
    [one] The projection failed in 1 stream, whose row is that of the other events; first at
   *[other] The projection failed in { $grouped } streams, whose rows are those of the other events; first at
}
drift-none = { $rows } rows, each as the events say
drift-found = { $count ->
    [one] 1 difference in { $rows } rows
   *[other] { $grouped } differences in { $rows } rows
}
drift-listed = { $grouped } of them are listed
drift-values = the table has { $table }, the events say { $fold }
drift-missing = has no row in the table
drift-extra = belongs to no stream
job-looking-at-the-table = looking at the table
shared-work = Shared projections…
shared-about = Projections of this store that several machines fold together: who works on what, and how far each is.
shared-not-here = Work can be shared only on a server of NATS JetStream; this store is not on one.
shared-none = No projection of this store is folded by several machines.
shared-help = Help here
shared-help-about = This machine takes a part until everything is folded
shared-work-on = Help with { $name } here
shared-done = { $name }: all folded; { $events } on this machine
shared-into = Results in { $table }
shared-done-all = All folded, position { $position }
shared-behind = { $count ->
    [one] Folded up to position { $position }; 1 event to go
   *[other] Folded up to position { $position }; { $grouped } events to go
}
shared-free = { $count } of { $total } partitions are assigned to nobody
shared-nobody = Nobody is working on it now.
shared-machine = Machine
shared-partitions = Partitions
shared-position = Position
shared-behind-by = Behind
shared-heard = Last heard of
shared-heard-now = just now
shared-heard-ago = { $seconds } s ago
shared-silent = silent for { $seconds } s
job-looking-at-shared-work = looking at shared work
share-not-there = { $place }: work is shared through a server of NATS JetStream; name a store there (nats://host/STORE)
share-name = “{ $name }” is no name for shared work; write it with letters, digits and -
share-other-projection = the shared work { $name } is another projection's; choose another name with --share
window-share-other-projection = the shared work { $name } is another projection's; reload, to see which it is now
share-replaced = the shared work { $name } was begun on what is not in the store any more; choose another name with --share
window-share-replaced = the shared work { $name } was begun on what is not in the store any more; begin it anew under another name
share-none = there is no shared work { $name } here; begin it with `foldline project STORE --share { $name } --projection P`
window-share-none = there is no shared work { $name } here any more
share-goes-into = the shared work { $name } goes into { $into }; say so with --into, or choose another name with --share
window-share-goes-into = the shared work { $name } goes into { $into }, which is not what this machine reaches under that name
share-goes-nowhere = the shared work { $name } goes into no table; leave --into out, or choose another name with --share
window-share-goes-nowhere = the shared work { $name } goes into no table
share-other-table = { $place }: this table is of something else; name another after a #
share-table-gone = { $place }: the table of this shared work is not there any more, or was never in this database; begin anew under another name with --share
window-share-table-gone = { $place }: the table of this shared work is not there any more, or was never in this database; begin anew under another name
model-is-store = { $place }: this is the store itself, and a read model never goes into one; name a file of its own with --into FILE.db
window-model-is-store = { $place }: this is the store itself, and a read model never goes into one; name a file of its own
model-not-ours = { $place }: this is no file of read models that Foldline made, so it is left alone; name one that is not there yet
model-table-taken = { $place }: the table { $table } is there already, and Foldline did not make it; name another after a #
model-same-but-case = { $place }: the table { $there } is there already, and SQLite does not tell { $table } from it, which differs by upper and lower case alone; name another after a #
model-no-name = { $place }: no table can have this name; write one after the #, or leave the # out
model-reserved = { $place }: a table of this name would be taken for one of Foldline's or SQLite's own; name another after the #
model-no-table = { $place }: there is no table { $table }
model-no-table-near = { $place }: there is no table { $table }; there are { $near }
model-no-column = { $place }: the table { $table } has no column { $column }; it has { $known }
model-newer = { $place }: this read model was made by a newer Foldline; update Foldline, or name another table
model-no-category = there is no category { $category } in this store
drift-needs-map = { $place }: Foldline made no such table; name one that it made behind #, or say with --map FILE what the columns of another mean, where FILE says {"{"}"key": "id", "stream": "lead-{"{}"}", "fields": {"{"}"status": "status"{"}}"}
window-drift-needs-map = { $place }: Foldline made no such table; name one that it made behind #
sql-writes = a query only reads here, and { $what }; write a SELECT
sql-several = there is more than one statement; ask them one by one
sql-nothing = this asks for no rows; write a SELECT
sql-too-long = the query was given up after { $seconds } s
sql-no-table = no such table: { $name }; { $hint }
sql-no-column = no such column: { $name }; { $hint }
sql-quoted = there is no column { $name }; text stands in single quotation marks: '{ $text }'
sql-syntax = near { $near }: syntax error
sql-unfinished = the query is not finished
sql-no-function = no such function: { $name }
sql-ambiguous = ambiguous column name: { $name }; write TABLE.{ $name }
sql-said = SQLite says: { $said }
sql-hint-near = did you mean { $names }?
sql-hint-all = there are { $names }
sql-hint-no-table = no table is named
sql-refused-function = the function { $name } reaches further
sql-refused-pragma = PRAGMA { $name } may set something
sql-refused-attach = ATTACH and DETACH reach for files
sql-refused-insert = this would insert or create something
sql-refused-update = UPDATE changes rows
sql-refused-delete = this would delete something
sql-refused-transaction = BEGIN and its kind begin to write
sql-refused-schema = this would create, change or drop something
sql-refused-table = the table { $name } cannot be changed
misread-empty = Nothing stands behind “{ $term }”; write what is looked for there.
misread-time = “{ $text }” is not a time; write it like 2025-03, 2025-03-14, yesterday or 2025-03-14T09:23:41Z.
misread-term = There is nothing like “{ $word }”; did you mean { $meant }? In quotation marks it is found as a word.
misread-field = “{ $text }” names no field; write payload.phone=1111, or payload["a.b"]=1111 where a name has a dot.
misread-quote = This quotation mark is never closed; close it or take it away.
misread-brace = This brace is never closed; close it behind the condition.
