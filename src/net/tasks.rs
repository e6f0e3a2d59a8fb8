//! Where the tasks of connections run.

use std::future::Future;
use std::pin::Pin;

use hyper::rt::Executor;
use tokio::sync::mpsc;

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where the tasks of a client's connections run.
///
/// A task of a `LocalSet` and one of the runtime around it take turns by way of the runtime's own loop, with a look at the network
/// in between. Those that hand each other every piece of a stream are better off in one queue.
#[derive(Clone, Debug)]
pub struct Tasks(Option<mpsc::UnboundedSender<Task>>);

impl Tasks {
    /// On the runtime that runs when they begin.
    pub fn of_runtime() -> Self {
        Self(None)
    }

    /// In the `LocalSet` from which this is called, as long as that runs.
    pub fn of_local_set() -> Self {
        let (begun, mut tasks) = mpsc::unbounded_channel::<Task>();
        tokio::task::spawn_local(async move {
            while let Some(task) = tasks.recv().await {
                tokio::task::spawn_local(task);
            }
        });
        Self(Some(begun))
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Tasks {
    fn execute(&self, task: F) {
        match &self.0 {
            // Where the set is gone, the connection goes too.
            Some(begun) => drop(begun.send(Box::pin(task))),
            None => drop(tokio::spawn(task)),
        }
    }
}
