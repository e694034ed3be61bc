"""Drags the timeline of a long stream in a real window, without a screen reader, and prints what the frames cost."""

import os
import pathlib
import subprocess
import sys
import tempfile

import desk
from desk import Display, Window, until, xdotool

desk.SIZE = (1440, 900)
BAR_MS = 8.0
SWEEPS = 4
STEPS = 100


def percentile(costs, share):
    return sorted(costs)[min(len(costs) - 1, int(len(costs) * share))]


def resident_mib(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def frames(path):
    return [float(line) for line in pathlib.Path(path).read_text().split()] if os.path.exists(path) else []


def rests(path):
    """Whether no frame has come for a while."""
    seen = []

    def is_still():
        seen.append(len(frames(path)))
        return len(seen) > 25 and seen[-1] == seen[-25] > 0

    return is_still


def main(binary, store=None, stream="lead-2"):
    with tempfile.TemporaryDirectory() as home:
        if store is None:
            store = os.path.join(home, "long.db")
            subprocess.run([binary, "sample", store, "--streams", "2", "--events", "200007"], check=True)
        elif os.path.exists(store):
            # A path; anything else is an address.
            store = os.path.abspath(store)
        costs = os.path.join(home, "frames.txt")
        display = Display(with_screen_reader=False)
        window = Window(binary, store, stream, "--frame-times", costs, home=home)
        try:
            window.until(window._focus, "a window")
            width, height = desk.SIZE
            xdotool("windowsize", window.number, width, height)
            until(rests(costs), "the stream to have come")
            opened = resident_mib(window.process.pid)
            ticks = window.ticks()
            before = len(frames(costs))
            y = height - 26 - 60
            xdotool("mousemove", width // 2, y, "mousedown", 1)
            for sweep in range(SWEEPS):
                for step in range(STEPS):
                    share = step / STEPS if sweep % 2 == 0 else 1 - step / STEPS
                    shown = len(frames(costs))
                    xdotool("mousemove", int(30 + (width - 60) * share), y)
                    # The next move waits for the picture of this one, as a hand does.
                    until(lambda: len(frames(costs)) > shown, "the next frame")
            xdotool("mouseup", 1)
            until(rests(costs), "the window to rest")
            scrubbed = frames(costs)[before:]
            assert len(scrubbed) >= SWEEPS * STEPS, f"only {len(scrubbed)} frames: the line was not dragged"
            p50, p95, p99 = (percentile(scrubbed, share) for share in (0.5, 0.95, 0.99))
            kept = "holds" if p95 <= BAR_MS else "missed"
            print(f"{len(scrubbed)} frames at {width}x{height}: p50 {p50:.1f}, p95 {p95:.1f}, p99 {p99:.1f} ms;", end=" ")
            print(f"the bar of {BAR_MS:.0f} ms at p95 {kept}")
            print(f"{opened:.0f} MiB after opening, {resident_mib(window.process.pid):.0f} MiB after scrubbing")
            print(f"{ticks * 10} ms of processor time until the stream was shown and the window rested")
        finally:
            window.end()
            display.close()


main(*sys.argv[1:])
