//! The security log: sign-ins and tries that failed, changes of rights and addresses, requests that were refused.
//! Each entry is a row and a line of the program's log, both with the id of the request. The owner of an account and
//! operators read the rows, which go after [`KEPT`].
//!
//! Where a request comes from travels beside it, as the span of the log does, so that no function between a page and
//! its row hands it on. Whoever can make entries without proving anything (a stranger, an unsigned notice) makes a
//! bounded number of them: past it, neither a row nor a line is written.

use time::Duration;
use uuid::Uuid;

use super::db::{Conn, Db, DbError, all, exec};
use crate::clock::Clock;
use crate::engine::time::Time;

/// How long a row is kept.
pub const KEPT: Duration = Duration::days(180);
/// Refusals of one kind that are written for one account or network in an hour.
const MOST_REFUSALS: i64 = 30;
/// Refusals of one kind that name no account and are written in an hour, from everywhere together.
const MOST_NAMELESS: i64 = 600;
const LONGEST_NOTE: usize = 400;
const LONGEST_DEVICE: usize = 100;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    SignedIn,
    NewDevice,
    SignInFailed,
    /// Too many tries: the password was not looked at.
    SignInSlowed,
    SignedOut,
    SessionEnded,
    OthersSignedOut,
    PasswordChanged,
    ResetAsked,
    AddressAsked,
    AddressChanged,
    OperatorAdded,
    OperatorRemoved,
    Frozen,
    Unfrozen,
    /// A frozen account tried to act.
    FrozenAct,
    /// Somebody signed in asked for a page of a deal or of the console that is not theirs.
    ForeignPage,
    /// A form that another site sent, or a program that does not say where it comes from.
    CrossSite,
    /// A provider's notice without a good signature.
    UnsignedNotice,
}

impl Kind {
    /// Every one.
    pub const ALL: [Self; 19] = [
        Self::SignedIn,
        Self::NewDevice,
        Self::SignInFailed,
        Self::SignInSlowed,
        Self::SignedOut,
        Self::SessionEnded,
        Self::OthersSignedOut,
        Self::PasswordChanged,
        Self::ResetAsked,
        Self::AddressAsked,
        Self::AddressChanged,
        Self::OperatorAdded,
        Self::OperatorRemoved,
        Self::Frozen,
        Self::Unfrozen,
        Self::FrozenAct,
        Self::ForeignPage,
        Self::CrossSite,
        Self::UnsignedNotice,
    ];

    /// As it stands in the table and in the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::NewDevice => "new_device",
            Self::SignInFailed => "sign_in_failed",
            Self::SignInSlowed => "sign_in_slowed",
            Self::SignedOut => "signed_out",
            Self::SessionEnded => "session_ended",
            Self::OthersSignedOut => "others_signed_out",
            Self::PasswordChanged => "password_changed",
            Self::ResetAsked => "reset_asked",
            Self::AddressAsked => "address_asked",
            Self::AddressChanged => "address_changed",
            Self::OperatorAdded => "operator_added",
            Self::OperatorRemoved => "operator_removed",
            Self::Frozen => "frozen",
            Self::Unfrozen => "unfrozen",
            Self::FrozenAct => "frozen_act",
            Self::ForeignPage => "foreign_page",
            Self::CrossSite => "cross_site",
            Self::UnsignedNotice => "unsigned_notice",
        }
    }

    /// Whether it is a try that came to nothing, of which anybody can make as many as they like.
    #[must_use]
    pub fn is_refusal(self) -> bool {
        match self {
            Self::SignInFailed
            | Self::SignInSlowed
            | Self::ResetAsked
            | Self::AddressAsked
            | Self::FrozenAct
            | Self::ForeignPage
            | Self::CrossSite
            | Self::UnsignedNotice => true,
            Self::SignedIn
            | Self::NewDevice
            | Self::SignedOut
            | Self::SessionEnded
            | Self::OthersSignedOut
            | Self::PasswordChanged
            | Self::AddressChanged
            | Self::OperatorAdded
            | Self::OperatorRemoved
            | Self::Frozen
            | Self::Unfrozen => false,
        }
    }

    /// Whether it is done to an account by those who run the portal.
    #[must_use]
    pub fn is_by_the_portal(self) -> bool {
        matches!(self, Self::OperatorAdded | Self::OperatorRemoved | Self::Frozen | Self::Unfrozen)
    }
}

/// Where a request comes from.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    pub request_id: String,
    /// The network address, as people read it.
    pub ip: String,
    /// Who counts as one when entries are counted: an address, or a customer's whole IPv6 network.
    pub network: String,
    /// What its owner calls the device.
    pub device: String,
}

tokio::task_local! {
    static ORIGIN: Origin;
}

/// Runs `work` for a request that comes from `origin`.
pub async fn coming_from<T>(origin: Origin, work: impl Future<Output = T>) -> T {
    ORIGIN.scope(origin, work).await
}

