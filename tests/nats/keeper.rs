//! Programs that never outlive this one, however it ends.

use std::process::{Child, Command};
use std::sync::OnceLock;
use std::sync::mpsc::{SyncSender, sync_channel};

type Wish = (Command, SyncSender<std::io::Result<Child>>);

/// Starts a program that the kernel kills when this one has gone, by a signal 9 too. The kernel looks at the thread
/// that started it, and a test's thread ends with its test: so one thread, which stays, starts them all.
pub(crate) fn start<'a>(line: impl IntoIterator<Item = &'a String>) -> std::io::Result<Child> {
    static KEEPER: OnceLock<SyncSender<Wish>> = OnceLock::new();
    let keeper = KEEPER.get_or_init(|| {
        let (wishes, asked) = sync_channel::<Wish>(1);
        let work = move || {
            while let Ok((mut command, answer)) = asked.recv() {
                let _ = answer.send(command.spawn());
            }
        };
        std::thread::Builder::new().name("keeper".to_owned()).spawn(work).unwrap();
        wishes
    });
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).args(line);
    command.stdin(std::process::Stdio::null());
    let (answer, started) = sync_channel(1);
    keeper.send((command, answer)).unwrap();
    started.recv().unwrap()
}
