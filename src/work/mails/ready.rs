//! Makes claimed mails ready to go, a batch at a time: first what must be read, then one write for all the secrets
//! of their links, then their words. A secret is made here, at the moment of sending: it goes into the mail, and
//! only its hash stays. It knows what no letter says.

use uuid::Uuid;

use crate::address;
use crate::app::App;
use crate::calendar::Zone;
use crate::mail::letter::{self, Letter};
use crate::mail::sheet::Mail;
use crate::store::db::{Conn, DbError};
use crate::store::outbox::Claimed;
use crate::store::tokens::{self, Bound, Purpose};
use crate::store::users::{self, Account};
use crate::store::{escrows, links, strangers, throttle};
use crate::text::names;

const MOST_TRIES: usize = 4;

/// A mail in its reader's words, ready to go.
pub(super) struct Ready {
    pub claimed: Claimed,
    pub name: String,
    pub address: String,
    pub mail: Mail,
    /// Where its button leads.
    pub link: Option<String>,
    pub secret: Option<String>,
}

/// A mail that does not go now.
pub(super) enum Unready {
    /// It never will, unless something else changes.
    Because(Box<Claimed>, String),
    /// Its address has had enough for now; after this many seconds it may have more.
    Later(Box<Claimed>, u64),
}

/// A mail of which everything is known but its secret.
struct Known {
    claimed: Claimed,
    letter: Letter,
    name: String,
    address: String,
    time_zone: String,
    purpose: Option<Purpose>,
    /// Nobody at this address has asked for it.
    unasked: bool,
    inviter: Option<Inviter>,
    /// Whether the reader has dealt with whoever made the escrow.
    knows: bool,
    /// The pay link that it hands on.
    pay_link: Option<String>,
}

/// Whoever made an escrow, by name, and by name and address: an invitation from nobody would look like a fraud.
#[derive(Clone, Default)]
struct Inviter {
    name: String,
    both: String,
}

/// Makes them ready; those that can't go now stand beside.
///
/// # Errors
/// The database's.
pub(super) async fn make(app: &App, mails: Vec<Claimed>) -> Result<(Vec<Ready>, Vec<Unready>), DbError> {
    let (mut known, mut unready) = (Vec::new(), Vec::new());
    {
        let mut reader = app.db.read().await?;
        let conn = &mut reader.conn();
        for mail in mails {
            match look_up(app, conn, mail).await? {
                Ok(mail) => known.push(mail),
                Err(not) => unready.push(not),
            }
        }
    }
    let secrets = secrets(app, &known).await?;
    let mut ready = Vec::new();
    for (mail, secret) in known.into_iter().zip(secrets) {
        match secret {
            Secret::Later(seconds) => unready.push(Unready::Later(Box::new(mail.claimed), seconds)),
            Secret::None => draw(app, mail, None, &mut ready, &mut unready),
            Secret::Made(secret) => draw(app, mail, Some(secret), &mut ready, &mut unready),
        }
    }
    Ok((ready, unready))
}

