//! Terms are sent: the addresses that were typed become parties, and the escrow begins.
//!
//! An unknown address makes a user whom nobody has claimed (Vesicash: an account is created). If the terms
//! are refused, nothing of it was written.

use data_encoding::HEXLOWER;
use uuid::Uuid;

use crate::clock::Clock;
use crate::engine::chain::salted_hex;
use crate::engine::command::Command;
use crate::engine::party::{Role, UserId};
use crate::engine::terms::{Arbiter, Mode, Terms, TermsParty};
use crate::keys::Keys;
use crate::store::db::{Conn, Db, DbError};
use crate::store::execute::{Evidence, Executed, NamedParty, Outcome, Request, Who, execute_in};
use crate::store::strangers::{self, TooMany};
use crate::store::{drafts, escrows, files, links, users};

const MOST_TRIES: usize = 4;
/// Crockford's base 32: no letter that is taken for a digit or for another letter.
const SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Terms that are ready to be sent, with people named by their addresses.
#[derive(Clone, Debug)]
pub struct Proposal {
    pub creator: UserId,
    /// Everyone with a role, the creator too, by normalised address.
    pub parties: Vec<(Role, String)>,
    /// Everything but the parties and the arbiter; parties that stand here are stand-ins, in the order above, for
    /// the recipients' lines.
    pub terms: Terms,
    pub named: Named,
    pub key: String,
    pub draft: Option<Source>,
}

/// Who is named besides those with a role, and what people are called by whoever names them.
#[derive(Clone, Debug, Default)]
pub struct Named {
    /// The arbiter's normalised address.
    pub arbiter: Option<String>,
    /// Names by normalised address.
    pub names: Vec<(String, String)>,
}

impl Named {
    fn name_of(&self, email: &str) -> String {
        let known = self.names.iter().find(|(known, _)| known == email);
        known.map_or_else(String::new, |(_, name)| name.clone())
    }
}

/// The draft that a proposal was made from. Its files come along with the escrow.
#[derive(Clone, Debug)]
pub struct Source {
    pub id: Uuid,
    /// What stood in it when the terms were read from it: with other fields by now they are stale.
    pub fields: String,
}

/// Other terms that are ready to be sent instead of a version that stands.
#[derive(Clone, Debug)]
pub struct CounterOffer {
    pub by: UserId,
    pub escrow: Uuid,
    pub version: u32,
    pub terms: Terms,
    /// Payees who are new in them: the stand-ins there, and the addresses of those who are meant.
    pub payees: Vec<(UserId, String)>,
    pub named: Named,
    pub key: String,
    pub draft: Source,
}

/// A proposal that was sent, or why not.
#[derive(Clone, Debug)]
pub struct Proposed {
    pub executed: Executed,
    pub escrow: Uuid,
    pub reference: String,
}

/// A new public reference, `ESC-7K2M-9QXA`.
#[must_use]
pub fn reference(clock: &Clock) -> String {
    let signs: Vec<char> =
        clock.random::<8>().iter().map(|byte| char::from(SIGNS[usize::from(byte % 32)])).collect();
    let half = |signs: &[char]| signs.iter().collect::<String>();
    format!("ESC-{}-{}", half(&signs[..4]), half(&signs[4..]))
}

/// Sends a proposal to however many strangers: for those whom nobody has to be kept from, like the demo's people.
///
/// # Errors
/// The database's; nothing was written then.
pub async fn propose(db: &Db, clock: &Clock, proposal: &Proposal) -> Result<Proposed, DbError> {
    let proposed = proposing(db, clock, proposal, false).await?;
    proposed.map_err(|why| DbError::Broken(why.sentence()))
}

/// Sends a proposal, unless it would be one mail to strangers too many.
///
/// # Errors
/// The database's; nothing was written then.
pub async fn propose_within_limits(
    db: &Db,
    clock: &Clock,
    proposal: &Proposal,
) -> Result<Result<Proposed, TooMany>, DbError> {
    proposing(db, clock, proposal, true).await
}

