//! The listener and its connections, on a thread and a runtime of their own: a thousand streams cost no prompt anything.

use std::net::TcpListener;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{Semaphore, mpsc, watch};

use super::account::Daemon;
use super::door::Proof;
use super::exchange::{self, Context};
use super::records::Records;
use super::settings::Current;
use super::token::Tokens;
use super::upstream::Upstreams;
use crate::error::{Error, Result};

/// How long the head of a request may take; also how long a connection may wait for its next request.
const HEAD_PATIENCE: Duration = Duration::from_secs(120);
/// The most bytes that a request's head, or a piece of its body, takes in memory at once.
const MAX_BUFFER_BYTES: usize = 64 * 1024;
/// The most headers of a request.
const MAX_HEADERS: usize = 128;
/// The most connections at once.
pub const MAX_CONNECTIONS: usize = 8_192;
/// How long to wait after a connection could not be accepted: there may be files again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What the daemon's thread tells the proxy's.
enum Control {
    /// Listen here from now on.
    Listen(TcpListener),
    /// Accept no more; whoever is connected gets one more answer, and is told to connect anew.
    Leave,
    /// Accept no more; exchanges under way go on.
    Close,
}

/// The running thread. Dropping it ends it, with whatever is under way.
pub struct Server {
    control: mpsc::UnboundedSender<Control>,
    /// What is left of the room for connections.
    room: Arc<Semaphore>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// What a server needs from the daemon.
pub struct Parts {
    /// Who may use it.
    pub tokens: Arc<Tokens>,
    /// Where profiles and keys come from.
    pub daemon: Daemon,
    /// What the configuration says.
    pub settings: Current,
    /// What is remembered.
    pub records: Arc<Records>,
    /// By which it proves that it is ours.
    pub proof: Proof,
}

impl Server {
    /// Starts the thread, which listens nowhere yet.
    pub fn start(parts: Parts) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(4)
            .build()
            .map_err(|err| Error::new(format!("the proxy cannot start: {err}")))?;
        let (control, orders) = mpsc::unbounded_channel();
        let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let connections = Arc::clone(&room);
        let thread = std::thread::Builder::new()
            .name("proxy".into())
            .spawn(move || {
                let Parts { tokens, daemon, settings, records, proof } = parts;
                let tasks = tokio::task::LocalSet::new();
                tasks.block_on(&runtime, async move {
                    let upstreams = Upstreams::new();
                    let context = Rc::new(Context { tokens, daemon, settings, records, upstreams, proof });
                    serve(context, orders, connections).await;
                });
                drop(tasks);
                runtime.shutdown_timeout(Duration::from_millis(100));
            })
            .map_err(|err| Error::new(format!("the proxy cannot start: {err}")))?;
        Ok(Self { control, room, thread: Some(thread) })
    }

    /// Listens here from now on, and no more where it did before.
    pub fn listen(&self, listener: TcpListener) {
        let _ = self.control.send(Control::Listen(listener));
    }

    /// Accepts no more connections. Those there are get one more answer, and are told to connect anew: to the next daemon.
    pub fn leave(&self) {
        let _ = self.control.send(Control::Leave);
    }

    /// How many connections there are.
    pub fn connections(&self) -> usize {
        MAX_CONNECTIONS - self.room.available_permits()
    }

    /// Accepts no more connections, and closes those that ask nothing.
    pub fn close(&self) {
        let _ = self.control.send(Control::Close);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let (nobody, _) = mpsc::unbounded_channel();
        // With the last sender the thread's loop ends.
        drop(std::mem::replace(&mut self.control, nobody));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// How long a connection may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stay {
    /// As long as its client wants.
    Open,
    /// For one more answer.
    Leaving,
    /// For the answer under way.
    Closed,
}

async fn serve(context: Rc<Context>, mut orders: mpsc::UnboundedReceiver<Control>, connections: Arc<Semaphore>) {
    // Idle connections to a listener that is closed have to go, or their clients would never find the next one.
    let (stay, _) = watch::channel(Stay::Open);
    let mut listener: Option<tokio::net::TcpListener> = None;
    loop {
        let accepted = async {
            match &listener {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            order = orders.recv() => match order {
                None => return,
                Some(Control::Leave) => {
                    listener = None;
                    stay.send_replace(Stay::Leaving);
                }
                Some(Control::Close) => {
                    listener = None;
                    stay.send_replace(Stay::Closed);
                }
                Some(Control::Listen(next)) => match tokio::net::TcpListener::from_std(next) {
                    Ok(next) => {
                        listener = Some(next);
                        stay.send_replace(Stay::Open);
                    }
                    Err(err) => context.daemon.note(format!("the proxy cannot listen: {err}")),
                },
            },
            accepted = accepted => match accepted {
                Ok((stream, _)) => {
                    let Ok(permit) = Arc::clone(&connections).try_acquire_owned() else { continue };
                    let (context, stay) = (Rc::clone(&context), stay.subscribe());
                    tokio::task::spawn_local(async move {
                        connection(context, stream, stay).await;
                        drop(permit);
                    });
                }
                Err(err) => {
                    context.daemon.note(format!("the proxy cannot accept a connection: {err}"));
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
}

async fn connection(context: Rc<Context>, stream: tokio::net::TcpStream, mut stay: watch::Receiver<Stay>) {
    // A token of a stream is a small packet, and every one of them is waited for.
    let _ = stream.set_nodelay(true);
    let told = stay.clone();
    let service = service_fn(move |request| {
        let (context, told) = (Rc::clone(&context), told.clone());
        async move {
            let mut response = exchange::answer(context, request).await;
            if *told.borrow() != Stay::Open {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, std::convert::Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        // What ends a connection early is the client's business: there is nobody to tell.
        _ = connection.as_mut() => return,
        // An error: the thread ends, and everything with it.
        _ = stay.wait_for(|stay| *stay == Stay::Closed) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
