//! The columns by which an escrow stands in somebody's lists.

use crate::engine::deadlines::Deadline;
use crate::engine::escrow::Escrow;
use crate::engine::party::UserId;
use crate::engine::status;

/// What lists show of an escrow to one person: whether they do, what waits for him, and whether it is over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Listing {
    pub told: bool,
    pub task: Option<Deadline>,
    pub over: bool,
}

impl Listing {
    /// As the escrow stands.
    #[must_use]
    pub fn of(escrow: &Escrow, user: UserId) -> Self {
        let told = escrow.party_of(user).is_some() || escrow.arbiter_is_told();
        Self { told, task: status::task_of(escrow, user), over: escrow.over() }
    }
}