async fn proposing(
    db: &Db,
    clock: &Clock,
    proposal: &Proposal,
    limited: bool,
) -> Result<Result<Proposed, TooMany>, DbError> {
    let mut addresses: Vec<String> = proposal.parties.iter().map(|(_, email)| email.clone()).collect();
    addresses.extend(proposal.named.arbiter.clone());
    if !limited {
        addresses.clear();
    }
    let mut tries = 0;
    loop {
        tries += 1;
        let mut tx = db.write().await?;
        let result = match propose_in(&mut tx.conn(), clock, db.keys(), proposal).await {
            // A refusal leaves no trace, not even of the addresses.
            Ok(proposed) if proposed.executed.outcome != Outcome::Done => Ok(Ok(proposed)),
            Ok(proposed) => {
                match strangers::admit(&mut tx.conn(), clock.now(), proposal.creator, &addresses).await {
                    Ok(Ok(())) => tx.commit().await.map(|()| Ok(proposed)),
                    Ok(Err(too_many)) => Ok(Err(too_many)),
                    Err(error) => Err(error),
                }
            }
            Err(error) => Err(error),
        };
        match result {
            Err(error) if tries < MOST_TRIES && (error.is_transient() || error.is_unique_violation()) => {}
            other => return other,
        }
    }
}

/// Draws the salt of a hidden commission, so that its digest can't be guessed at.
fn salt(clock: &Clock, terms: &mut Terms) {
    if let Some(commission) = terms.commission.as_mut().filter(|commission| commission.hidden) {
        commission.salt = HEXLOWER.encode(&clock.random::<16>());
    }
}

/// Sends other terms for an escrow, unless they would be one mail to strangers too many. The new files of the draft
/// come along.
///
/// # Errors
/// The database's; nothing was written then.
pub async fn counter(
    db: &Db,
    clock: &Clock,
    offer: &CounterOffer,
) -> Result<Result<Executed, TooMany>, DbError> {
    let mut addresses: Vec<String> = offer.payees.iter().map(|(_, email)| email.clone()).collect();
    addresses.extend(offer.named.arbiter.clone());
    let mut tries = 0;
    loop {
        tries += 1;
        let mut tx = db.write().await?;
        let result = match counter_in(&mut tx.conn(), clock, offer).await {
            Ok(executed) if executed.outcome == Outcome::Done => {
                match strangers::admit(&mut tx.conn(), clock.now(), offer.by, &addresses).await {
                    Ok(Ok(())) => tx.commit().await.map(|()| Ok(executed)),
                    Ok(Err(too_many)) => Ok(Err(too_many)),
                    Err(error) => Err(error),
                }
            }
            // What has come due meanwhile is written even if the offer is refused.
            Ok(executed) => tx.commit().await.map(|()| Ok(executed)),
            Err(error) => Err(error),
        };
        match result {
            Err(error) if tries < MOST_TRIES && (error.is_transient() || error.is_unique_violation()) => {}
            other => return other,
        }
    }
}

async fn counter_in(conn: &mut Conn<'_>, clock: &Clock, offer: &CounterOffer) -> Result<Executed, DbError> {
    // The escrow's row first, as every other write has it.
    let head = escrows::lock(conn, offer.escrow).await?;
    let files = files::of_draft(conn, offer.draft.id).await?;
    if let Some(outcome) = changed(conn, offer.by, &offer.draft, &files, &offer.terms).await? {
        return Ok(Executed { outcome, wake: false });
    }
    let mut terms = offer.terms.clone();
    salt(clock, &mut terms);
    let mut people = Vec::new();
    let stand_ins = terms.parties.clone();
    for (stand_in, email) in &offer.payees {
        let person = find(conn, clock, email, &offer.named).await?;
        if let Some(party) = terms.parties.iter_mut().find(|party| party.user == *stand_in) {
            party.user = person.user;
            party.identity_sha256 = salted_hex(&person.salt, email);
        }
        people.push(person);
    }
    name_recipients(&mut terms, &stand_ins);
    if let Some(email) = &offer.named.arbiter {
        let person = find(conn, clock, email, &offer.named).await?;
        let standing = head.and_then(|head| head.escrow.terms.arbiter).filter(|it| it.user == person.user);
        // The same one stays who he is, with the digest that he was named by.
        terms.arbiter = Some(match standing {
            Some(standing) => standing,
            None => {
                let identity_sha256 = salted_hex(&person.salt, email);
                let arbiter = Arbiter { user: person.user, identity_sha256 };
                people.push(person);
                arbiter
            }
        });
    }
    let command = Command::Counter { version: offer.version, terms: Box::new(terms) };
    let mut request = Request::new(offer.escrow, Who::User(offer.by), command);
    request.key = Some(offer.key.clone());
    request.evidence = Some(Evidence::Parties(people));
    let executed = execute_in(conn, clock, &request).await?;
    if executed.outcome == Outcome::Done {
        for file in &files {
            if !files::attach(conn, file.id, offer.by, offer.escrow).await? {
                return Err(DbError::Broken("a file of these terms belongs to something else".to_owned()));
            }
        }
        drafts::mark_sent(conn, offer.draft.id, offer.escrow).await?;
    }
    Ok(executed)
}

