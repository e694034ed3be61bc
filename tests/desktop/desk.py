"""A person at the real window: the built program on a display of its own, read as a screen reader reads it and driven
by mouse and keyboard from outside. Nothing here knows how the window is made."""

import ctypes
import os
import pathlib
import subprocess
import tempfile
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, Gio, GLib  # noqa: E402

PATIENCE = 60.0
"""Seconds: longer than anything takes on a busy machine. Who waits so long has failed."""

SIZE = (1280, 800)


def until(ready, what, patience=PATIENCE, told=lambda: ""):
    """Asks again and again until the answer is yes, and gives that answer back."""
    end = time.monotonic() + patience
    while True:
        answer = ready()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience:.0f} s in vain for {what}\n{told()}")
        time.sleep(0.02)


class Display:
    """A screen in memory, on whatever number is free, and the bus that screen readers use."""

    def __init__(self, with_screen_reader=True):
        reading, writing = os.pipe()
        size = f"{SIZE[0]}x{SIZE[1]}x24"
        command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", size, "-noreset", "-nolisten", "tcp"]
        self.server = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
        os.close(writing)
        with os.fdopen(reading) as answer:
            self.name = ":" + answer.readline().strip()
        if self.name == ":":
            raise AssertionError("Xvfb did not start")
        os.environ["DISPLAY"] = self.name
        if not with_screen_reader:
            return
        bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        wish = GLib.Variant("(ssv)", ("org.a11y.Status", "IsEnabled", GLib.Variant("b", True)))
        bus.call_sync(
            "org.a11y.Bus", "/org/a11y/bus", "org.freedesktop.DBus.Properties", "Set", wish, None, 0, 30_000, None
        )
        Atspi.init()

    def close(self):
        self.server.terminate()
        self.server.wait()


