//! What happens by itself: mails leave, payments are followed up, deadlines are kept.
//!
//! Each worker claims what is due, acts outside any transaction, and records what came of it, so that
//! any number of processes can do the same work over one database. A worker's `run_due` does all that
//! is due now and is what tests call; the loop here only decides when. It knows no page.

pub mod checkpoints;
pub mod deadlines;
pub mod mails;
pub mod payments;
pub mod sandbox;
pub mod sweep;

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::rehearsal;
use mails::Lane;

/// How often a worker looks for itself, for what another process wrote and for what has fallen due.
const POLL: Duration = Duration::from_secs(2);

/// A round that takes longer is given up, whatever it waits for: everything it asks for has a limit of its own,
/// but a database that fell silent in the middle of an answer has none.
const LONGEST_ROUND: Duration = Duration::from_secs(600);

/// How often is looked at what need not be done at once.
const HOUR: Duration = Duration::from_secs(3_600);

/// The workers of this process.
pub struct Workers {
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Workers {
    /// Starts them all.
    #[must_use]
    pub fn start(app: &App) -> Self {
        let workers = Self { tasks: TaskTracker::new(), stop: CancellationToken::new() };
        workers.spawn(app, "urgent mails", |app| async move { mails::run_lane(&app, Lane::Urgent).await });
        workers.spawn(app, "mails", |app| async move { mails::run_lane(&app, Lane::News).await });
        workers.spawn(app, "deadlines", |app| async move { deadlines::run_due(&app).await });
        workers.spawn(app, "payments", |app| async move { payments::run_due(&app).await });
        workers.spawn(app, "sandbox", |app| async move { sandbox::run_due(&app).await });
        if app.config.rehearsal {
            workers.spawn(app, "rehearsal", |app| async move { rehearsal::run_due(&app).await });
        }
        workers.hourly(app, "sweep", |app| async move { sweep::run_due(&app).await });
        workers.hourly(app, "checkpoints", |app| async move { checkpoints::run_due(&app).await });
        workers
    }

    /// Nobody waits for this, so that nobody wakes it either.
    fn hourly<W, F, E>(&self, app: &App, name: &'static str, work: W)
    where
        W: Fn(App) -> F + Send + 'static,
        F: Future<Output = Result<usize, E>> + Send + 'static,
        E: Display + Send + 'static,
    {
        let (app, stop) = (app.clone(), self.stop.clone());
        self.tasks.spawn(async move {
            while !stop.is_cancelled() {
                if let Err(error) = work(app.clone()).await {
                    tracing::error!("{name}: {error}");
                }
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(HOUR) => {}
                }
            }
        });
    }

    /// Lets each finish what it has begun, and no more. Whoever calls decides how long to wait for that; what is
    /// not finished then is done again after the next start.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn spawn<W, F, E>(&self, app: &App, name: &'static str, work: W)
    where
        W: Fn(App) -> F + Send + 'static,
        F: Future<Output = Result<usize, E>> + Send + 'static,
        E: Display + Send + 'static,
    {
        let (app, stop, mut wake) = (app.clone(), self.stop.clone(), app.wake.listen());
        self.tasks.spawn(async move {
            while !stop.is_cancelled() {
                // Before looking: what is woken for while the work runs must not be slept over.
                wake.mark_unchanged();
                // A task of its own, so that a panic ends this round and not the worker.
                let mut round = JoinSet::new();
                round.spawn(tokio::time::timeout(LONGEST_ROUND, work(app.clone())));
                match round.join_next().await {
                    None | Some(Ok(Ok(Ok(0)))) => {}
                    Some(Ok(Ok(Ok(_)))) => continue,
                    Some(Ok(Ok(Err(error)))) => tracing::error!("{name}: {error}"),
                    Some(Ok(Err(_))) => tracing::error!("{name}: given up after {LONGEST_ROUND:?}"),
                    Some(Err(panic)) => tracing::error!("{name}: {panic}"),
                }
                tokio::select! {
                    () = stop.cancelled() => {}
                    _ = wake.changed() => {}
                    () = tokio::time::sleep(POLL) => {}
                }
            }
        });
    }
}
