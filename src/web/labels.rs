//! What each field of the terms is called: on the form that asks for it, among the answers before they are sent, on
//! the page of the escrow and where versions are compared. The contract's text says the same in its stored words.

pub const PRICE: &str = "Price";
/// Of one milestone or delivery: its short name, and what is written to explain it.
pub const DELIVERED: &str = "What is delivered";
pub const WORK: &str = "Description of the work";
pub const CRITERIA: &str = "It is done when";
pub const INSPECTION: &str = "Inspection";
pub const DELIVERED_WITHIN: &str = "Delivered within";
pub const PROOF_UPLOAD: &str = "Time to send the proof";
pub const PROOF_REVIEW: &str = "Time to look at the proof";
pub const OWN_TERMS: &str = "The parties’ own terms";
pub const OWN_REFERENCE: &str = "Own reference";
pub const DECIDED_BY: &str = "Disputes are decided by";
pub const NOBODY_DECIDES: &str = "If nobody decides a dispute";
