//! A dispute as it is read: what is sought, what each side says and shows, and how it ended. Its texts stand in
//! the history, since the state keeps no quarrels.

use askama::Template;
use askama::filters::HtmlSafe;

use super::outcome;
use super::rounds::{Round, file_view, rounds};
use super::seat::Scene;
use super::spot::Agreed;
use super::transfers::Transfers;
use crate::engine::dispute::{Handler, Split, Step};
use crate::engine::event::{Event, Record};
use crate::engine::party::{Actor, Role};
use crate::engine::terms::FileRef;
use crate::engine::words::{bridge, dispute_ended};
use crate::error::Error;
use crate::store::db::Conn;
use crate::store::files::{self, FileRow};
use crate::store::history::{self, Stored};
use crate::web::view::{FileView, MoneyView, TimeView};

/// A dispute, drawn for whoever may read it.
#[derive(Template)]
#[template(path = "pages/escrow/room.html")]
pub struct Room {
    pub number: u16,
    pub by: String,
    pub since: TimeView,
    pub reason: String,
    /// What is sought of each milestone: its title, released, given back; and, while it is open, what follows those.
    pub claims: Vec<(String, MoneyView, MoneyView, String)>,
    pub failed: Vec<String>,
    pub files: Vec<FileView>,
    /// What the buyer and the seller say, oldest first.
    pub lanes: Vec<Lane>,
    /// Of an open one: where it stands and until when.
    pub standing: Option<Standing>,
    pub ended: Option<Ended>,
}

impl HtmlSafe for Room {}

/// One side's statements.
pub struct Lane {
    pub side: &'static str,
    pub name: String,
    pub said: Vec<Statement>,
}

/// Something said, with its evidence.
pub struct Statement {
    pub at: TimeView,
    pub text: String,
    pub files: Vec<FileView>,
}

/// Where an open dispute stands.
pub struct Standing {
    pub words: String,
    pub until: TimeView,
    pub otherwise: String,
    pub stake: MoneyView,
    /// With what follows it; empty where nothing does.
    pub frozen: String,
    /// What would be carried out if it went as sought.
    pub transfers: Transfers,
}

/// How it ended.
pub struct Ended {
    pub words: &'static str,
    pub reasons: String,
    pub at: TimeView,
    /// What moved by it; nothing where it was withdrawn.
    pub transfers: Option<Transfers>,
}

/// Reads a stored event without what its reader may not see.
pub type Decode<'a> = &'a (dyn Fn(&Stored) -> Result<Record, serde_json::Error> + Sync);

/// Reads a dispute of an escrow.
///
/// # Errors
/// [`Error::NotFound`] where there was none of this number, or the database's.
pub async fn read(
    conn: &mut Conn<'_>,
    scene: &Scene<'_>,
    decode: Decode<'_>,
    files_at: &str,
    number: u16,
) -> Result<Room, Error> {
    let stored = history::of_disputes(conn, scene.escrow.id).await?;
    let rows = files::of_escrow(conn, scene.escrow.id).await?;
    let records: Vec<Record> = stored.iter().filter_map(|stored| decode(stored).ok()).collect();
    room(scene, files_at, number, &records, &rows).ok_or(Error::NotFound)
}

fn room(
    scene: &Scene<'_>,
    files_at: &str,
    number: u16,
    records: &[Record],
    rows: &[FileRow],
) -> Option<Room> {
    let mut room = None;
    for record in records {
        tell(scene, rows, files_at, number, record, &mut room);
    }
    let mut room: Room = room?;
    room.standing = standing(scene, number);
    if let Some(ended) = &mut room.ended {
        ended.transfers = carried_out(scene, number, records);
    }
    Some(room)
}

