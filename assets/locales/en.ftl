app-name = Foldline
tagline = Any aggregate, at any version
explore-sample = Explore the sample
open-file = Open a store…
close-store = Close the store
step-forward = Next event
step-back = Event before
ten-forward = Ten events on
ten-back = Ten events back
first-event = First event
last-event = Last event
play = Play
stop = Stop
pin-a = Pin A here
pin-b = Pin B here
focus-filter = Filter streams
toggle-theme = Light or dark
toggle-language = 한국어
toggle-zone = UTC or local time
show-keys = Keys
dismiss = Close
welcome-path = Path of a store
welcome-path-hint = /path/to/store.db
welcome-go = Open
welcome-drop = …or drop a file here
welcome-recent = Opened lately
welcome-sample-about = Some 31,000 events of leads and tickets, in English and Korean. Nothing to set up.
streams = Streams
streams-filter = Filter streams
streams-none = No stream has this in its name
streams-more = { $shown } of { $total } listed; filter to find others
sort-began = as begun
sort-recent = recent
sort-name = by name
sort-longest = longest
sort = Order
state-at = State at version { $version }
fields-changed = { $count ->
    [0] no field changed
    [one] 1 field changed
   *[other] { $count } fields changed
}
set-by = set by
was = was { $value }
was-empty = was empty
removed = removed
go-to-version = Go to version { $version }
history = History
history-events = { $count ->
    [one] 1 event
   *[other] { $count } events
}
col-version = v
col-when = when
col-event = event
col-who = who
col-changed = changed
event = Event
event-version = Event · v{ $version }
position = position { $position }
when = when
who = who
why = why
caused-by = caused by
led-to = led to
corrects = corrects
payload-as-read = Payload, as read
as-stored = As stored, schema { $schema }
metadata = Metadata
copy = Copy
no-time = no time recorded
finding = breaks a rule
pick-stream = Pick a stream on the left to see what was true at every version.
loading = { $what }: { $done } of { $total }
cancel = Cancel
retry = Try again
read-only = read-only
version-of = v{ $version } of { $last }
timeline = Version
timeline-go = Version or time
projection-state = State
projection-search = Search
projection-analysis = Analysis
projection-service = Service
projection-fields = Fields
status-events = { $count } events
status-streams = { $count } streams
keys-title = Keys
dark = Dark
light = Light
by-time = by time
by-version = by version
store-menu = Open, sample, recent stores
toggle-writing = Switch writing on or off for this store
writing-on = writing on
writing-off = This store is read-only: switch writing on in the bar above to append.
compensate = Compensate…
compensate-title = Compensate version { $version }
compensate-natural = Natural compensation
compensate-free = Event of your own
compensate-type = Type of the event
compensate-payload = Payload, as JSON
compensate-actor = Author
compensate-reason = Reason
preview = { $type } would be recorded as version { $version }
preview-nothing = No field changes.
conflict = Somebody was quicker. These events came first; the preview now stands on them.
same-fields = changes the same fields
append = Append
compare = Compare
compare-of = v{ $a } beside v{ $b }
compare-needs-pins = Pin two versions to compare them: A and B set the pins where the cursor stands.
fields-differ = { $count ->
    [0] no field differs
    [one] 1 field differs
   *[other] { $count } fields differ
}
hide-equal = Hide equal fields