async fn look_up(
    app: &App,
    conn: &mut Conn<'_>,
    claimed: Claimed,
) -> Result<Result<Known, Unready>, DbError> {
    let because = |claimed, why: String| Ok(Err(Unready::Because(Box::new(claimed), why)));
    let letter = match Letter::read(&claimed.payload) {
        Ok(letter) => letter,
        Err(error) => return because(claimed, error.to_string()),
    };
    let reader = match claimed.to_user {
        Some(user) => users::by_id(conn, user).await?,
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
    let Some(address) = claimed.to_address.clone().or(on_record) else {
        return because(claimed, "this person has no address any more".to_owned());
    };
    let purpose = letter.purpose(has_account);
    let unasked = matches!(purpose, Some(Purpose::Invitation | Purpose::Arbiter))
        || matches!(letter, Letter::PayLink { .. });
    let inviter = match claimed.escrow_id {
        Some(escrow) if letter.invites() => inviter(conn, escrow).await?,
        Some(_) | None => None,
    };
    let pay_link = match (&letter, claimed.escrow_id) {
        (Letter::PayLink { .. }, Some(escrow)) => links::secret(conn, app.db.keys(), escrow)
            .await?
            .map(|secret| app.config.link(&format!("/pay/{secret}"))),
        _ => None,
    };
    let knows = match (&letter, claimed.escrow_id, claimed.to_user) {
        (Letter::Escrow(_), Some(escrow), Some(reader)) => knows(conn, escrow, reader).await?,
        _ => true,
    };
    Ok(Ok(Known { claimed, letter, name, address, time_zone, purpose, unasked, inviter, knows, pay_link }))
}

/// Whether a reader has dealt with whoever made an escrow: in this one, or in one before.
async fn knows(conn: &mut Conn<'_>, escrow: Uuid, reader: Uuid) -> Result<bool, DbError> {
    if strangers::is_agreed(conn, escrow).await? {
        return Ok(true);
    }
    let Some(escrow) = escrows::by_id(conn, escrow).await? else { return Ok(false) };
    Ok(escrow.creator == reader || strangers::have_dealt(conn, escrow.creator, reader).await?)
}

/// Only who has confirmed an address can make an escrow.
async fn inviter(conn: &mut Conn<'_>, escrow: Uuid) -> Result<Option<Inviter>, DbError> {
    let Some(escrow) = escrows::by_id(conn, escrow).await? else { return Ok(None) };
    let creator = users::by_id(conn, escrow.creator).await?;
    Ok(creator.map(|creator| {
        let (name, address) = (names::shown(&creator.name), address::shown(creator.address()));
        Inviter { both: format!("{name} ({address})"), name }
    }))
}

enum Secret {
    None,
    Made(String),
    Later(u64),
}

/// The secrets of all of them, made in one write.
async fn secrets(app: &App, mails: &[Known]) -> Result<Vec<Secret>, DbError> {
    if mails.iter().all(|mail| mail.purpose.is_none() && !mail.unasked) {
        return Ok(mails.iter().map(|_| Secret::None).collect());
    }
    let mut tries = 0;
    loop {
        tries += 1;
        match make_secrets(app, mails).await {
            Err(error) if tries < MOST_TRIES && error.is_transient() => {}
            other => return other,
        }
    }
}

async fn make_secrets(app: &App, mails: &[Known]) -> Result<Vec<Secret>, DbError> {
    let mut tx = app.db.write().await?;
    let mut secrets = Vec::new();
    for mail in mails {
        let conn = &mut tx.conn();
        if mail.unasked {
            let (limit, now) = (&throttle::INVITATIONS_BY_ADDRESS, app.clock.now());
            if let Some(seconds) = throttle::hit(conn, now, limit, &mail.address).await? {
                secrets.push(Secret::Later(seconds));
                continue;
            }
        }
        secrets.push(match mail.purpose {
            Some(purpose) => Secret::Made(mint(app, conn, mail, purpose).await?),
            None => Secret::None,
        });
    }
    tx.commit().await?;
    Ok(secrets)
}

async fn mint(app: &App, conn: &mut Conn<'_>, mail: &Known, purpose: Purpose) -> Result<String, DbError> {
    let (user_id, escrow_id) = (mail.claimed.to_user, mail.claimed.escrow_id);
    let bound = Bound { user_id, email: Some(&mail.address), escrow_id };
    match replaces(purpose, &mail.letter) {
        true => tokens::mint(conn, &app.clock, purpose, &bound).await,
        false => tokens::mint_beside(conn, &app.clock, purpose, &bound).await,
    }
}

/// Whether the link of a letter ends those that were sent before: that of an invitation does, while news about
/// the same escrow leave it as it is.
fn replaces(purpose: Purpose, letter: &Letter) -> bool {
    match purpose {
        // A second change does not end the way back from the first one.
        Purpose::Guest | Purpose::UndoAddress => false,
        Purpose::Invitation | Purpose::Arbiter => letter.invites(),
        Purpose::ConfirmAddress
        | Purpose::NewAddress
        | Purpose::OldAddress
        | Purpose::Reset
        | Purpose::Setup => true,
    }
}

fn draw(app: &App, mail: Known, secret: Option<String>, ready: &mut Vec<Ready>, unready: &mut Vec<Unready>) {
    let Known { claimed, letter, name, address, time_zone, purpose, inviter, knows, pay_link, .. } = mail;
    let link = purpose
        .zip(secret.as_deref())
        .map(|(purpose, secret)| app.config.link(&letter::path(purpose, secret)))
        .or(pay_link);
    let mut inviter = inviter.unwrap_or_default();
    if letter.keeps_addresses() {
        inviter.both.clone_from(&inviter.name);
    }
    let sheet = letter.sheet(&letter::Reader {
        zone: &Zone::from_name(&time_zone).unwrap_or_else(Zone::utc),
        address: &address,
        home: &app.config.public_url,
        secret_link: link.as_deref().unwrap_or_default(),
        inviter: &inviter.both,
        inviter_name: &inviter.name,
        knows,
    });
    match sheet.draw(&app.config.public_url, app.config.test_mode) {
        Ok(mail) => {
            let link = sheet.button.map(|button| button.address);
            ready.push(Ready { claimed, name, address, mail, link, secret });
        }
        Err(error) => unready.push(Unready::Because(Box::new(claimed), error.to_string())),
    }
}