/// What moved when a dispute ended: the steps of its milestones at that moment.
#[allow(clippy::wildcard_enum_match_arm, reason = "no other event takes money out of a dispute")]
fn carried_out(scene: &Scene<'_>, number: u16, records: &[Record]) -> Option<Transfers> {
    let over =
        |record: &&Record| matches!(record.event, Event::DisputeEnded { dispute, .. } if dispute == number);
    let at = records.iter().find(over)?.at;
    let claimed = claimed(records, number);
    let (mut released, mut refunded) = (Vec::new(), Vec::new());
    for record in records.iter().filter(|record| record.at == at) {
        match &record.event {
            Event::Released { milestone, parts, .. } if claimed.contains(milestone) => {
                released.extend(parts.clone())
            }
            Event::Refunded { milestone, parts, .. } | Event::RefundStarted { milestone, parts, .. }
                if claimed.contains(milestone) =>
            {
                refunded.extend(parts.clone());
            }
            _ => {}
        }
    }
    let any = !(released.is_empty() && refunded.is_empty());
    any.then(|| outcome::moved(scene, &released, &refunded))
}

/// A milestone that is in dispute, for whoever decides: what was agreed, and every delivery with its answer.
pub struct Work {
    pub number: u16,
    pub title: String,
    pub agreed: Agreed,
    pub rounds: Vec<Round>,
}

/// A dispute with the work that it is about.
///
/// # Errors
/// [`Error::NotFound`] where there was none of this number, or the database's.
pub async fn read_case(
    conn: &mut Conn<'_>,
    scene: &Scene<'_>,
    decode: Decode<'_>,
    files_at: &str,
    number: u16,
) -> Result<(Room, Vec<Work>), Error> {
    let stored = history::of_case(conn, scene.escrow.id).await?;
    let rows = files::of_escrow(conn, scene.escrow.id).await?;
    let records: Vec<Record> = stored.iter().filter_map(|stored| decode(stored).ok()).collect();
    let room = room(scene, files_at, number, &records, &rows).ok_or(Error::NotFound)?;
    let work = |number: u16| {
        let terms = scene.escrow.terms.milestones.get(usize::from(number).checked_sub(1)?)?;
        let title = format!("{}{}", scene.prefix(number), terms.title);
        let agreed = Agreed::of(scene, number, terms);
        Some(Work { number, title, agreed, rounds: rounds(scene, files_at, number, &records, &rows) })
    };
    let works = claimed(&records, number).into_iter().filter_map(work).collect();
    Ok((room, works))
}

/// The milestones that a dispute was opened about.
#[must_use]
pub fn claimed(records: &[Record], number: u16) -> Vec<u16> {
    let opened = records.iter().find_map(|record| match &record.event {
        Event::DisputeOpened { dispute, claims, .. } if *dispute == number => Some(claims),
        _ => None,
    });
    opened.map(|claims| claims.iter().map(|claim| claim.milestone).collect()).unwrap_or_default()
}

fn views(rows: &[FileRow], files_at: &str, files: &[FileRef]) -> Vec<FileView> {
    files.iter().map(|file| file_view(files_at, file, rows)).collect()
}