/// The right address of somebody who was named by a wrong one.
#[derive(Clone, Debug)]
pub struct Correction {
    pub by: UserId,
    pub escrow: Uuid,
    /// Who was named.
    pub user: UserId,
    /// The right address, normalised.
    pub email: String,
    pub seen: Option<String>,
    pub key: Option<String>,
}

/// Names another address for a party, unless that is one mail to strangers too many. If it is refused, the address
/// leaves no trace.
///
/// # Errors
/// The database's; nothing was written then.
pub async fn correct(
    db: &Db,
    clock: &Clock,
    correction: &Correction,
) -> Result<Result<Executed, TooMany>, DbError> {
    let addresses = [correction.email.clone()];
    let mut tries = 0;
    loop {
        tries += 1;
        let mut tx = db.write().await?;
        let result = match correct_in(&mut tx.conn(), clock, correction).await {
            Ok(executed) if executed.outcome != Outcome::Done => Ok(Ok(executed)),
            Ok(executed) => {
                match strangers::admit(&mut tx.conn(), clock.now(), correction.by, &addresses).await {
                    Ok(Ok(())) => tx.commit().await.map(|()| Ok(executed)),
                    Ok(Err(too_many)) => Ok(Err(too_many)),
                    Err(error) => Err(error),
                }
            }
            Err(error) => Err(error),
        };
        match result {
            Err(error) if tries < MOST_TRIES && (error.is_transient() || error.is_unique_violation()) => {}
            other => return other,
        }
    }
}

async fn correct_in(
    conn: &mut Conn<'_>,
    clock: &Clock,
    correction: &Correction,
) -> Result<Executed, DbError> {
    escrows::lock(conn, correction.escrow).await?;
    let named = find(conn, clock, &correction.email, &Named::default()).await?;
    let (to, identity_sha256) = (named.user, salted_hex(&named.salt, &correction.email));
    let request = Request {
        escrow: correction.escrow,
        who: Who::User(correction.by),
        command: Command::CorrectParty { user: correction.user, to, identity_sha256 },
        seen: correction.seen.clone(),
        key: correction.key.clone(),
        evidence: Some(Evidence::Parties(vec![named])),
    };
    execute_in(conn, clock, &request).await
}

/// Whoever has an address, as the terms will name him. An unknown address makes a user whom nobody has claimed.
async fn find(conn: &mut Conn<'_>, clock: &Clock, email: &str, named: &Named) -> Result<NamedParty, DbError> {
    let user = users::find_or_invite(conn, clock, email, "").await?;
    let (email, name, salt) = (email.to_owned(), named.name_of(email), clock.random::<16>().to_vec());
    Ok(NamedParty { user, email, name, salt })
}

/// Locks a draft of other terms. Something else than sending comes of it when it is gone or was sent, and
/// when it or its files are not what the terms were read from any more.
async fn changed(
    conn: &mut Conn<'_>,
    user: UserId,
    draft: &Source,
    files: &[files::FileRow],
    terms: &Terms,
) -> Result<Option<Outcome>, DbError> {
    let Some(now) = drafts::lock(conn, draft.id, user).await? else { return Ok(Some(Outcome::Unknown)) };
    if now.escrow_id.is_some() {
        return Ok(Some(Outcome::AlreadyDone));
    }
    let known = files.iter().all(|file| terms.files.iter().any(|named| named.id == file.id));
    Ok((now.fields != draft.fields || !known).then_some(Outcome::Stale))
}