fn origin() -> Origin {
    // Outside of a request (the command line, a worker) there is none.
    ORIGIN.try_with(Clone::clone).unwrap_or_default()
}

/// Notes something in the write in which it happens. `note` holds no secret: a route, a number, never what was typed.
/// A refusal that says nothing new any more, after many of this kind of this account or network in the last hour, or
/// without a name from everywhere, is left out.
///
/// # Errors
/// The database's.
pub async fn note(
    conn: &mut Conn<'_>,
    clock: &Clock,
    kind: Kind,
    user: Option<Uuid>,
    note: &str,
) -> Result<(), DbError> {
    let (now, from) = (clock.now(), origin());
    let note: String = note.chars().filter(|sign| !sign.is_control()).take(LONGEST_NOTE).collect();
    let device: String = from.device.chars().take(LONGEST_DEVICE).collect();
    let (ip, network, device) = if kind.is_by_the_portal() {
        ("", "", "")
    } else {
        (from.ip.as_str(), from.network.as_str(), device.as_str())
    };
    let most = if kind.is_refusal() { (MOST_REFUSALS, MOST_NAMELESS) } else { (i64::MAX, i64::MAX) };
    let written = exec!(
        conn,
        "INSERT INTO security_log (id, at, kind, user_id, ip, network, device, request_id, note)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9
         WHERE $11 = $12
            OR ((SELECT count(*) FROM security_log s
                 WHERE s.kind = $3 AND s.at > $10
                   AND (s.user_id = $4 OR ($4 IS NULL AND s.user_id IS NULL AND s.network = $6))) < $11
                AND ($4 IS NOT NULL
                     OR (SELECT count(*) FROM security_log s
                         WHERE s.kind = $3 AND s.at > $10 AND s.user_id IS NULL) < $13))",
        clock.id(),
        now,
        kind.name(),
        user,
        ip,
        network,
        device,
        from.request_id.as_str(),
        note.as_str(),
        now.plus(-Duration::hours(1)),
        most.0,
        i64::MAX,
        most.1
    )?;
    if written == 1 {
        let who = user.map_or_else(|| "-".to_owned(), |user| user.to_string());
        tracing::info!(target: "security", kind = kind.name(), request_id = from.request_id, user = who, ip = from.ip, note);
    }
    Ok(())
}

/// Notes something that is refused and so has no write of its own.
///
/// # Errors
/// The database's.
pub async fn tell(
    db: &Db,
    clock: &Clock,
    kind: Kind,
    user: Option<Uuid>,
    words: &str,
) -> Result<(), DbError> {
    let mut tx = db.write().await?;
    note(&mut tx.conn(), clock, kind, user, words).await?;
    tx.commit().await
}

/// A row, with whose account it is about.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Line {
    pub id: Uuid,
    pub at: Time,
    pub kind: String,
    pub user_id: Option<Uuid>,
    pub email: Option<String>,
    pub ip: String,
    pub device: String,
    pub request_id: String,
    pub note: String,
}

/// The newest rows about one account, those before the row `before`.
///
/// # Errors
/// The database's.
pub async fn of_user(
    conn: &mut Conn<'_>,
    user: Uuid,
    before: Option<Uuid>,
    most: i64,
) -> Result<Vec<Line>, DbError> {
    all!(
        conn,
        Line,
        "SELECT s.id, s.at, s.kind, s.user_id, coalesce(u.email, u.guest_email) AS email, s.ip, s.device,
                s.request_id, s.note
         FROM security_log s LEFT JOIN users u ON u.id = s.user_id
         WHERE s.user_id = $1 AND s.id < $2 ORDER BY s.id DESC LIMIT $3",
        user,
        before.unwrap_or(Uuid::max()),
        most
    )
}

/// The newest rows of everybody, those before the row `before`; or of them only what was refused.
///
/// # Errors
/// The database's.
pub async fn page(
    conn: &mut Conn<'_>,
    refused: bool,
    before: Option<Uuid>,
    most: i64,
) -> Result<Vec<Line>, DbError> {
    all!(
        conn,
        Line,
        "SELECT s.id, s.at, s.kind, s.user_id, coalesce(u.email, u.guest_email) AS email, s.ip, s.device,
                s.request_id, s.note
         FROM security_log s LEFT JOIN users u ON u.id = s.user_id
         WHERE s.id < $1 AND ($2 = FALSE OR s.kind IN ('sign_in_failed', 'sign_in_slowed', 'frozen_act',
             'foreign_page', 'cross_site', 'unsigned_notice'))
         ORDER BY s.id DESC LIMIT $3",
        before.unwrap_or(Uuid::max()),
        refused,
        most
    )
}

/// Removes rows that were kept long enough.
///
/// # Errors
/// The database's.
pub async fn sweep(conn: &mut Conn<'_>, now: Time) -> Result<u64, DbError> {
    exec!(conn, "DELETE FROM security_log WHERE at <= $1", now.plus(-KEPT))
}
