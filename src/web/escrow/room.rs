//! A dispute as it is read: what is sought, what each side says and shows, and how it ended. Its texts stand in
//! the history, since the state keeps no quarrels.

use askama::Template;
use askama::filters::HtmlSafe;

use super::outcome;
use super::rounds::file_view;
use super::seat::Scene;
use super::transfers::Transfers;
use crate::engine::dispute::{Handler, Split, Step};
use crate::engine::event::{Event, Record};
use crate::engine::party::{Actor, Role};
use crate::engine::terms::FileRef;
use crate::engine::words::dispute_ended;
use crate::error::Error;
use crate::store::db::Conn;
use crate::store::files::{self, FileRow};
use crate::store::history;
use crate::web::view::{FileView, MoneyView, TimeView};

/// A dispute, drawn for whoever may read it.
#[derive(Template)]
#[template(path = "pages/escrow/room.html")]
pub struct Room {
    pub number: u16,
    pub by: String,
    pub since: TimeView,
    pub reason: String,
    /// What is sought of each milestone: its title, released, given back.
    pub claims: Vec<(String, MoneyView, MoneyView)>,
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
    pub otherwise: &'static str,
    pub stake: MoneyView,
    /// What would be carried out if it went as sought.
    pub transfers: Transfers,
}

/// How it ended.
pub struct Ended {
    pub words: &'static str,
    pub reasons: String,
    pub at: TimeView,
}

/// Reads a dispute of an escrow.
///
/// # Errors
/// [`Error::NotFound`] where there was none of this number, or the database's.
pub async fn read(
    conn: &mut Conn<'_>,
    scene: &Scene<'_>,
    files_at: &str,
    number: u16,
) -> Result<Room, Error> {
    let stored = history::of_disputes(conn, scene.escrow.id).await?;
    let rows = files::of_escrow(conn, scene.escrow.id).await?;
    let records: Vec<Record> = stored.iter().filter_map(|stored| stored.record().ok()).collect();
    let mut room = None;
    for record in &records {
        tell(scene, &rows, files_at, number, record, &mut room);
    }
    let mut room: Room = room.ok_or(Error::NotFound)?;
    room.standing = standing(scene, number);
    Ok(room)
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
                (title, scene.amount(claim.release_minor).into(), scene.amount(claim.refund_minor).into())
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
            room.ended = Some(Ended { words: dispute_ended(*how).1, reasons: reasons.clone(), at });
        }
        _ => {}
    }
}

fn name_of(scene: &Scene<'_>, role: Role) -> String {
    scene.escrow.party(role).map_or_else(|| role.word().to_owned(), |party| scene.name(party.user))
}

fn standing(scene: &Scene<'_>, number: u16) -> Option<Standing> {
    let dispute = scene.escrow.dispute(number)?;
    let (words, otherwise) = match &dispute.step {
        Step::Answer { .. } => (
            format!("{} is to answer", name_of(scene, dispute.other_side())),
            "Without an answer it is decided as sought, or by the operators if it is about a large sum.",
        ),
        Step::Talk { .. } => {
            ("Both sides talk and can settle".to_owned(), "Without a settlement it goes to be decided.")
        }
        Step::Handler { ruling: Some(_), .. } => (
            "A decision is made and waits for a second operator".to_owned(),
            "If nobody confirms it by then, what the terms name for that case is carried out.",
        ),
        Step::Handler { handler: Handler::Operators, .. } => (
            "The operators decide".to_owned(),
            "If nobody decides by then, what the terms name for that case is carried out.",
        ),
        Step::Handler { handler: Handler::Arbiter, .. } => {
            ("The arbiter decides".to_owned(), "If the arbiter stays silent, the operators decide.")
        }
    };
    Some(Standing {
        words,
        until: scene.reader.time(dispute.step.times().1),
        otherwise,
        stake: scene.amount(dispute.stake_minor()).into(),
        transfers: outcome::transfers(scene, &dispute.claims),
    })
}