async fn propose_in(
    conn: &mut Conn<'_>,
    clock: &Clock,
    keys: &Keys,
    proposal: &Proposal,
) -> Result<Proposed, DbError> {
    let (id, reference) = (clock.id(), reference(clock));
    if let Some(draft) = &proposal.draft
        && let Some(other) = from_draft(conn, proposal, draft).await?
    {
        return Ok(other);
    }
    let mut terms = proposal.terms.clone();
    salt(clock, &mut terms);
    let mut named = Vec::new();
    let stand_ins = std::mem::take(&mut terms.parties);
    for (role, email) in &proposal.parties {
        let person = find(conn, clock, email, &proposal.named).await?;
        let identity_sha256 = salted_hex(&person.salt, email);
        terms.parties.push(TermsParty { role: *role, user: person.user, identity_sha256 });
        named.push(person);
    }
    name_recipients(&mut terms, &stand_ins);
    if let Some(email) = &proposal.named.arbiter {
        let person = find(conn, clock, email, &proposal.named).await?;
        let identity_sha256 = salted_hex(&person.salt, email);
        terms.arbiter = Some(Arbiter { user: person.user, identity_sha256 });
        named.push(person);
    }
    let request = Request {
        escrow: id,
        who: Who::User(proposal.creator),
        command: Command::Propose { id, reference: reference.clone(), terms: Box::new(terms) },
        seen: None,
        key: Some(proposal.key.clone()),
        evidence: Some(Evidence::Parties(named)),
    };
    let executed = execute_in(conn, clock, &request).await?;
    if let (Outcome::Done, Some(draft)) = (&executed.outcome, &proposal.draft) {
        for file in &proposal.terms.files {
            if !files::attach(conn, file.id, proposal.creator, id).await? {
                return Err(DbError::Broken("a file of these terms belongs to something else".to_owned()));
            }
        }
        drafts::mark_sent(conn, draft.id, id).await?;
    }
    if executed.outcome == Outcome::Done && proposal.terms.mode == Mode::Instant {
        links::make(conn, clock, keys, id).await?;
    }
    Ok(Proposed { executed, escrow: id, reference })
}

/// Puts whoever was found into the lines of those who stood there meanwhile.
fn name_recipients(terms: &mut Terms, stand_ins: &[TermsParty]) {
    let parties = &terms.parties;
    for line in terms.milestones.iter_mut().flat_map(|part| &mut part.recipients) {
        let place = stand_ins.iter().position(|party| party.user == line.user);
        if let Some(party) = place.and_then(|place| parties.get(place)) {
            line.user = party.user;
        }
    }
}

/// Locks the draft. Something else than a new escrow comes of it when it was sent already, when it is
/// not there, and when it or its files are not what the terms were read from any more.
async fn from_draft(
    conn: &mut Conn<'_>,
    proposal: &Proposal,
    draft: &Source,
) -> Result<Option<Proposed>, DbError> {
    let instead = |outcome, escrow, reference| {
        Ok(Some(Proposed { executed: Executed { outcome, wake: false }, escrow, reference }))
    };
    let Some(now) = drafts::lock(conn, draft.id, proposal.creator).await? else {
        return instead(Outcome::Unknown, Uuid::nil(), String::new());
    };
    if let Some(escrow) = now.escrow_id {
        let reference = drafts::sent_as(conn, draft.id, proposal.creator).await?.unwrap_or_default();
        return instead(Outcome::AlreadyDone, escrow, reference);
    }
    let files = files::of_draft(conn, draft.id).await?;
    let same_files = files.iter().map(|file| file.id).eq(proposal.terms.files.iter().map(|file| file.id));
    if now.fields != draft.fields || !same_files {
        return instead(Outcome::Stale, Uuid::nil(), String::new());
    }
    Ok(None)
}
