//! Sends the mails that are due: claims a batch, makes it ready (`ready`), hands several over at a time, and
//! records what came of them, many in one write.
//!
//! Urgent mails have a worker of their own, so that no news keep them waiting. The mails to one reader leave one
//! after another, in the order in which they were owed; when one of them does not get through, those behind it
//! wait too. A claimed mail that is not recorded is taken again when its lease ends: each try has a limit, and all
//! tries of a batch, one after another, must end before that.

mod ready;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::app::App;
use crate::engine::time::Time;
use crate::mail::transport::{Failure, Mailer, Parcel};
use crate::store::db::DbError;
use crate::store::outbox::{self, Sent};
use ready::{Ready, Unready};

/// Which mails a worker looks after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    Urgent,
    News,
}

impl Lane {
    /// So many are claimed at once. A worker of urgent ones takes no more than it hands over at a time.
    fn batch(self) -> i64 {
        match self {
            Self::Urgent => 8,
            Self::News => 64,
        }
    }
}

/// So many conversations with the mail server a worker holds at a time.
const SIDE_BY_SIDE: usize = 8;
/// At most so many outcomes are written down at once.
const RECORDED_AT_ONCE: usize = 64;

/// Tries every mail that is due now, up to a batch of each lane; how many were tried.
///
/// # Errors
/// The database's. Mails that are claimed and not recorded are taken again when their lease ends.
pub async fn run_due(app: &App) -> Result<usize, DbError> {
    Ok(run_lane(app, Lane::Urgent).await? + run_lane(app, Lane::News).await?)
}

/// The same for one lane.
///
/// # Errors
/// The database's.
pub async fn run_lane(app: &App, lane: Lane) -> Result<usize, DbError> {
    let (now, urgent) = (app.clock.now(), lane == Lane::Urgent);
    if !outbox::is_due(&mut app.db.read().await?.conn(), now, urgent).await? {
        return Ok(0);
    }
    let mut tx = app.db.write().await?;
    let mails = outbox::claim_due(&mut tx.conn(), now, urgent, lane.batch()).await?;
    tx.commit().await?;
    let count = mails.len();
    let (ready, unready) = ready::make(app, mails).await?;
    record(app, unready.into_iter().map(Outcome::from).collect()).await?;
    hand_over(app, ready).await?;
    Ok(count)
}

/// What came of a mail.
enum Outcome {
    Sent(Box<Ready>),
    Failed(Box<outbox::Claimed>, Failure),
    /// Its address has had enough for now; after this many seconds it may have more.
    Later(Box<outbox::Claimed>, u64),
}

impl From<Unready> for Outcome {
    fn from(unready: Unready) -> Self {
        match unready {
            Unready::Because(claimed, why) => Self::Failed(claimed, Failure::ForGood(why)),
            Unready::Later(claimed, seconds) => Self::Later(claimed, seconds),
        }
    }
}

type Queue = VecDeque<Ready>;

/// Hands all of them over, several at a time, and records each soon after. Ending early ends the conversations.
async fn hand_over(app: &App, ready: Vec<Ready>) -> Result<(), DbError> {
    let queues = Arc::new(Mutex::new(by_reader(ready)));
    let at_once = SIDE_BY_SIDE.min(queues.lock().unwrap_or_else(PoisonError::into_inner).len());
    let (out, mut outcomes) = mpsc::channel(RECORDED_AT_ONCE);
    let mut senders = JoinSet::new();
    for _ in 0..at_once {
        let (app, queues, out) = (app.clone(), queues.clone(), out.clone());
        senders.spawn(async move {
            let next = || queues.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            while let Some(queue) = next() {
                send_in_order(&app, queue, &out).await;
            }
        });
    }
    drop(out);
    let mut some = Vec::new();
    while outcomes.recv_many(&mut some, RECORDED_AT_ONCE).await > 0 {
        record(app, std::mem::take(&mut some)).await?;
    }
    Ok(())
}

