//! Pay links, and those who buy by one.
//!
//! Somebody without an account buys as the user whom nobody has claimed, and who keeps his id when he signs up.
//! Where the address has an account already, nobody may put deals into it but whoever reads that address: he
//! buys as a stand-in, a user of his own with the same address, and takes the purchase over by the mail's link
//! while he is signed in. Nothing tells the two cases apart from outside. Only who sells or decides can't buy, with
//! whatever account: his address is in the deal already (see `interest.rs`).

use uuid::Uuid;

use super::db::{Conn, Db, DbError, all, exec, one, opt};
use super::execute::{Evidence, Executed, NamedParty, Outcome, Request, Who, execute_in};
use super::tokens::{self, Bound, Purpose};
use super::{escrows, hash, terms_of_service, users};
use crate::clock::Clock;
use crate::engine::chain::salted_hex;
use crate::engine::command::Command;
use crate::engine::escrow::Method;
use crate::engine::party::UserId;
use crate::keys::{self, Keys};

const MOST_TRIES: usize = 4;

/// A pay link as its secret is looked up.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    pub escrow: Uuid,
    /// The seller has made a newer one.
    pub replaced: bool,
}

/// Makes the pay link of an escrow; the one before it works no more.
///
/// # Errors
/// The database's.
pub async fn make(conn: &mut Conn<'_>, clock: &Clock, keys: &Keys, escrow: Uuid) -> Result<String, DbError> {
    let (secret, now) = (clock.secret(), clock.now());
    let sealed = seal(keys, clock, &secret)?;
    exec!(
        conn,
        "UPDATE pay_links SET secret = NULL, sealed = NULL, replaced_at = $2 WHERE escrow_id = $1 AND replaced_at IS NULL",
        escrow,
        now
    )?;
    exec!(
        conn,
        "INSERT INTO pay_links (hash, escrow_id, sealed, created_at) VALUES ($1, $2, $3, $4)",
        hash(&secret),
        escrow,
        sealed.as_slice(),
        now
    )?;
    Ok(secret)
}

/// The secret, sealed for the row that has its hash.
fn seal(keys: &Keys, clock: &Clock, secret: &str) -> Result<Vec<u8>, DbError> {
    let sealed = keys.seal(keys::Purpose::PayLink, &hash(secret), secret, clock);
    sealed.ok_or_else(|| {
        DbError::Broken("this machine lacks the portal's key, which seals pay links".to_owned())
    })
}

/// The link that works now.
#[derive(Clone, Debug)]
pub struct Current {
    pub hash: Vec<u8>,
    /// Nothing where this machine lacks the key that sealed it: then only a new link can be shown.
    pub secret: Option<String>,
}

/// The link of an escrow, for its seller and for whoever came by it.
///
/// # Errors
/// The database's.
pub async fn current(conn: &mut Conn<'_>, keys: &Keys, escrow: Uuid) -> Result<Option<Current>, DbError> {
    let sql = "SELECT hash, sealed, secret FROM pay_links WHERE escrow_id = $1 AND replaced_at IS NULL";
    let row = opt!(conn, (Vec<u8>, Option<Vec<u8>>, Option<String>), sql, escrow)?;
    Ok(row.map(|(hash, sealed, readable)| {
        let opened = sealed.and_then(|sealed| keys.open(keys::Purpose::PayLink, &hash, &sealed));
        Current { secret: opened.or(readable), hash }
    }))
}

/// The secret of an escrow's link, where it can be read.
///
/// # Errors
/// The database's.
pub async fn secret(conn: &mut Conn<'_>, keys: &Keys, escrow: Uuid) -> Result<Option<String>, DbError> {
    Ok(current(conn, keys, escrow).await?.and_then(|link| link.secret))
}

