"""What people do with Foldline, done in a real window, and checked against what the command line says."""

import json
import os
import subprocess
import sys
import tempfile
import time
import unittest

from desk import PATIENCE, Display, Window, brightness, content, has_focus, until, xdotool

BINARY = os.path.abspath(sys.argv.pop(1))


def foldline(*words):
    """What the command line answers, as data."""
    command = [BINARY, *map(str, words), "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return json.loads(done.stdout)


class Journey(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.display = Display()
        cls.addClassCleanup(cls.display.close)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = folder.name

    def window(self, *arguments):
        window = Window(BINARY, *arguments, home=self.home)
        self.addCleanup(window.end)
        window.begin()
        return window

    def store(self):
        path = os.path.join(self.home, "sales.db")
        subprocess.run([BINARY, "sample", path, "--events", "3000", "--seed", "1"], check=True, capture_output=True)
        return path

    def assert_state_is_that_of(self, window, store, stream, version):
        state = foldline("show", store, stream, "--at", version)["state"]
        window.wait_for_version(version)
        for field in ("status", "name"):
            value = state[field]
            window.until(lambda: field in window.names() and value in window.names(), f"{field} {value}")


class Newcomer(Journey):
    def test_three_clicks_from_nothing_to_lead_1_at_version_4_and_who_set_each_field(self):
        window = self.window()
        window.click("Explore the sample", "push button", "button")
        window.wait_for("aaa, lead-1", "tree item")
        window.until(lambda: window.shows("State at version 6"), "the end of lead-1")
        window.click("v4 contacted")
        window.wait_for_version(4)
        self.assertLessEqual(window.clicks, 3)
        store = os.path.join(self.home, "foldline", "sample.db")
        rows = [row for row in foldline("blame", store, "lead-1", "--at", 4) if row["version"] is not None]
        self.assertGreater(len(rows), 5)
        # Room for every field at once.
        window.click("Fold: History")
        for row in rows:
            # The version of the state as a whole stands in its heading.
            if row["field"] != "version":
                window.wait_for(f"{row['field']} was set in version {row['version']} by {row['actor']}")


class Looking(Journey):
    def test_scrubbing_by_mouse_and_keys_shows_what_the_command_line_says_of_that_version(self):
        store = self.store()
        last = foldline("info", store)
        self.assertGreater(last["events"], 1000)
        window = self.window(store, "lead-4", "--at", 20)
        self.assert_state_is_that_of(window, store, "lead-4", 20)
        line = window.place(window.wait_for("Version", "slider"))
        at = lambda share: line.x + int(line.width * share)
        window.drag(at(20 / 30), at(0.25), line.y + line.height // 2, lambda: 5 <= window.version() <= 9)
        dragged = window.version()
        self.assert_state_is_that_of(window, store, "lead-4", dragged)
        window.press("Left")
        self.assert_state_is_that_of(window, store, "lead-4", dragged - 1)
        window.press("shift+Right")
        self.assert_state_is_that_of(window, store, "lead-4", dragged + 9)
        window.press("End")
        self.assert_state_is_that_of(window, store, "lead-4", 30)
        window.press("Home")
        self.assert_state_is_that_of(window, store, "lead-4", 0)

    def test_an_idle_window_takes_no_processor_time(self):
        window = self.window(self.store(), "lead-1")
        window.wait_for("State at version 6")
        still_for = 3.0
        seen = [(window.ticks(), time.monotonic())]

        def is_idle():
            now = window.ticks()
            if now != seen[0][0]:
                seen[0] = (now, time.monotonic())
            return time.monotonic() - seen[0][1] >= still_for

        until(is_idle, f"{still_for:.0f} s in a row without work")


class Copying(Journey):
    def test_what_is_copied_in_one_program_is_pasted_in_another(self):
        window = self.window(self.store(), "lead-1")
        window.wait_for("State at version 6")
        window.click("Copy link")
        window.wait_for("Link copied")
        # It holds what was copied, and lies in nobody's way.
        xdotool("windowunmap", window.number)
        other = self.window()
        other.press("ctrl+k")
        field = lambda: other.find("Search or run a command", "entry", "text")
        other.until(lambda: has_focus(field()), "the palette")
        other.press("ctrl+v")
        other.until(lambda: content(field()).startswith("foldline:"), "the link")


class Correcting(Journey):
    def about_to_correct(self, store):
        """Version 3 of lead-1, with its correction planned and signed."""
        window = self.window(store, "lead-1", "--at", 3)
        window.wait_for_version(3)
        window.click("read-only")
        window.click("Switch writing on", "push button", "button")
        window.wait_for("writing on")
        window.click("Compensate…")
        window.wait_for("Compensate version 3")
        window.type_into("Author", "kim")
        window.type_into("Reason", "the first spelling was right")
        window.wait_for("contact-details-updated would be recorded as version 7")
        return window

    def test_a_correction_made_in_the_window_is_read_by_the_command_line_and_the_store_is_intact(self):
        store = self.store()
        window = self.about_to_correct(store)
        self.assertEqual(foldline("show", store, "lead-1")["version"], 6, "written before it was asked for")
        window.click("Append", "push button", "button")
        window.wait_for_version(7)
        [event] = foldline("events", store, "lead-1", "--from", 7)
        self.assertEqual(event["type"], "contact-details-updated")
        self.assertEqual(event["payload"], {"name": "aab"})
        self.assertEqual(event["metadata"]["actor"], "kim")
        self.assertEqual(event["metadata"]["reason"], "the first spelling was right")
        self.assert_state_is_that_of(window, store, "lead-1", 7)
        self.assertEqual(foldline("verify", store), {"ok": True, "findings": []})


    def test_when_another_program_was_quicker_what_came_is_told_and_the_correction_goes_behind_it(self):
        store = self.store()
        window = self.about_to_correct(store)
        other = ["append", store, "lead-1", "--type", "contact-details-updated", "--payload", '{"phone": "9999"}']
        foldline(*other, "--expect", 6, "--actor", "lee", "--reason", "a new number")
        window.until(lambda: any("Somebody was quicker" in name for name in window.names()), "what came first")
        window.wait_for("contact-details-updated would be recorded as version 8")
        window.click("Append behind version 7", "push button", "button")
        window.wait_for_version(8)
        events = foldline("events", store, "lead-1", "--from", 7)
        told = [(event["metadata"]["actor"], event["payload"]) for event in events]
        self.assertEqual(told, [("lee", {"phone": "9999"}), ("kim", {"name": "aab"})])
        self.assertEqual(foldline("verify", store), {"ok": True, "findings": []})


class Debugging(Journey):
    def test_a_lane_turns_at_the_versions_that_the_command_line_names(self):
        store = self.store()
        condition = 'status == "FOLLOWUP_SET"'
        turns = [turn["version"] for turn in foldline("when", store, "lead-1", condition)]
        self.assertGreater(len(turns), 1)
        window = self.window(store, "lead-1", "--at", 0)
        window.wait_for_version(0)
        window.type_into("Add a lane", condition)
        window.press("Return")
        window.until(lambda: any("true once, 3 events" in name for name in window.names()), "the lane")
        window.press("Escape")
        for version in turns:
            window.press("t")
            window.wait_for_version(version)
        for version in reversed(turns[:-1]):
            window.press("shift+t")
            window.wait_for_version(version)

    def test_what_if_writes_nothing_until_it_is_made_so(self):
        store = self.store()
        [differs] = foldline("what-if", store, "lead-1", "--skip", 3)["diff"]
        window = self.window(store, "lead-1", "--at", 3)
        window.wait_for_version(3)
        window.click("What if…")
        window.wait_for("What if — nothing is written")
        window.click("Add an edit…")
        window.click("Leave this event out")
        window.wait_for("as v7")
        self.assertEqual(foldline("show", store, "lead-1")["version"], 6, "written before it was asked for")
        window.click("Make this so…")
        window.type_into("Author", "kim")
        window.type_into("Reason", "the first spelling was right")
        window.click("Append 1 event", "push button", "button")
        window.click("Switch writing on", "push button", "button")
        window.wait_for_version(7)
        self.assertEqual(foldline("show", store, "lead-1")["state"][differs["field"]], differs["after"])
        self.assertEqual(foldline("verify", store), {"ok": True, "findings": []})


BALANCE = """fromCategory('account').foreachStream().when({
$init: () => ({ balance: 0, entries: 0 }),
deposited(s, e) {
s.balance += e.data.amount;
s.entries += 1;
},
withdrawn(s, e) {
s.balance -= e.data.amount;
s.entries += 1;
},
})"""


class Projecting(Journey):
    def test_a_projection_over_a_bank_is_edited_scrubbed_and_mended_at_its_faulty_line(self):
        store, path = (os.path.join(self.home, name) for name in ("bank.db", "balance.js"))
        subprocess.run([BINARY, "sample", store, "--domain", "bank"], check=True, capture_output=True)
        with open(path, "w") as file:
            file.write(BALANCE)
        events = foldline("events", store, "account-2")
        told = lambda version: foldline("show", store, "account-2", "--at", version, "--projection", path)["state"]
        last, withdrawn = events[-1]["version"], next(e["version"] for e in events if e["type"] == "withdrawn")
        window = self.window(store, "account-2", path)
        source = "Source of balance.js"
        window.wait_for(source)
        self.wait_for_field(window, "balance", told(last)["balance"])
        # Edited: each entry counts for ten.
        edited = BALANCE.replace("s.entries += 1", "s.entries += 10")
        self.write(window, source, edited)
        self.wait_for_field(window, "entries", 10 * told_entries(events))
        until(lambda: open(path).read() == edited, "what was typed in its file")
        # Scrubbed: the state of each version is the one that the command line tells.
        window.press("Escape")
        window.until(lambda: not has_focus(window.find(source)), "the end of typing")
        window.press("Home")
        window.wait_for_version(0)
        for version in range(1, withdrawn + 1):
            window.press("Right")
            window.wait_for_version(version)
            self.wait_for_field(window, "entries", told(version)["entries"])
        # Line by line inside of an event.
        window.press("comma")
        window.wait_for(f"version {withdrawn}, line 8")
        # The faulty line is marked, with its event, and mended by a press.
        self.write(window, source, edited.replace("-= e.data.amount", "-= e.data.amuont.value"))
        window.until(lambda: any(name.startswith("Line 8, column") for name in window.names()), "the faulty line")
        window.click(f"account-2 v{withdrawn} ↗")
        window.wait_for_version(withdrawn)
        window.click("Replace with amount")
        window.until(lambda: "e.data.amount.value" in open(path).read(), "the word that was meant")

    def write(self, window, source, text):
        box = window.place(window.wait_for(source))
        xdotool("mousemove", max(box.x, 0) + 400, max(box.y, 0) + 60, "click", 1)
        window.until(lambda: has_focus(window.find(source)), "the focus in the source")
        window.press("ctrl+a")
        for number, line in enumerate(text.splitlines()):
            if number > 0:
                window.press("Return")
            xdotool("type", "--delay", 2, line)

    def wait_for_field(self, window, field, value):
        window.wait_for(f"{field}: {value:,}")


def told_entries(events):
    return sum(event["type"] in ("deposited", "withdrawn") for event in events)


class Remembering(Journey):
    def test_theme_language_and_store_are_as_they_were_left(self):
        store = self.store()
        window = self.window(store, "lead-1")
        window.wait_for("State at version 6")
        until(lambda: brightness() < 80, "a dark window")
        window.run("Light or dark")
        until(lambda: brightness() > 200, "a light window")
        window.click("한국어")
        window.wait_for("버전 6의 상태")
        window.close()
        again = self.window()
        again.wait_for("샘플 둘러보기")
        until(lambda: any(store in name for name in again.names()), "the store among the recent ones")
        until(lambda: brightness() > 200, "a light window from the start")


class WithoutAWindow(unittest.TestCase):
    def start(self, *before, **environment):
        kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
        return subprocess.run(
            [*before, BINARY], env={**kept, **environment}, capture_output=True, text=True, timeout=PATIENCE
        )

    def assert_one_line_with(self, done, *parts):
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
        for part in (*parts, "the commands", "foldline help"):
            self.assertIn(part, done.stderr)
        for part in ("panic", ".rs:"):
            self.assertNotIn(part, done.stderr)

    def test_without_a_display_it_says_so_and_that_the_commands_work(self):
        self.assert_one_line_with(self.start(), "no display")

    def test_a_display_that_does_not_answer_is_named(self):
        self.assert_one_line_with(self.start(DISPLAY=":64999"), "display :64999 does not answer")

    def test_a_missing_library_is_named_by_its_package(self):
        display = Display()
        self.addCleanup(display.close)
        for library, package in {"libxkbcommon-x11.so.0": "libxkbcommon-x11-0", "libXcursor.so.1": "libxcursor1"}.items():
            with self.subTest(library):
                # In a view of the file system of its own, where that library is an empty file.
                hide = f'mount --bind /dev/null "$(readlink -f "{place_of(library)}")" && exec "$0"'
                done = self.start("unshare", "--mount", "--map-root-user", "sh", "-c", hide, DISPLAY=display.name)
                self.assert_one_line_with(done, "apt install", package)


class Measuring(Journey):
    def test_the_frames_of_a_program_and_store_named_from_here_are_measured(self):
        frames = os.path.join(os.path.dirname(os.path.abspath(__file__)), "frames")
        store = self.store()
        here = os.path.dirname(store)
        names = [os.path.relpath(BINARY, here), os.path.basename(store)]
        done = subprocess.run([frames, *names, "lead-4"], cwd=here, capture_output=True, text=True, timeout=600)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("p95", done.stdout)


def place_of(library):
    listed = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    return next(line.split(" => ")[1] for line in listed.splitlines() if line.strip().startswith(library + " "))


if __name__ == "__main__":
    unittest.main(verbosity=2)
