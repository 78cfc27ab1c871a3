//! Notifications: each is of an escrow that is there, under its reference and a title it had, and for the person whom
//! it was written for. And whatever else names an escrow.

use serde::Deserialize;
use uuid::Uuid;

use super::report::{BATCH, MOST, Report};
use crate::engine::event::Event;
use crate::engine::party::{Capacity, UserId};
use crate::store::db::{Conn, DbError};
use crate::store::doctor::others::{self, Odd};
use crate::store::history;

/// Whom a stored notice is for.
#[derive(Deserialize)]
struct Whom {
    to: UserId,
    role: Capacity,
}

pub(super) async fn all(conn: &mut Conn<'_>, report: &mut Report) -> Result<(), DbError> {
    let mut after = Uuid::nil();
    loop {
        let odd = others::odd_notifications(conn, after, BATCH).await?;
        let Some(last) = odd.last() else { break };
        after = last.id;
        for row in odd {
            if let Some(what) = look(conn, &row).await? {
                report.ill(format!("notification {}: {what}", row.id));
            }
        }
    }
    let most = i64::try_from(MOST).unwrap_or(i64::MAX);
    for (table, escrow) in others::of_no_escrow(conn, most).await? {
        report.ill(format!("{table} names the escrow {escrow}, which is not there"));
    }
    for (escrow,) in others::only_replaced_links(conn, most).await? {
        report.ill(format!("escrow {escrow}: it has a pay link that was replaced, and none that works"));
    }
    Ok(())
}

/// What is wrong with it, if anything is.
async fn look(conn: &mut Conn<'_>, row: &Odd) -> Result<Option<String>, DbError> {
    let Some(reference) = &row.escrow_reference else {
        return Ok(Some(format!("its escrow {} is not there", row.escrow_id)));
    };
    if *reference != row.reference {
        return Ok(Some(format!("it says {}, its escrow is {reference}", row.reference)));
    }
    let Ok(whom) = serde_json::from_str::<Whom>(&row.notice) else {
        return Ok(Some("nobody can read whom it is for".to_owned()));
    };
    let role = row.role.as_deref().and_then(Capacity::from_word);
    let own = whom.to == row.user_id;
    let may_be = match whom.role {
        Capacity::Operator => own && role.is_none(),
        // What a guest was told passes to the account that took the purchase over.
        Capacity::Buyer if role == Some(Capacity::Buyer) => true,
        // Who paid too late, or is paid no longer by other terms, is told of it and takes part no more.
        Capacity::Buyer | Capacity::Seller | Capacity::Broker | Capacity::Payee | Capacity::Arbiter => {
            own && role.is_none_or(|role| role == whom.role)
        }
    };
    if !may_be {
        return Ok(Some(format!("it was written for another person than the user {}", row.user_id)));
    }
    if row.escrow_title.as_ref() != Some(&row.title) && !had_title(conn, row).await? {
        return Ok(Some(format!("{reference} never had the title “{}”", row.title)));
    }
    Ok(None)
}

/// Whether a version of the terms had this title.
async fn had_title(conn: &mut Conn<'_>, row: &Odd) -> Result<bool, DbError> {
    let records = history::of_terms(conn, row.escrow_id).await?;
    Ok(records.iter().any(|record| match &record.event {
        Event::Proposed { terms, .. } | Event::Countered { terms, .. } => terms.title == row.title,
        _ => false,
    }))
}
