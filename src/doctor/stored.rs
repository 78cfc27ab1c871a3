//! What is stored of escrows beside their events, sorted by escrow.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use crate::keys::Keys;
use crate::store::doctor::escrows::{
    BalanceRow, EntryRow, EscrowRow, LinkRow, PartyRow, PaymentRow, Rows, SignatureRow, TextRow,
};
use crate::store::files::FileRow;

/// What has to be known besides an escrow's own rows.
pub(super) struct Known {
    pub keys: Keys,
    /// Whether this machine's key is the only one with which links were ever sealed.
    pub sealed_by_this: bool,
    /// What was erased lawfully: the table and the row's name there, and the digest that events keep of it.
    pub erased: BTreeMap<(String, String), String>,
}

impl Known {
    /// Whether a row of which events keep this digest was erased lawfully.
    pub(super) fn erased(&self, table: &str, row: &str, digest: &str) -> bool {
        self.erased.get(&(table.to_owned(), row.to_owned())).is_some_and(|sealed| sealed == digest)
    }
}

/// All that is stored of one escrow beside its events.
#[derive(Default)]
pub(super) struct Stored {
    pub escrow: Option<EscrowRow>,
    pub parties: Vec<PartyRow>,
    pub payments: Vec<PaymentRow>,
    pub entries: Vec<EntryRow>,
    pub balances: Vec<BalanceRow>,
    pub signatures: Vec<SignatureRow>,
    pub files: Vec<FileRow>,
    pub links: Vec<LinkRow>,
    pub texts: Vec<TextRow>,
}

/// The rows of many escrows, sorted by theirs.
pub(super) fn sorted(rows: Rows) -> HashMap<Uuid, Stored> {
    let mut all: HashMap<Uuid, Stored> = HashMap::new();
    for row in rows.escrows {
        let id = row.id;
        all.entry(id).or_default().escrow = Some(row);
    }
    macro_rules! sort {
        ($($field:ident),*) => {
            $(for row in rows.$field {
                all.entry(row.escrow_id).or_default().$field.push(row);
            })*
        };
    }
    sort!(parties, payments, entries, signatures, links, texts);
    for row in rows.balances {
        all.entry(row.escrow_id.unwrap_or_default()).or_default().balances.push(row);
    }
    for row in rows.files {
        all.entry(row.escrow_id.unwrap_or_default()).or_default().files.push(row);
    }
    all
}
