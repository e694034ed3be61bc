//! Servers of a test's own: files in a temporary folder, ports of the loopback that were free, ready when they are
//! handed over, gone with the test or with this program.

use std::error::Error;
use std::future::Future;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use async_nats::jetstream;
use tempfile::TempDir;

use crate::keeper;

/// How long anything may take that is waited for here.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What `tests/frameworks/install` installs.
    New,
    /// What Debian has.
    Old,
}

impl Kind {
    pub(crate) fn program(self) -> PathBuf {
        let found = match self {
            Self::New => {
                let target = std::env::var_os("CARGO_TARGET_DIR")
                    .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target"), PathBuf::from);
                Some(target.join("frameworks/nats/bin/nats-server"))
            }
            Self::Old => ["/usr/sbin/nats-server", "/usr/bin/nats-server"]
                .map(PathBuf::from)
                .into_iter()
                .find(|path| path.exists()),
        };
        match (found.filter(|path| path.exists()), self) {
            (Some(path), _) => path,
            (None, Self::New) => panic!("nats-server 2.15 is missing: run tests/frameworks/install"),
            (None, Self::Old) => panic!("nats-server 2.9 is missing: install Debian's package `nats-server`"),
        }
    }
}

/// One server's process, and what starts it again as it was.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) port: u16,
    kind: Kind,
    /// What runs the server, where not the system itself does.
    within: Vec<String>,
    config: PathBuf,
    folder: PathBuf,
    process: Option<Child>,
}

impl Node {
    fn prepare(kind: Kind, name: &str, folder: &Path, port: u16, more: &str) -> Self {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let (config, store) = (folder.join("nats.conf"), folder.join("jetstream"));
        let text = format!(
            "server_name: {name}\nlisten: \"127.0.0.1:{port}\"\nlog_file: \"{}\"\nlame_duck_grace_period: \"1ms\"\n\
             jetstream {{ store_dir: \"{}\", max_memory_store: 64MB, max_file_store: 4GB }}\n{more}\n",
            folder.join("log").display(),
            store.display(),
        );
        std::fs::write(&config, text).unwrap();
        Self { name: name.to_owned(), port, kind, within: Vec::new(), config, folder, process: None }
    }

    /// From its next start on, and empty with each.
    fn put_on_a_small_disk(&mut self, size: &str) {
        let script = format!("mount -t tmpfs -o size={size} none \"$0\" && exec \"$@\"");
        let disk = self.folder.join("jetstream");
        std::fs::create_dir_all(&disk).unwrap();
        let within = ["unshare", "--map-root-user", "--mount", "sh", "-c", &script, &disk.display().to_string()];
        self.within = within.map(str::to_owned).to_vec();
    }

    pub(crate) fn start(&mut self) {
        assert!(self.process.is_none(), "{} runs already", self.name);
        let program = self.kind.program().display().to_string();
        let server = [program, "-c".to_owned(), self.config.display().to_string()];
        let process = keeper::start(self.within.iter().chain(&server));
        self.process = Some(process.expect("setpriv (util-linux) and nats-server can be run"));
    }

    /// Whether the process has ended by itself, as it does where a port is taken.
    fn has_ended(&mut self) -> bool {
        self.process.as_mut().is_none_or(|process| process.try_wait().unwrap().is_some())
    }

    /// SIGKILL: nothing in it runs after this.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Stops every thread of it; answers when none runs any more.
    pub(crate) fn stop(&self) {
        let id = self.signal("STOP");
        let stands = |task: std::fs::DirEntry| {
            let said = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
            said.rsplit_once(") ").is_none_or(|(_, state)| state.starts_with('T'))
        };
        let tasks = || std::fs::read_dir(format!("/proc/{id}/task")).unwrap().flatten();
        assert!(until(|| tasks().all(stands)), "it runs on");
    }

    pub(crate) fn go_on(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) -> String {
        let id = self.process.as_ref().expect("it runs").id().to_string();
        assert!(Command::new("kill").args([&format!("-{signal}"), &id]).status().unwrap().success());
        id
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

/// One server alone.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) node: Node,
    _folder: TempDir,
}

impl Server {
    pub(crate) fn start(kind: Kind) -> Self {
        Self::start_with(kind, "")
    }

    /// With more in its configuration than a test of the happy way needs.
    pub(crate) fn start_with(kind: Kind, more: &str) -> Self {
        let folder = TempDir::new().unwrap();
        for _ in 0..10 {
            let mut node = Node::prepare(kind, "single", folder.path(), free_port(), more);
            node.start();
            if until(|| accepts(node.port) || node.has_ended()) && !node.has_ended() {
                return Self { node, _folder: folder };
            }
        }
        panic!("no server started in ten tries")
    }

    /// With a disk of its own that has so much room. It is gone when the server ends.
    pub(crate) fn on_a_small_disk(kind: Kind, size: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let mut node = Node::prepare(kind, "single", folder.path(), free_port(), "");
        node.put_on_a_small_disk(size);
        node.start();
        assert!(until(|| accepts(node.port)), "this test needs `unshare --map-root-user --mount`: {}", node.log());
        Self { node, _folder: folder }
    }

    /// One for all tests of this program that need nothing special; each has a store of its own there.
    pub(crate) fn shared(kind: Kind) -> &'static Self {
        static SHARED: [OnceLock<Server>; 2] = [OnceLock::new(), OnceLock::new()];
        SHARED[usize::from(kind == Kind::Old)].get_or_init(|| Self::start(kind))
    }

    pub(crate) fn url(&self) -> String {
        self.node.url()
    }
}

/// Three servers that keep everything three times.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) nodes: Vec<Node>,
    _folder: TempDir,
}

