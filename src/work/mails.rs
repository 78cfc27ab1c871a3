//! Sends the mails that are due. A secret for a mail's link is made here, at the moment of sending: it
//! goes into the mail, and only its hash stays. It knows what no letter says.

use time::Duration;
use uuid::Uuid;

use crate::accounts;
use crate::app::App;
use crate::calendar::Zone;
use crate::mail::letter::{self, Letter};
use crate::mail::sheet::Mail;
use crate::mail::transport::{Failure, Parcel};
use crate::store::db::DbError;
use crate::store::escrows;
use crate::store::links;
use crate::store::outbox::{self, Claimed, Sent};
use crate::store::throttle;
use crate::store::tokens::{self, Bound, Purpose};
use crate::store::users::{self, Account};

/// So many are claimed at once; together they must be tried well within the lease.
const BATCH: i64 = 10;

/// A mail in its reader's words, ready to go.
struct Ready {
    name: String,
    address: String,
    mail: Mail,
    /// Where its button leads.
    link: Option<String>,
    secret: Option<String>,
}

/// Why a mail can't even be written.
enum Unready {
    Database(DbError),
    /// It never will be, unless something else changes.
    Because(String),
    /// Its address has had enough for now; after this many seconds it may have more.
    Later(u64),
}

impl From<DbError> for Unready {
    fn from(error: DbError) -> Self {
        Self::Database(error)
    }
}

/// Tries every mail that is due now, up to a batch; how many were tried.
///
/// # Errors
/// The database's. Mails that are claimed and not recorded are taken again when their lease ends.
pub async fn run_due(app: &App) -> Result<usize, DbError> {
    let now = app.clock.now();
    if !outbox::is_due(&mut app.db.read().await?.conn(), now).await? {
        return Ok(0);
    }
    let mut tx = app.db.write().await?;
    let mails = outbox::claim_due(&mut tx.conn(), now, BATCH).await?;
    tx.commit().await?;
    for mail in &mails {
        deliver(app, mail).await?;
    }
    Ok(mails.len())
}

async fn deliver(app: &App, mail: &Claimed) -> Result<(), DbError> {
    let ready = match prepare(app, mail).await {
        Ok(ready) => ready,
        Err(Unready::Database(error)) => return Err(error),
        Err(Unready::Later(seconds)) => return postpone(app, mail, seconds).await,
        Err(Unready::Because(why)) => return record_failed(app, mail, &Failure::ForGood(why)).await,
    };
    let parcel = Parcel {
        id: mail.id,
        escrow_id: mail.escrow_id,
        to_name: &ready.name,
        to_address: &ready.address,
        at: app.clock.now(),
        mail: &ready.mail,
    };
    match app.mailer.send(&parcel).await {
        Ok(()) => record_sent(app, mail, ready).await,
        Err(failure) => record_failed(app, mail, &failure).await,
    }
}

async fn record_sent(app: &App, mail: &Claimed, mut ready: Ready) -> Result<(), DbError> {
    if app.mailer.sends() {
        tracing::info!(mail = %mail.id, kind = mail.kind, "a mail was sent");
        if let Some(secret) = &ready.secret {
            ready.mail.text = ready.mail.text.replace(secret, "…");
            ready.mail.html = ready.mail.html.replace(secret, "…");
        }
    } else {
        let link = ready.link.as_deref().unwrap_or("no link");
        tracing::info!("a mail for {}: {} ({link})", ready.address, ready.mail.subject);
    }
    let mut tx = app.db.write().await?;
    let sent = Sent {
        to_address: &ready.address,
        subject: &ready.mail.subject,
        text: &ready.mail.text,
        html: &ready.mail.html,
    };
    outbox::record_sent(&mut tx.conn(), app.clock.now(), mail, &sent).await?;
    tx.commit().await
}

async fn record_failed(app: &App, mail: &Claimed, failure: &Failure) -> Result<(), DbError> {
    tracing::warn!(mail = %mail.id, kind = mail.kind, attempts = mail.attempts, "a mail was not sent: {failure}");
    let mut tx = app.db.write().await?;
    let (why, for_good) = (failure.to_string(), failure.is_for_good());
    outbox::record_failed(&mut tx.conn(), app.clock.now(), mail, &why, for_good).await?;
    tx.commit().await
}

async fn postpone(app: &App, mail: &Claimed, seconds: u64) -> Result<(), DbError> {
    let wait = Duration::seconds(i64::try_from(seconds).unwrap_or(i64::MAX));
    tracing::info!(mail = %mail.id, kind = mail.kind, "an invitation waits: its address has had enough for today");
    let mut tx = app.db.write().await?;
    let why =
        "This address has had as many invitations as we send in a day to one that nobody has confirmed.";
    outbox::postpone(&mut tx.conn(), app.clock.now().plus(wait), mail, why).await?;
    tx.commit().await
}