/// Seals the links from before they were sealed. Done once: asked at every start.
///
/// # Errors
/// The database's; nothing was written then.
pub async fn seal_old(db: &Db, clock: &Clock) -> Result<(), DbError> {
    if db.keys().public().is_none() {
        return Ok(());
    }
    let sql = "SELECT hash, secret FROM pay_links WHERE secret IS NOT NULL ORDER BY hash";
    if all!(&mut db.read().await?.conn(), (Vec<u8>, String), sql)?.is_empty() {
        return Ok(());
    }
    let mut tx = db.write().await?;
    let conn = &mut tx.conn();
    for (hash, secret) in all!(conn, (Vec<u8>, String), sql)? {
        let sealed = seal(db.keys(), clock, &secret)?;
        let sql = "UPDATE pay_links SET secret = NULL, sealed = $2 WHERE hash = $1 AND secret IS NOT NULL";
        exec!(conn, sql, hash, sealed)?;
    }
    tx.commit().await
}

/// What a secret opens.
///
/// # Errors
/// The database's.
pub async fn find(conn: &mut Conn<'_>, secret: &str) -> Result<Option<Link>, DbError> {
    let sql = "SELECT escrow_id, replaced_at IS NOT NULL FROM pay_links WHERE hash = $1";
    let row = opt!(conn, (Uuid, bool), sql, hash(secret))?;
    Ok(row.map(|(escrow, replaced)| Link { escrow, replaced }))
}

/// Who buys.
#[derive(Clone, Debug)]
pub enum Buyer {
    /// Signed in.
    User(UserId, String),
    /// By what he typed: the normalised address and a name.
    Guest { email: String, name: String },
}

/// A purchase by a link.
#[derive(Clone, Debug)]
pub struct Purchase {
    pub secret: String,
    pub buyer: Buyer,
    pub payment: Uuid,
    pub method: Method,
    /// The terms of service that were ticked; none where they had been accepted before.
    pub terms_version: Option<i64>,
    pub seen: Option<String>,
    pub key: Option<String>,
}

/// What came of a purchase.
#[derive(Clone, Debug)]
pub struct Bought {
    pub executed: Executed,
    /// The secret of the guest's own pages.
    pub guest: Option<String>,
}

/// Buys. If it is refused, nothing of it was written, not even the address.
///
/// # Errors
/// The database's; nothing was written then.
pub async fn buy(db: &Db, clock: &Clock, purchase: &Purchase) -> Result<Bought, DbError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let mut tx = db.write().await?;
        let result = match buy_in(&mut tx.conn(), clock, purchase).await {
            Ok(bought) if bought.executed.outcome != Outcome::Done => Ok(bought),
            Ok(bought) => tx.commit().await.map(|()| bought),
            Err(error) => Err(error),
        };
        match result {
            Err(error) if tries < MOST_TRIES && (error.is_transient() || error.is_unique_violation()) => {}
            other => return other,
        }
    }
}

async fn buy_in(conn: &mut Conn<'_>, clock: &Clock, purchase: &Purchase) -> Result<Bought, DbError> {
    let unknown = Executed { outcome: Outcome::Unknown, wake: false };
    let link = find(conn, &purchase.secret).await?.filter(|link| !link.replaced);
    let Some(link) = link else { return Ok(Bought { executed: unknown, guest: None }) };
    // The escrow's row first, as every other write has it.
    escrows::lock(conn, link.escrow).await?;
    let (user, email, guest) = match &purchase.buyer {
        Buyer::User(user, email) => (*user, email.clone(), false),
        Buyer::Guest { email, .. } => (guest_of(conn, clock, email).await?, email.clone(), true),
    };
    if let Some(version) = purchase.terms_version {
        terms_of_service::accept(conn, clock.now(), user, version).await?;
    }
    let salt = clock.random::<16>().to_vec();
    let identity_sha256 = salted_hex(&salt, &email);
    let (payment, method) = (purchase.payment, purchase.method.clone());
    // What he calls himself, for the others to read.
    let name = match &purchase.buyer {
        Buyer::User(..) => String::new(),
        Buyer::Guest { name, .. } => name.clone(),
    };
    let named = NamedParty { user, email: email.clone(), name, salt };
    let request = Request {
        escrow: link.escrow,
        who: Who::User(user),
        command: Command::BuyByLink { payment, method, identity_sha256, guest },
        seen: purchase.seen.clone(),
        key: purchase.key.clone(),
        evidence: Some(Evidence::Parties(vec![named])),
    };
    let executed = execute_in(conn, clock, &request).await?;
    let mut secret = None;
    if executed.outcome == Outcome::Done && guest {
        let bound = Bound { user_id: Some(user), email: Some(&email), escrow_id: Some(link.escrow) };
        secret = Some(tokens::mint_beside(conn, clock, Purpose::Guest, &bound).await?);
    }
    Ok(Bought { executed, guest: secret })
}

