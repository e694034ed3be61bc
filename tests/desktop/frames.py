"""Drags the timeline of a long stream in a real window and turns the wheel over it, without a screen reader, and prints
what the frames cost."""

import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import uuid

import desk
from desk import Display, Eye, Window, until, written_rows, xdotool

desk.SIZE = (1440, 900)
BAR_MS = 8.0
WHOLE_BAR_MS = 16.0
LANES_BAR_MS = 2.0
GUTTER = 300
LANES = ('status == "FOLLOWUP_SET"', "contacts", "status", 'event.type == "contacted"')
"""One of each kind that is drawn: bands, steps, segments and ticks."""
COMPARE_BUTTON = (1024, 74)
"""Right of the projections, once there are two pins."""
MEMORY_BAR_MIB = 1024
"""What the whole process may hold at any time, with the settings as they are before anybody changed them."""
GREETING_PATIENCE = 60
GREETING_BAR_MS = 100.0
"""Of processor time, from the key that opens a store to its greeting; what takes longer to count comes later."""
GREETING_PARTS = {
    # Left, top, width and height of what is looked at, and how many rows stand there once it has come.
    "the list of streams": ((34, 150, 110, 500), 8),
    "the newest streams": ((292, 448, 120, 200), 4),
    "how many events of each type": ((1030, 448, 85, 200), 4),
}
BLINKS = 3
BLINKS_OF_A_LOOK = 6
"""As many are met while it is seen whether the program is idle."""
TICKS_OF_A_BLINK = 4
"""Of a hundredth of a second, on all threads: the pictures are drawn by the processor."""
SWEEPS = 4
STEPS = 100
TURNS = 20
MESSAGES = 20_000


def percentile(costs, share):
    return sorted(costs)[min(len(costs) - 1, int(len(costs) * share))]


def resident_mib(pid, what="VmRSS"):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


def tell_memory(window, when):
    """The system keeps the peak, so that none is missed between two looks."""
    now, peak = (resident_mib(window.process.pid, what) for what in ("VmRSS", "VmHWM"))
    print(f"{now:.0f} MiB {when}, at most {peak:.0f} so far", flush=True)
    return peak


def frames(path):
    return [float(line) for line in pathlib.Path(path).read_text().split()] if os.path.exists(path) else []


def rests(path, blinks=0):
    """Whether no frame has come for a while, or no more than a caret needs that blinks."""
    seen = []

    def is_still():
        seen.append(len(frames(path)))
        return len(seen) > 25 and 0 < seen[-1] <= seen[-25] + blinks

    return is_still


def ticket(binary, folder):
    """A store with one ticket of 20,000 messages."""
    events = os.path.join(folder, "ticket.jsonl")
    store = os.path.join(folder, "ticket.db")
    began = datetime.datetime(2025, 1, 1, 9, tzinfo=datetime.timezone.utc)
    opening = {"ticket-id": 1, "customer": "Kim", "subject": "A long story", "priority": "low"}
    with open(events, "w") as lines:
        for version in range(MESSAGES + 1):
            role, author = (("agent", "lee"), ("customer", "Kim"))[version % 2]
            message = {"role": role, "author": author, "body": f"Message {version}: still looking into it."}
            event = {
                "stream": "ticket-1",
                "version": version,
                "id": str(uuid.uuid5(uuid.NAMESPACE_OID, str(version))),
                "type": "message-posted" if version else "ticket-initialized",
                "schema": 1,
                "recorded_at": (began + datetime.timedelta(minutes=7 * version)).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "payload": message if version else opening,
                "metadata": {"actor": author},
            }
            lines.write(json.dumps(event) + "\n")
    subprocess.run([binary, "import", events, "--into", store], check=True)
    return store


def tell(what, costs, least, bar=BAR_MS):
    assert len(costs) >= least, f"only {len(costs)} frames: nothing moved"
    p50, p95, p99 = (percentile(costs, share) for share in (0.5, 0.95, 0.99))
    kept = "holds" if p95 <= bar else "missed"
    print(f"{what}: {len(costs)} frames: p50 {p50:.1f}, p95 {p95:.1f}, p99 {p99:.1f} ms;", end=" ")
    print(f"the bar of {bar:.0f} ms at p95 {kept}")