/// A queue for each reader, in the order in which the first mail of each was owed.
fn by_reader(ready: Vec<Ready>) -> VecDeque<Queue> {
    let mut queues: Vec<(String, Queue)> = Vec::new();
    for mail in ready {
        match queues.iter_mut().find(|(address, _)| *address == mail.address) {
            Some((_, queue)) => queue.push_back(mail),
            None => queues.push((mail.address.clone(), VecDeque::from([mail]))),
        }
    }
    queues.into_iter().map(|(_, queue)| queue).collect()
}

async fn send_in_order(app: &App, queue: Queue, out: &mpsc::Sender<Outcome>) {
    let mut held_up: Option<String> = None;
    for ready in queue {
        let sent = match &held_up {
            None => send(&app.mailer, &ready, app.clock.now()).await,
            Some(why) => Err(Failure::ForNow(why.clone())),
        };
        let outcome = match sent {
            Ok(()) => Outcome::Sent(Box::new(ready)),
            Err(failure) => {
                if !failure.is_for_good() {
                    held_up = Some(failure.to_string());
                }
                Outcome::Failed(Box::new(ready.claimed), failure)
            }
        };
        if out.send(outcome).await.is_err() {
            return;
        }
    }
}

async fn send(mailer: &Mailer, ready: &Ready, at: Time) -> Result<(), Failure> {
    let parcel = Parcel {
        id: ready.claimed.id,
        escrow_id: ready.claimed.escrow_id,
        to_name: &ready.name,
        to_address: &ready.address,
        at,
        mail: &ready.mail,
    };
    mailer.send(&parcel).await
}

/// Writes down what came of some mails, in one write.
async fn record(app: &App, outcomes: Vec<Outcome>) -> Result<(), DbError> {
    if outcomes.is_empty() {
        return Ok(());
    }
    let now = app.clock.now();
    let mut tx = app.db.write().await?;
    let conn = &mut tx.conn();
    for outcome in outcomes {
        match outcome {
            Outcome::Sent(ready) => {
                let ready = told(app, *ready);
                let sent = Sent {
                    to_address: &ready.address,
                    subject: &ready.mail.subject,
                    text: &ready.mail.text,
                    html: &ready.mail.html,
                };
                outbox::record_sent(conn, now, &ready.claimed, &sent).await?;
            }
            Outcome::Failed(mail, failure) => {
                let (id, kind, attempts) = (mail.id, &mail.kind, mail.attempts);
                tracing::warn!(mail = %id, kind, attempts, "a mail was not sent: {failure}");
                let for_good = failure.is_for_good();
                outbox::record_failed(conn, now, &mail, &failure.to_string(), for_good).await?;
            }
            Outcome::Later(mail, seconds) => {
                let wait = Duration::seconds(i64::try_from(seconds).unwrap_or(i64::MAX));
                tracing::info!(mail = %mail.id, kind = mail.kind, "an invitation waits: its address has had enough for today");
                outbox::postpone(conn, now.plus(wait), &mail, ENOUGH).await?;
            }
        }
    }
    tx.commit().await
}

const ENOUGH: &str =
    "This address has had as many invitations as we send in a day to one that nobody has confirmed.";

/// Says in the log that it was sent. Once it has left the house, its secret stays nowhere.
fn told(app: &App, mut ready: Ready) -> Ready {
    let id: Uuid = ready.claimed.id;
    if app.mailer.sends() {
        tracing::info!(mail = %id, kind = ready.claimed.kind, "a mail was sent");
        if let Some(secret) = &ready.secret {
            ready.mail.text = ready.mail.text.replace(secret, "…");
            ready.mail.html = ready.mail.html.replace(secret, "…");
        }
    } else {
        let link = ready.link.as_deref().unwrap_or("no link");
        tracing::info!("a mail for {}: {} ({link})", ready.address, ready.mail.subject);
    }
    ready
}
