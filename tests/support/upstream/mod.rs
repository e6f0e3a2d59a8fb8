//! A scripted server on loopback that plays a provider, or a proxy on the way to one.
//!
//! It speaks HTTP/1.1 by hand, so that it can also be slow, silent, cut off or no HTTP at all, and remembers every byte of every
//! request. As a proxy it opens the TLS of whatever host is asked for, with certificates of its own authority: a program that trusts
//! that authority and goes through this proxy meets `openrouter.ai` without a packet leaving the machine.

mod authority;
mod exchange;
pub mod play;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

pub use authority::Authority;
pub use exchange::{Reply, Seen};

type Script = dyn Fn(&Seen) -> Reply + Send + Sync;

/// What the server does with a connection before a request is read.
enum Role {
    Plain,
    Tls(Arc<rustls::ServerConfig>),
    /// Answers `CONNECT`, then serves the host that was asked for.
    Proxy {
        authority: Authority,
        password: Option<String>,
        /// Whether it stands behind TLS itself.
        outer: Option<Arc<rustls::ServerConfig>>,
    },
}

struct Shared {
    role: Role,
    script: Box<Script>,
    seen: Mutex<Vec<Seen>>,
    connects: Mutex<Vec<String>>,
    connections: AtomicUsize,
    open: AtomicUsize,
    ended: AtomicBool,
}

/// A running server; it ends when dropped.
pub struct Upstream {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

impl Upstream {
    /// Serves `http://` on a port of its own.
    pub fn plain(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(Role::Plain, script)
    }

    /// Serves `https://` with a certificate for these names.
    pub fn tls(authority: &Authority, names: &[&str], script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(Role::Tls(authority.server(names)), script)
    }

    /// Serves `https://` with whatever certificate is given.
    pub fn tls_with(
        config: Arc<rustls::ServerConfig>,
        script: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::start(Role::Tls(config), script)
    }

    /// Is the proxy on the way to every host, and every host.
    pub fn proxy(authority: &Authority, script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(Role::Proxy { authority: authority.clone(), password: None, outer: None }, script)
    }

    /// The same behind TLS: `https://127.0.0.1:PORT` is the proxy's address.
    pub fn proxy_behind_tls(authority: &Authority, script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let outer = Some(authority.server(&["127.0.0.1"]));
        Self::start(Role::Proxy { authority: authority.clone(), password: None, outer }, script)
    }

    /// The same, for those alone who say `Basic` and this.
    pub fn proxy_with_password(
        authority: &Authority,
        basic: &str,
        script: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let password = Some(format!("Basic {basic}"));
        Self::start(Role::Proxy { authority: authority.clone(), password, outer: None }, script)
    }

    fn start(role: Role, script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            role,
            script: Box::new(script),
            seen: Mutex::default(),
            connects: Mutex::default(),
            connections: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            ended: AtomicBool::new(false),
        });
        let serving = Arc::clone(&shared);
        let accepting = std::thread::spawn(move || accept(&listener, &serving));
        Self { address, shared, accepting: Some(accepting) }
    }

    /// `http://127.0.0.1:PORT` followed by this path.
    pub fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The part of a configuration by which everything goes through this proxy.
    pub fn network(&self, ca_file: &std::path::Path) -> String {
        format!("[network]\nhttps_proxy = \"{}\"\nca_file = \"{}\"\n", self.at(""), ca_file.display())
    }

    /// Every request so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// Every head of a `CONNECT`, as it came.
    pub fn connects(&self) -> Vec<String> {
        self.shared.connects.lock().unwrap().clone()
    }

    /// How many connections there were, whatever came over them.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// How many connections stand.
    pub fn open(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        // Wakes the loop, which then sees that it is over.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for connection in listener.incoming() {
        if shared.ended.load(Ordering::SeqCst) {
            return;
        }
        let Ok(connection) = connection else { continue };
        shared.connections.fetch_add(1, Ordering::SeqCst);
        shared.open.fetch_add(1, Ordering::SeqCst);
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            // A client that leaves in the middle is part of many tests.
            let _ = exchange::serve(connection, &shared);
            shared.open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}