def sweep(path, y, left, right, is_at_rest, **patience):
    """What the frames cost while the cursor is dragged to and fro, until the window is at rest again."""
    width, _ = desk.SIZE
    before = len(frames(path))
    xdotool("mousemove", width // 2, y, "mousedown", 1)
    for way in range(SWEEPS):
        for step in range(STEPS):
            share = step / STEPS if way % 2 == 0 else 1 - step / STEPS
            shown = len(frames(path))
            xdotool("mousemove", int(left + (width - right - left) * share), y)
            # The next move waits for the picture of this one, as a hand does.
            until(lambda: len(frames(path)) > shown, "the next frame")
    xdotool("mouseup", 1)
    until(is_at_rest, "the window to rest", **patience)
    return frames(path)[before:]


def turn_the_wheel(window, path):
    before = len(frames(path))
    for button in (4, 5) * SWEEPS:
        for _ in range(TURNS):
            shown = len(frames(path))
            xdotool("click", button)
            until(lambda: len(frames(path)) > shown, "the next frame")
    until(rests(path), "the window to rest")
    return frames(path)[before:]


def add_lanes(window, path):
    for lane in LANES:
        window.press("l")
        until(rests(path, BLINKS), "the field of a lane")
        xdotool("type", "--delay", 20, lane)
        window.press("Return")
        until(rests(path, BLINKS), "the lane to be added")
        window.press("Escape")
        until(rests(path), f"the lane of {lane}")


def main(binary, store=None, stream=None):
    # Named from where we stand; the window runs elsewhere.
    binary = os.path.abspath(binary)
    with tempfile.TemporaryDirectory() as home:
        if store is None:
            store = os.path.join(home, "long.db")
            subprocess.run([binary, "sample", store, "--streams", "2", "--events", "200007"], check=True)
            measure(binary, home, store, "lead-2")
            measure_lanes(binary, home, store, "lead-2")
            measure(binary, home, ticket(binary, home), "ticket-1")
        else:
            # A path; anything else is an address.
            store = os.path.abspath(store) if os.path.exists(store) else store
            if stream == "--whole":
                if not measure_whole(binary, home, store):
                    sys.exit("the process took more memory than it may")
            elif stream == "--greeting":
                measure_greeting(binary, home, store)
            elif stream == "--lanes":
                measure_lanes(binary, home, store, "lead-2")
            else:
                measure(binary, home, store, stream or "lead-2")


def measure(binary, home, store, stream):
    costs = os.path.join(home, f"{stream}.txt")
    display = Display(with_screen_reader=False)
    window = Window(binary, store, stream, "--frame-times", costs, home=home)
    try:
        window.until(window._focus, "a window")
        width, height = desk.SIZE
        xdotool("windowsize", window.number, width, height)
        until(rests(costs), "the stream to have come")
        opened = resident_mib(window.process.pid)
        ticks = window.ticks()
        y = height - 26 - 60
        tell(f"{stream}, scrubbed", sweep(costs, y, 30, 30, rests(costs)), SWEEPS * STEPS)
        tell(f"{stream}, gone nearer and away", turn_the_wheel(window, costs), 2 * SWEEPS * TURNS)
        print(f"{opened:.0f} MiB after opening, {resident_mib(window.process.pid):.0f} MiB after scrubbing")
        print(f"{ticks * 10} ms of processor time until the stream was shown and the window rested")
    finally:
        window.end()
        display.close()


def measure_lanes(binary, home, store, stream):
    """The same drag and the same turns of the wheel without lanes and with them."""
    costs = os.path.join(home, f"{stream}-lanes.txt")
    display = Display(with_screen_reader=False)
    window = Window(binary, store, stream, "--frame-times", costs, home=home)
    try:
        window.until(window._focus, "a window")
        xdotool("windowsize", window.number, *desk.SIZE)
        until(rests(costs), "the stream to have come")
        y = desk.SIZE[1] - 26 - 60

        def moved():
            scrubbed = sweep(costs, y, GUTTER, 30, rests(costs))
            return {"scrubbed": scrubbed, "gone nearer and away": turn_the_wheel(window, costs)}

        without = moved()
        add_lanes(window, costs)
        take_picture("lanes")
        with_lanes = moved()
        for what, bare in without.items():
            tell(f"{stream} without lanes, {what}", bare, len(bare) // 2)
            tell(f"{stream} with {len(LANES)} lanes, {what}", with_lanes[what], len(bare) // 2)
            added = percentile(with_lanes[what], 0.95) - percentile(bare, 0.95)
            kept = "holds" if added <= LANES_BAR_MS else "missed"
            print(f"the lanes add {added:.1f} ms at p95; the bar of {LANES_BAR_MS:.0f} ms {kept}")
    finally:
        window.end()
        display.close()


def measure_greeting(binary, home, store):
    """From the key that opens a store to its list, its newest streams and its counts, as they come."""
    display = Display(with_screen_reader=False)
    path = os.path.join(home, "greeting.txt")
    window = Window(binary, "--frame-times", path, home=home)
    eye = Eye()
    try:
        window.until(window._focus, "a window")
        xdotool("windowsize", window.number, *desk.SIZE)
        until(rests(path, BLINKS), "the welcome")
        window.press("ctrl+shift+o")
        until(rests(path, BLINKS), "the dialog")
        xdotool("type", "--delay", 5, store)
        until(rests(path, BLINKS), "the path")
        began, worked = time.monotonic(), window.work_ms()
        window.press("Return")
        came = {}
        while time.monotonic() < began + GREETING_PATIENCE and len(came) < len(GREETING_PARTS):
            for name, (place, least) in GREETING_PARTS.items():
                if name not in came and written_rows(eye.lines(*place)) >= least:
                    came[name] = (time.monotonic() - began) * 1e3, window.work_ms() - worked
            # Whoever looks takes little of the machine.
            time.sleep(0.002)
        take_picture("greeting-first")
        for name in GREETING_PARTS:
            assert name in came, f"{name} did not come"
            took, work = came[name]
            print(f"{name}: {took:.0f} ms after the key, {work:.0f} ms of processor time")
        work = max(work for _, work in came.values())
        kept = "holds" if work <= GREETING_BAR_MS else "missed"
        print(f"from opening to greeting: {work:.0f} ms of processor time; the bar of {GREETING_BAR_MS:.0f} ms {kept}")
        until(idles(window), "the store to have been read", patience=600)
        took, work = (time.monotonic() - began) * 1e3, window.work_ms() - worked
        print(f"all of it known, and the window at rest: {took:.0f} ms, {work:.0f} ms of processor time")
        take_picture("greeting-whole")
    finally:
        window.end()
        display.close()


def take_picture(name):
    """For whoever wants to see what was measured."""
    picture = os.environ.get("FOLDLINE_PICTURE")
    if picture:
        subprocess.run(["import", "-window", "root", f"{picture}-{name}.png"], check=False)


def idles(window, blinks=0):
    """Whether the program has had nothing to do for a while, behind the scenes neither, but for frames of a caret that
    blinks. Where it has something to do, it is at work nearly all of the time."""
    seen = []

    def is_idle():
        seen.append(window.ticks())
        return len(seen) > 100 and seen[-1] - seen[-100] < 5 + TICKS_OF_A_BLINK * blinks

    return is_idle


# Where the timeline of the whole store begins and ends, and how far above the lower edge it lies.
WHOLE_LEFT, WHOLE_RIGHT, WHOLE_ABOVE = 300, 40, 26 + 110


def drag_whole(window, costs, name):
    """What the frames cost while the cursor of the whole store is dragged to and fro."""
    y = desk.SIZE[1] - WHOLE_ABOVE
    dragged = sweep(costs, y, WHOLE_LEFT, WHOLE_RIGHT, idles(window), patience=600)
    tell(f"the whole store dragged, {name}", dragged, SWEEPS * STEPS, WHOLE_BAR_MS)


def go_to_share(share):
    """A press into the timeline of the whole store."""
    width, height = desk.SIZE
    across = width - WHOLE_LEFT - WHOLE_RIGHT
    xdotool("mousemove", int(WHOLE_LEFT + across * share), height - WHOLE_ABOVE, "click", 1)


def measure_whole(binary, home, store):
    """The cursor of the whole store, dragged over its table, and then what else takes memory: two moments compared, the
    audit trail and a search. The whole process stays within its budget all the time."""
    costs = os.path.join(home, "whole.txt")
    display = Display(with_screen_reader=False)
    window = Window(binary, store, "--frame-times", costs, home=home)

    def rest(what, blinks=0):
        until(idles(window, blinks), what, patience=900)

    try:
        window.until(window._focus, "a window")
        width, height = desk.SIZE
        xdotool("windowsize", window.number, width, height)
        rest("the store to have come")
        # The second of the lenses; where its button stands follows the store's name.
        xdotool("key", "ctrl+2")
        # What happened when is read behind the scenes, and shown as it comes; so are the counts at the right.
        rest("the store to have been read")
        tell_memory(window, "with the table and its counts")
        take_picture("table")
        drag_whole(window, costs, "as it is")
        tell_memory(window, "afterwards")
        # The heading of the first column, at the end of the store, where the table is largest.
        go_to_share(1)
        rest("the end of the store")
        xdotool("mousemove", 300, 150, "click", 1)
        rest("the table to have been sorted")
        tell_memory(window, "with all of it sorted")
        take_picture("sorted")
        drag_whole(window, costs, "while all is sorted")
        tell_memory(window, "afterwards")
        for share, pin in ((0.4, "a"), (0.8, "b")):
            go_to_share(share)
            rest("the table at a moment")
            xdotool("key", pin)
            rest("the pin")
        take_picture("pinned")
        # “Compare A and B”, which stands over the table as soon as there are two pins.
        xdotool("mousemove", *COMPARE_BUTTON, "click", 1)
        rest("the moments to be compared")
        tell_memory(window, "with two moments compared")
        take_picture("compared")
        xdotool("key", "ctrl+3")
        rest("the audit trail")
        tell_memory(window, "with the audit trail")
        xdotool("key", "ctrl+f")
        # What is typed before the field has the keyboard are commands, of which one plays the whole store.
        until(rests(costs, BLINKS), "the field of the search")
        xdotool("type", "--delay", 20, "actor:kim 010")
        xdotool("key", "Return")
        # The keyboard stays in the field.
        rest("what is searched", BLINKS_OF_A_LOOK)
        take_picture("found")
        peak = tell_memory(window, "with a search")
        kept = "holds" if peak <= MEMORY_BAR_MIB else "missed"
        print(f"peak of the whole process: {peak:.0f} MiB; the bar of {MEMORY_BAR_MIB} MiB {kept}")
        return peak <= MEMORY_BAR_MIB
    finally:
        window.end()
        display.close()


main(*sys.argv[1:])