fn tell(
    scene: &Scene<'_>,
    rows: &[FileRow],
    files_at: &str,
    number: u16,
    record: &Record,
    room: &mut Option<Room>,
) {
    let at = scene.reader.time(record.at);
    match &record.event {
        Event::DisputeOpened { dispute, by, claims, reason, failed, files, .. } if *dispute == number => {
            let claim = |claim: &Split| {
                let title = scene.title_of(claim.milestone).to_owned();
                let (release, refund) = (scene.amount(claim.release_minor), scene.amount(claim.refund_minor));
                let open = scene.escrow.dispute(number).is_some();
                let bridges = if open { outcome::bridges(scene, claim) } else { String::new() };
                (title, release.into(), refund.into(), bridges)
            };
            let criterion = |failed: &crate::engine::dispute::FailedCriterion| {
                let index = usize::from(failed.milestone).saturating_sub(1);
                scene.escrow.terms.milestones.get(index)?.criteria.get(usize::from(failed.criterion)).cloned()
            };
            let lane =
                |role: Role, side: &'static str| Lane { side, name: name_of(scene, role), said: Vec::new() };
            *room = Some(Room {
                number,
                by: name_of(scene, *by),
                since: at,
                reason: reason.clone(),
                claims: claims.iter().map(claim).collect(),
                failed: failed.iter().filter_map(criterion).collect(),
                files: views(rows, files_at, files),
                lanes: vec![lane(Role::Buyer, "buyer"), lane(Role::Seller, "seller")],
                standing: None,
                ended: None,
            });
        }
        Event::Stated { dispute, text, files } if *dispute == number => {
            let Some(room) = room else { return };
            let place = usize::from(!matches!(record.actor, Actor::Party { role: Role::Buyer, .. }));
            let said = Statement { at, text: text.clone(), files: views(rows, files_at, files) };
            room.lanes[place].said.push(said);
        }
        Event::DisputeEnded { dispute, how, reasons } if *dispute == number => {
            let Some(room) = room else { return };
            room.ended =
                Some(Ended { words: dispute_ended(*how).1, reasons: reasons.clone(), at, transfers: None });
        }
        _ => {}
    }
}

fn name_of(scene: &Scene<'_>, role: Role) -> String {
    scene.escrow.party(role).map_or_else(|| role.word().to_owned(), |party| scene.name(party.user))
}

fn arbiter(scene: &Scene<'_>) -> String {
    let named = scene.escrow.terms.arbiter.as_ref();
    named.map_or_else(|| "The arbiter".to_owned(), |arbiter| scene.name(arbiter.user))
}

fn standing(scene: &Scene<'_>, number: u16) -> Option<Standing> {
    let dispute = scene.escrow.dispute(number)?;
    let nobody =
        |does: &str| format!("If nobody {does} by then, {}.", scene.escrow.terms.default_outcome.words());
    let (words, otherwise) = match &dispute.step {
        Step::Answer { .. } => (
            format!("{} is to answer", name_of(scene, dispute.other_side())),
            crate::engine::next::if_unanswered(scene.escrow, dispute),
        ),
        Step::Talk { .. } => (
            "Both sides talk and can settle".to_owned(),
            "Without a settlement it goes to be decided.".to_owned(),
        ),
        Step::Handler { handler: Handler::Arbiter, ruling: Some(_), .. } => (
            format!("{} has decided, and an operator is to confirm it", arbiter(scene)),
            "If nobody confirms it by then, the operators decide again.".to_owned(),
        ),
        Step::Handler { ruling: Some(_), .. } => {
            ("A decision is made and waits for a second operator".to_owned(), nobody("confirms it"))
        }
        Step::Handler { handler: Handler::Operators, .. } => {
            ("The operators decide".to_owned(), nobody("decides"))
        }
        Step::Handler { handler: Handler::Arbiter, .. } => {
            let words = format!("{} decides, as the arbiter", arbiter(scene));
            (words, "If the arbiter does not decide by then, the operators of Holdfast do.".to_owned())
        }
    };
    Some(Standing {
        words,
        until: scene.reader.time(dispute.step.times().1),
        otherwise,
        stake: scene.amount(dispute.stake_minor()).into(),
        frozen: frozen(scene, &dispute.claims),
        transfers: outcome::transfers(scene, &dispute.claims),
    })
}

/// All that is frozen for a dispute: what is at stake, and what follows it.
fn frozen(scene: &Scene<'_>, claims: &[Split]) -> String {
    let released = |claim: &Split| Split {
        milestone: claim.milestone,
        release_minor: claim.sum_minor(),
        refund_minor: 0,
    };
    let all: Vec<Split> = claims.iter().map(released).collect();
    let bridge = bridge(&outcome::gross(scene, &all), scene.escrow.terms.currency);
    bridge.map(|bridge| format!(" {bridge} is held for it.")).unwrap_or_default()
}