/// The user as whom somebody buys who typed this address: nobody's, or a stand-in where it has an account.
async fn guest_of(conn: &mut Conn<'_>, clock: &Clock, email: &str) -> Result<UserId, DbError> {
    let known = users::by_email(conn, email).await?;
    if known.is_none_or(|account| account.claimed_at.is_none() && account.email_confirmed_at.is_none()) {
        return users::find_or_invite(conn, clock, email, "").await;
    }
    let (id,) = one!(
        conn,
        (Uuid,),
        "INSERT INTO users (id, guest_email, name, name_lower, identity_salt, created_at)
         VALUES ($1, $2, '', '', $3, $4)
         ON CONFLICT (guest_email) WHERE guest_email IS NOT NULL
         DO UPDATE SET guest_email = excluded.guest_email RETURNING id",
        clock.id(),
        email,
        clock.random::<16>().to_vec(),
        clock.now()
    )?;
    Ok(id)
}

/// Puts what was bought as a guest into the account of the same address, whose owner holds the guest's secret.
///
/// # Errors
/// The database's; nothing was written then.
pub async fn claim(
    db: &Db,
    clock: &Clock,
    escrow: Uuid,
    guest: UserId,
    (to, email): (UserId, &str),
) -> Result<Executed, DbError> {
    let mut tx = db.write().await?;
    let executed = claim_in(&mut tx.conn(), clock, escrow, guest, (to, email)).await?;
    tx.commit().await?;
    Ok(executed)
}

async fn claim_in(
    conn: &mut Conn<'_>,
    clock: &Clock,
    escrow: Uuid,
    guest: UserId,
    (to, email): (UserId, &str),
) -> Result<Executed, DbError> {
    let salt = clock.random::<16>().to_vec();
    let identity_sha256 = salted_hex(&salt, email);
    let named = NamedParty { user: to, email: email.to_owned(), name: String::new(), salt };
    let mut request = Request::new(escrow, Who::User(guest), Command::Claim { to, identity_sha256 });
    request.evidence = Some(Evidence::Parties(vec![named]));
    execute_in(conn, clock, &request).await
}

/// Confirms an address as the account's; false if it has another one. What was bought with it as a guest is that of
/// an account from then on, so that its money can go to a wallet.
///
/// # Errors
/// The database's; the caller must not commit then.
pub async fn confirm(conn: &mut Conn<'_>, clock: &Clock, user: UserId, email: &str) -> Result<bool, DbError> {
    if !users::confirm(conn, clock.now(), user, email).await? {
        return Ok(false);
    }
    let bought = all!(
        conn,
        (Uuid,),
        "SELECT p.escrow_id FROM parties p JOIN escrows e ON e.id = p.escrow_id
         WHERE p.user_id = $1 AND p.role = 'buyer' AND e.stage <> 'closed'
           AND EXISTS (SELECT 1 FROM pay_links l WHERE l.escrow_id = e.id)
         ORDER BY p.escrow_id",
        user
    )?;
    for (escrow,) in bought {
        claim_in(conn, clock, escrow, user, (user, email)).await?;
    }
    Ok(true)
}
