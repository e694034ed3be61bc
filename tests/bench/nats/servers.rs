//! Servers for the measurements alone, gone with this program.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use foldline::store::{Address, server_target};

use super::block_on;
use crate::measure::{memory_of, processor_of};

/// How long servers may take to begin.
const BEGINNING: Duration = Duration::from_secs(20);

/// One process, and the folder in which it keeps everything.
pub(super) struct Server {
    process: Child,
    pub(super) url: String,
    folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// `None` where none is installed.
    pub(super) fn start() -> Option<Self> {
        let server = Self::with(free_port()?, &[])?;
        until(|| block_on(async { async_nats::connect(&server.url).await.is_ok() })).then_some(server)
    }

    fn with(port: u16, more: &[String]) -> Option<Self> {
        let folder = tempfile::tempdir().ok()?;
        let process = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--"])
            .arg(program()?)
            .args(["-a", "127.0.0.1", "-p", &port.to_string(), "-js", "-sd"])
            .arg(folder.path())
            .args(more)
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        Some(Self { process, url: format!("nats://127.0.0.1:{port}"), folder })
    }

    /// Held now, in MiB.
    pub(super) fn memory(&self) -> f64 {
        memory_of(&PathBuf::from(format!("/proc/{}/status", self.process.id())))
    }

    /// The processor time that it has taken, in seconds.
    pub(super) fn processor(&self) -> f64 {
        processor_of(&PathBuf::from(format!("/proc/{}/stat", self.process.id())))
    }

    /// What its files take, in bytes.
    pub(super) fn disk(&self) -> u64 {
        size_of(self.folder.path())
    }
}

/// Three that keep everything three times.
pub(super) struct Three(pub(super) Vec<Server>);

impl Three {
    pub(super) fn start() -> Option<Self> {
        let routes: Vec<u16> = (0..3).map_while(|_| free_port()).collect();
        let all: Vec<String> = routes.iter().map(|port| format!("nats://127.0.0.1:{port}")).collect();
        let mut servers = Vec::new();
        for (number, route) in all.iter().enumerate() {
            let name = format!("n{number}");
            let more = ["-n", &name, "--cluster_name", "bench", "--cluster", route, "--routes", &all.join(",")];
            servers.push(Server::with(free_port()?, &more.map(str::to_owned))?);
        }
        let three = Self(servers);
        // A store of three copies can be made once the three have found each other.
        let probe = Address::new(&format!("{}/probe", three.url()));
        until(|| server_target(&probe, Some(3), false).is_ok()).then_some(three)
    }

    pub(super) fn url(&self) -> String {
        let hosts: Vec<&str> = self.0.iter().map(|server| server.url.trim_start_matches("nats://")).collect();
        format!("nats://{}", hosts.join(","))
    }
}

fn until(mut is_so: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while began.elapsed() < BEGINNING {
        if is_so() {
            return true;
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
    false
}

/// The one that `tests/frameworks/install` installs, else whichever the system has.
fn program() -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target")), PathBuf::from);
    let programs = [target.join("frameworks/nats/bin/nats-server"), PathBuf::from("/usr/sbin/nats-server")];
    programs.into_iter().find(|program| program.exists())
}

fn free_port() -> Option<u16> {
    Some(TcpListener::bind(("127.0.0.1", 0)).ok()?.local_addr().ok()?.port())
}

fn size_of(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(is) if is.is_dir() => size_of(&entry.path()),
        Ok(is) => is.len(),
        Err(_) => 0,
    };
    entries.map(size).sum()
}
