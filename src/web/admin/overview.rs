//! The console's first page: what waits, and whether the books balance.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::laws::Books;
use crate::app::App;
use crate::error::Error;
use crate::store::console::{self, MOST_COUNTED, Queue};
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::view::Reader;
use crate::web::visit::Visit;
use crate::web::visitor::OperatorOnly;

pub fn routes() -> Routes {
    Routes::new().get("/admin", Access::Operator, show)
}

#[derive(Template)]
#[template(path = "pages/admin/overview.html")]
struct Overview {
    shell: Shell,
    balanced: bool,
    extent: String,
    groups: Vec<Group>,
}

/// What is no task is counted for so long.
const LATELY_DAYS: i64 = 7;

/// Queues of one kind.
struct Group {
    title: &'static str,
    stats: Vec<Stat>,
}

struct Stat {
    href: &'static str,
    words: &'static str,
    count: String,
    /// Since when the oldest waits; empty for none.
    note: String,
}

async fn show(
    State(app): State<App>,
    OperatorOnly(operator): OperatorOnly,
    visit: Visit,
) -> Result<Response, Error> {
    let mut db = app.db.read().await?;
    let conn = &mut db.conn();
    let queues = console::queues(conn, app.clock.now().plus_days(-LATELY_DAYS)).await?;
    let books = Books::read(conn).await?;
    page::html(&Overview {
        shell: Shell::new(&app, &visit, "Console").at(Place::Admin),
        balanced: books.balance(),
        extent: books.extent(),
        groups: groups(&queues, &operator.reader(&app)),
    })
}

/// How a queue is shown: its name in `console::queues`, where its list is, its words, and whether its age
/// matters.
type Shown = (&'static str, &'static str, &'static str, bool);

/// Every queue there is to show, by its group. A further one is a line here and a line in `console::queues`.
const GROUPS: &[(&str, &[Shown])] = &[
    (
        "Needs an operator",
        &[
            ("rulings", "/admin/disputes", "disputes to decide", true),
            ("disputes", "/admin/disputes", "disputes open", true),
            ("failed_refunds", "/admin/payments?state=refunds", "refunds failed", true),
            ("sent_twice", "/admin/payments?state=twice", "refunds sent twice", true),
            ("odd_notices", "/admin/payments/notices?show=odd", "notices not carried out", true),
            ("parked_mails", "/admin/jobs", "mails given up", true),
            ("late_mails", "/admin/jobs", "mails tried again", true),
            ("untold_payments", "/admin/jobs", "payments not told", true),
            ("frozen_users", "/admin/users?show=frozen", "accounts frozen", true),
        ],
    ),
    (
        "Escrows",
        &[
            ("proposed", "/admin/escrows?stage=proposed", "wait for signatures", true),
            ("agreed", "/admin/escrows?stage=agreed", "wait for payment", true),
            ("active", "/admin/escrows?stage=active", "hold money", true),
            ("ended", "/admin/escrows?stage=ended", "ended, not closed", true),
        ],
    ),
    (
        "Payments and people",
        &[
            ("pending_payments", "/admin/payments?state=pending", "payments pending", true),
            ("failed_payments", "/admin/payments?state=failed", "payments failed in 7 days", false),
            ("users", "/admin/users", "people", false),
        ],
    ),
];

fn groups(queues: &[Queue], reader: &Reader) -> Vec<Group> {
    let stat = |(name, href, words, ages): &Shown| {
        let queue = queues.iter().find(|queue| queue.name == *name);
        let since = queue.and_then(|queue| queue.since).filter(|_| *ages);
        Stat {
            href,
            words,
            count: counted(queue.map_or(0, |queue| queue.count)),
            note: since.map(|at| format!("the oldest {}", reader.time(at).relative)).unwrap_or_default(),
        }
    };
    GROUPS.iter().map(|(title, shown)| Group { title, stats: shown.iter().map(stat).collect() }).collect()
}

/// Counting stops somewhere: a console need not know whether it is 3,000 or 4,000.
fn counted(count: i64) -> String {
    if count > MOST_COUNTED { format!("{MOST_COUNTED}+") } else { count.to_string() }
}