class Window:
    """One run of the program. `home` is where it keeps what it remembers."""

    def __init__(self, binary, *arguments, home):
        self.home = pathlib.Path(home)
        # Named from where we stand; it runs elsewhere.
        binary = os.path.abspath(binary)
        folders = {name: str(self.home) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
        environment = {**os.environ, **folders, "LIBGL_ALWAYS_SOFTWARE": "1", "NO_AT_BRIDGE": "0"}
        environment.pop("WAYLAND_DISPLAY", None)
        self.said = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [binary, *map(str, arguments)], env=environment, stdout=self.said, stderr=self.said, cwd=self.home
        )
        self.clicks = 0
        self.number = None

    def begin(self):
        self.until(self._focus, "a window")
        self.until(lambda: len(list(self.nodes())) > 3, "something that a screen reader can read")

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
        self.said.close()

    def _focus(self):
        """Gives it the keyboard, since no window manager is here to do so."""
        found = xdotool("search", "--onlyvisible", "--pid", self.process.pid, "--name", "Foldline", check=False)
        if not found:
            return False
        self.number = found.split()[-1]
        xdotool("windowfocus", self.number, check=False)
        return xdotool("getwindowfocus", "-f", check=False) == self.number

    def until(self, ready, what):
        def still_there():
            if self.process.poll() is not None:
                self.said.seek(0)
                raise AssertionError(f"the program ended while waiting for {what}:\n{self.said.read()}")
            try:
                return ready()
            except GLib.Error:
                # What was being read went away meanwhile.
                return None

        return until(still_there, what, told=self.text)

    # Reading

    def nodes(self):
        """Every widget, from the top left on."""
        desktop = Atspi.get_desktop(0)
        desktop.clear_cache()
        waiting = []
        for index in range(desktop.get_child_count()):
            program = desktop.get_child_at_index(index)
            if program is not None and program.get_process_id() == self.process.pid:
                program.set_cache_mask(Atspi.Cache.NONE)
                waiting.append(program)
        while waiting:
            node = waiting.pop()
            yield node
            children = [node.get_child_at_index(index) for index in range(node.get_child_count())]
            waiting.extend(child for child in reversed(children) if child is not None)

    def names(self):
        return [name for name in (read(node) for node in self.nodes()) if name]

    def text(self):
        try:
            return "\n".join(f"  {node.get_role_name()}: {read(node)}" for node in self.nodes() if read(node))
        except GLib.Error as error:
            return f"(unreadable: {error})"

    def find(self, name, *roles):
        return next((n for n in self.nodes() if read(n) == name and (not roles or n.get_role_name() in roles)), None)

    def wait_for(self, name, *roles):
        return self.until(lambda: self.find(name, *roles), f"“{name}”")

    def shows(self, name):
        return self.find(name) is not None

    def version(self):
        """Where the timeline's slider stands."""
        slider = self.wait_for("Version", "slider")
        return round(slider.get_current_value())

    def wait_for_version(self, version):
        self.until(lambda: self.version() == version, f"version {version}")
        self.wait_for(f"State at version {version}")

    # Driving

    def click(self, name, *roles):
        node = self.wait_for(name, *roles)
        box = self.place(node)
        self.clicks += 1
        xdotool("mousemove", box.x + box.width // 2, box.y + box.height // 2, "click", 1)

    def place(self, node):
        """Where it is on the screen, once it lies still."""
        seen = []

        def is_still():
            box = node.get_extents(Atspi.CoordType.SCREEN)
            seen.append((box.x, box.y, box.width, box.height))
            return box if len(seen) > 1 and seen[-1] == seen[-2] and box.width > 0 else None

        return self.until(is_still, "a place that does not move")

    def drag(self, start, end, y, has_followed, steps=12):
        """Lets go once the window has followed: a person sees where the hand is."""
        xdotool("mousemove", start, y, "mousedown", 1)
        for step in range(1, steps + 1):
            xdotool("mousemove", start + (end - start) * step // steps, y)
        self.until(has_followed, "what is dragged to follow the pointer")
        xdotool("mouseup", 1)

    def press(self, *keys):
        for key in keys:
            xdotool("key", key)

    def type_into(self, name, text):
        self.click(name, "entry", "text")
        self.until(lambda: has_focus(self.find(name, "entry", "text")), f"the focus in “{name}”")
        xdotool("type", "--delay", 5, text)

    def run(self, command):
        """A command by its name, from the palette."""
        self.press("ctrl+k")
        field = lambda: self.find("Search or run a command", "entry", "text")
        self.until(lambda: has_focus(field()), "the palette")
        xdotool("type", "--delay", 5, command)
        self.press("Return")
        self.until(lambda: field() is None, "the end of the palette")

    def close(self):
        """As the cross in a title bar does, and waits for the end."""
        ask_to_close(int(self.number))
        code = self.process.wait(PATIENCE)
        assert code == 0, f"closing ended with {code}"

    def work_ms(self):
        """Processor time since the start, finer than the kernel's ticks, but for that of painting without a graphics
        card, which has threads of its own."""
        painting = 0
        for thread in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            if (thread / "comm").read_text().startswith("llvmpipe"):
                painting += int((thread / "schedstat").read_text().split()[0])
        # The clock that clock_getcpuclockid(3) names.
        return time.clock_gettime((~self.process.pid << 3) | 2) * 1e3 - painting / 1e6

    def ticks(self):
        """Processor time since the start, in the kernel's ticks."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])


def read(node):
    """A widget's name; of a text without a name, what it says."""
    name = node.get_name()
    if name:
        return name
    try:
        return Atspi.Text.get_text(node, 0, -1) if "Text" in node.get_interfaces() else ""
    except GLib.Error:
        return ""


def content(node):
    """What stands in a field."""
    return Atspi.Text.get_text(node, 0, -1) if node is not None else ""


def has_focus(node):
    return node is not None and node.get_state_set().contains(Atspi.StateType.FOCUSED)


def xdotool(*words, check=True):
    done = subprocess.run(["xdotool", *map(str, words)], capture_output=True, text=True, timeout=PATIENCE)
    if check and done.returncode != 0:
        raise AssertionError(f"xdotool {words}: {done.stderr}")
    return done.stdout.strip()


def brightness():
    """How light the screen is in its lower left corner, from 0 to 255."""
    x11, display = connection()
    x11.XGetImage.restype = ctypes.c_void_p
    x11.XGetPixel.restype = ctypes.c_ulong
    root = ctypes.c_ulong(x11.XDefaultRootWindow(display))
    all_planes, z_pixmap = ctypes.c_ulong(0xFFFFFFFF), 2
    image = ctypes.c_void_p(x11.XGetImage(display, root, 2, SIZE[1] - 3, 1, 1, all_planes, z_pixmap))
    assert image, "no picture of the screen"
    pixel = x11.XGetPixel(image, 0, 0)
    x11.XCloseDisplay(display)
    return sum((pixel >> shift) & 0xFF for shift in (0, 8, 16)) / 3


class Picture(ctypes.Structure):
    _fields_ = [
        ("width", ctypes.c_int),
        ("height", ctypes.c_int),
        ("offset", ctypes.c_int),
        ("format", ctypes.c_int),
        ("data", ctypes.c_void_p),
        ("byte_order", ctypes.c_int),
        ("bitmap_unit", ctypes.c_int),
        ("bitmap_bit_order", ctypes.c_int),
        ("bitmap_pad", ctypes.c_int),
        ("depth", ctypes.c_int),
        ("bytes_per_line", ctypes.c_int),
    ]


class Eye:
    """Looks at parts of the screen, without asking the program anything."""

    def __init__(self):
        self.x11, self.display = connection()
        self.x11.XGetImage.restype = ctypes.POINTER(Picture)
        self.root = ctypes.c_ulong(self.x11.XDefaultRootWindow(self.display))

    def lines(self, left, top, width, height):
        """The lines of pixels of a part of the screen."""
        all_planes, z_pixmap = ctypes.c_ulong(0xFFFFFFFF), 2
        found = self.x11.XGetImage(self.display, self.root, left, top, width, height, all_planes, z_pixmap)
        assert found, "no picture of the screen"
        picture = found.contents
        pixels = ctypes.string_at(picture.data, picture.bytes_per_line * height)
        data = ctypes.c_void_p(picture.data)
        self.x11.XFree(data)
        self.x11.XFree(found)
        return [pixels[at : at + picture.bytes_per_line] for at in range(0, len(pixels), picture.bytes_per_line)]


def written_rows(lines):
    """How many rows of something stand one below the other, with bare ground between them."""
    rows, was_bare = 0, True
    for line in lines:
        is_bare = line == line[:4] * (len(line) // 4)
        rows += was_bare and not is_bare
        was_bare = is_bare
    return rows


def connection():
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XInternAtom.restype = ctypes.c_ulong
    x11.XDefaultRootWindow.restype = ctypes.c_ulong
    display = ctypes.c_void_p(x11.XOpenDisplay(None))
    assert display, "no connection to the display"
    return x11, display


class ClientMessage(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
        # The server's event is a union that is larger than this member of it.
        ("rest", ctypes.c_long * 24),
    ]


def ask_to_close(window):
    """Sends what a window manager sends; neither is one here nor does this xdotool know how."""
    x11, display = connection()
    atom = lambda name: x11.XInternAtom(display, name, 0)
    client_message, no_mask = 33, ctypes.c_long(0)
    event = ClientMessage(client_message, 0, 1, display, window, atom(b"WM_PROTOCOLS"), 32)
    event.data[0] = atom(b"WM_DELETE_WINDOW")
    x11.XSendEvent(display, ctypes.c_ulong(window), 0, no_mask, ctypes.byref(event))
    x11.XCloseDisplay(display)