async fn prepare(app: &App, mail: &Claimed) -> Result<Ready, Unready> {
    let letter = Letter::read(&mail.payload).map_err(|error| Unready::Because(error.to_string()))?;
    let reader = match mail.to_user {
        Some(user) => users::by_id(&mut app.db.read().await?.conn(), user).await?,
        None => None,
    };
    let has_account = reader.as_ref().is_some_and(Account::is_confirmed);
    let (name, on_record, time_zone) = match reader {
        // A name that nobody confirmed could be any text, and would stand in the header of our mail.
        Some(reader) => {
            (if has_account { reader.name } else { String::new() }, reader.email, reader.time_zone)
        }
        None => (String::new(), None, String::new()),
    };
    let address = mail
        .to_address
        .clone()
        .or(on_record)
        .ok_or_else(|| Unready::Because("this person has no address any more".to_owned()))?;
    let purpose = letter.purpose(has_account);
    let unasked = matches!(purpose, Some(Purpose::Invitation | Purpose::Arbiter))
        || matches!(letter, Letter::PayLink { .. });
    if unasked
        && let Some(wait) =
            accounts::throttled(&app.db, &app.clock, &[(&throttle::INVITATIONS_BY_ADDRESS, &address)]).await?
    {
        return Err(Unready::Later(wait));
    }
    let secret = match purpose {
        Some(purpose) => {
            let bound = Bound { user_id: mail.to_user, email: Some(&address), escrow_id: mail.escrow_id };
            Some(mint(app, purpose, replaces(purpose, &letter), &bound).await?)
        }
        None => None,
    };
    let link = purpose
        .zip(secret.as_deref())
        .map(|(purpose, secret)| app.config.link(&letter::path(purpose, secret)));
    let link = match (&letter, mail.escrow_id) {
        (Letter::PayLink { .. }, Some(escrow)) => {
            let secret = links::current(&mut app.db.read().await?.conn(), escrow).await?;
            secret.map(|secret| app.config.link(&format!("/pay/{secret}")))
        }
        _ => link,
    };
    let inviter = match mail.escrow_id {
        Some(escrow) if letter.invites() => inviter(app, escrow).await?,
        Some(_) | None => None,
    };
    let (inviter_name, mut inviter) = inviter.unwrap_or_default();
    if letter.keeps_addresses() {
        inviter.clone_from(&inviter_name);
    }
    let sheet = letter.sheet(&letter::Reader {
        zone: &Zone::from_name(&time_zone).unwrap_or_else(Zone::utc),
        address: &address,
        home: &app.config.public_url,
        secret_link: link.as_deref().unwrap_or_default(),
        inviter: &inviter,
        inviter_name: &inviter_name,
    });
    let mail = sheet
        .draw(&app.config.public_url, app.config.test_mode)
        .map_err(|error| Unready::Because(error.to_string()))?;
    let link = sheet.button.map(|button| button.address);
    Ok(Ready { name, address, mail, link, secret })
}

/// Whoever made an escrow, by name, and by name and address: an invitation from nobody would look like a fraud.
/// Only who has confirmed an address can make one.
async fn inviter(app: &App, escrow: Uuid) -> Result<Option<(String, String)>, DbError> {
    let mut reader = app.db.read().await?;
    let mut conn = reader.conn();
    let Some(escrow) = escrows::by_id(&mut conn, escrow).await? else { return Ok(None) };
    let creator = users::by_id(&mut conn, escrow.creator).await?;
    Ok(creator.map(|creator| {
        let both = format!("{} ({})", creator.name, creator.address());
        (creator.name, both)
    }))
}

/// Whether the link of a letter ends those that were sent before: that of an invitation does, while news about
/// the same escrow leave it as it is.
fn replaces(purpose: Purpose, letter: &Letter) -> bool {
    match purpose {
        Purpose::Guest => false,
        Purpose::Invitation | Purpose::Arbiter => letter.invites(),
        Purpose::ConfirmAddress | Purpose::NewAddress | Purpose::Reset | Purpose::Setup => true,
    }
}

async fn mint(app: &App, purpose: Purpose, replaces: bool, bound: &Bound<'_>) -> Result<String, DbError> {
    let mut tx = app.db.write().await?;
    let conn = &mut tx.conn();
    let secret = match replaces {
        true => tokens::mint(conn, &app.clock, purpose, bound).await?,
        false => tokens::mint_beside(conn, &app.clock, purpose, bound).await?,
    };
    tx.commit().await?;
    Ok(secret)
}