impl Cluster {
    pub(crate) fn start(kind: Kind) -> Self {
        Self::prepared(kind, &mut |_| ())
    }

    /// One of them has so much room.
    pub(crate) fn with_a_small_disk(kind: Kind, size: &str) -> Self {
        Self::prepared(kind, &mut |nodes| nodes[0].put_on_a_small_disk(size))
    }

    fn prepared(kind: Kind, prepare: &mut dyn FnMut(&mut [Node])) -> Self {
        let folder = TempDir::new().unwrap();
        for _ in 0..10 {
            let routes: Vec<u16> = (0..3).map(|_| free_port()).collect();
            let others: Vec<String> = routes.iter().map(|port| format!("nats://127.0.0.1:{port}")).collect();
            let mut nodes: Vec<Node> = routes
                .iter()
                .enumerate()
                .map(|(number, route)| {
                    let more = format!(
                        "cluster {{ name: tests, listen: \"127.0.0.1:{route}\", routes: [{}] }}",
                        others.join(", ")
                    );
                    Node::prepare(kind, &format!("n{}", number + 1), folder.path(), free_port(), &more)
                })
                .collect();
            prepare(&mut nodes);
            nodes.iter_mut().for_each(Node::start);
            let is_up = until(|| nodes.iter_mut().any(Node::has_ended) || nodes.iter().all(|node| accepts(node.port)));
            if is_up && !nodes.iter_mut().any(Node::has_ended) {
                let cluster = Self { nodes, _folder: folder };
                cluster.wait_for_leader();
                return cluster;
            }
        }
        panic!("no cluster started in ten tries")
    }

    /// All three, so that whichever runs is found.
    pub(crate) fn url(&self) -> String {
        let hosts: Vec<String> = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
        format!("nats://{}", hosts.join(","))
    }

    /// Until the three have found each other and one leads: a stream of three copies can be made then.
    fn wait_for_leader(&self) {
        let is_made = until(|| {
            block_on(async {
                let Ok(client) = connect(&self.nodes[0].url()).await else { return false };
                let context = jetstream::new(client);
                let probe = jetstream::stream::Config {
                    name: "probe".to_owned(),
                    num_replicas: 3,
                    ..jetstream::stream::Config::default()
                };
                context.create_stream(probe).await.is_ok() && context.delete_stream("probe").await.is_ok()
            })
        });
        assert!(is_made, "the three found no leader: {}", self.nodes[0].log());
    }

    /// Which of the nodes leads a store, once one does.
    pub(crate) fn leader_of(&self, store: &str) -> usize {
        let mut leader = None;
        let is_known = until(|| {
            leader = block_on(async {
                let client = connect(&self.url()).await.ok()?;
                let stream = jetstream::new(client).get_stream(store).await.ok()?;
                let name = stream.cached_info().cluster.as_ref()?.leader.clone()?;
                self.nodes.iter().position(|node| node.name == name && node.process.is_some())
            });
            leader.is_some()
        });
        assert!(is_known, "{store} has no leader");
        leader.unwrap()
    }

    /// Until every copy of a store has what its leader has.
    pub(crate) fn wait_for_copies(&self, store: &str) {
        let are_current = until(|| {
            block_on(async {
                let client = connect(&self.url()).await.ok()?;
                let stream = jetstream::new(client).get_stream(store).await.ok()?;
                let cluster = stream.cached_info().cluster.clone()?;
                cluster.leader.as_ref()?;
                Some(cluster.replicas.len() == 2 && cluster.replicas.iter().all(|copy| copy.current && !copy.offline))
            }) == Some(true)
        });
        assert!(are_current, "the copies of {store} never caught up");
    }
}

/// A plain client, that does not wait for a server which is not there.
pub(crate) async fn connect(url: &str) -> Result<async_nats::Client, async_nats::ConnectError> {
    let options = async_nats::ConnectOptions::new().connection_timeout(Duration::from_secs(2));
    let urls: Vec<String> = url
        .split(',')
        .map(|host| if host.contains("://") { host.to_owned() } else { format!("nats://{host}") })
        .collect();
    options.connect(urls).await
}

/// Runs what the plain client does, to its end.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// Asks again and again until it is so; false where it never was. Nothing tells of a server's being ready but asking.
pub(crate) fn until(is_so: impl FnMut() -> bool) -> bool {
    until_in(PATIENCE, is_so)
}

pub(crate) fn until_in(patience: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < patience {
        if is_so() {
            return true;
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
    false
}

fn accepts(port: u16) -> bool {
    use async_nats::ConnectErrorKind::{Authentication, AuthorizationViolation, Tls};
    block_on(async {
        match connect(&format!("nats://127.0.0.1:{port}")).await {
            Ok(_) => true,
            // It is there, and wants to know who asks.
            Err(error) => {
                let words = error.source().map(ToString::to_string).unwrap_or_default();
                matches!(error.kind(), Authentication | AuthorizationViolation | Tls) || words.contains("certificate")
            }
        }
    })
}

/// A port that nobody listens on. Below those that outgoing connections get, so that it is still free when a killed
/// server is started again.
fn free_port() -> u16 {
    loop {
        let number = std::process::id().wrapping_mul(97).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = 20_000 + (number % 12_000) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Where the next free port is looked for.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// All digits but the last of ports that end in 1, 2 and 3.
pub(crate) fn free_ports_in_a_row() -> String {
    loop {
        // The next call is to find others.
        NEXT.fetch_add(10, Ordering::Relaxed);
        let prefix = free_port() / 10;
        if (1..=3).all(|last| TcpListener::bind(("127.0.0.1", prefix * 10 + last)).is_ok()) {
            return prefix.to_string();
        }
    }
}
