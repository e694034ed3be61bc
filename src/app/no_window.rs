use std::env;

/// Why no window can be opened here, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum NoWindow {
    #[error(
        "the window cannot be opened, since there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set); start it \
         from a desktop session, or use the commands, which need none: see `foldline help`"
    )]
    NoDisplay,
    #[error(
        "the window cannot be opened, since the display {0} does not answer; check DISPLAY, or use the commands, which \
         need no display: see `foldline help`"
    )]
    Silent(String),
    #[error(
        "the window cannot be opened, since a library is missing; on Debian or Ubuntu run `apt install {0}`, or use the \
         commands, which need none of this: see `foldline help`"
    )]
    MissingLibrary(&'static str),
    #[error(
        "the window cannot be opened ({0}); on Debian or Ubuntu it needs the packages libegl1, libgl1-mesa-dri, \
         libxkbcommon-x11-0, libxcursor1 and libxi6. The commands need no window: see `foldline help`"
    )]
    Other(String),
}

impl NoWindow {
    /// What the window system would fail at, or even give up the whole program for, if it were asked.
    pub(super) fn foreseen() -> Option<Self> {
        if !cfg!(any(target_os = "linux", target_os = "freebsd")) {
            return None;
        }
        let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let has_wayland = is_set("WAYLAND_DISPLAY") || is_set("WAYLAND_SOCKET");
        match (has_wayland, is_set("DISPLAY")) {
            (false, false) => Some(Self::NoDisplay),
            (true, _) => missing_keyboard_library(false),
            (false, true) => missing_keyboard_library(true),
        }
    }

    /// From what the window system said, of which only the reason is worth reading.
    pub(super) fn from_error(error: &eframe::Error) -> Self {
        Self::from_text(&error.to_string())
    }

    fn from_text(error: &str) -> Self {
        let reason = error.rsplit(": ").next().unwrap_or(error).trim_end_matches('.');
        if reason.contains("xlib's shared libraries") {
            return Self::MissingLibrary("libx11-6 libx11-xcb1 libxcursor1 libxi6");
        }
        if reason.contains("open connection to X server") {
            return Self::Silent(env::var("DISPLAY").unwrap_or_default());
        }
        Self::Other(reason.to_owned())
    }
}

/// Without these the window system ends the program instead of answering with an error.
#[cfg(any(target_os = "linux", target_os = "freebsd"))]
fn missing_keyboard_library(is_x11: bool) -> Option<NoWindow> {
    if xkbcommon_dl::xkbcommon_option().is_none() {
        return Some(NoWindow::MissingLibrary(if is_x11 { "libxkbcommon-x11-0" } else { "libxkbcommon0" }));
    }
    let is_missing = is_x11 && xkbcommon_dl::x11::xkbcommon_x11_option().is_none();
    is_missing.then_some(NoWindow::MissingLibrary("libxkbcommon-x11-0"))
}

#[cfg(not(any(target_os = "linux", target_os = "freebsd")))]
fn missing_keyboard_library(_: bool) -> Option<NoWindow> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_window_system_says_becomes_a_sentence_without_its_source_paths() {
        let text = |error: &str| NoWindow::from_text(error).to_string();
        let at = "winit EventLoopError: os error at /build/linux/mod.rs:788:";
        let said = text(&format!("{at} Failed to load one of xlib's shared libraries"));
        assert!(said.contains("apt install libx11-6") && !said.contains("/build"), "{said}");
        let said = text(&format!("{at} Failed to open connection to X server"));
        assert!(said.contains("does not answer") && !said.contains("/build"), "{said}");
        let said = text("glutin error: no config was found");
        assert!(said.contains("(no config was found)") && said.contains("libegl1"), "{said}");
    }
}
