//! The console's first page: what waits, and whether the books balance.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::laws::Books;
use crate::app::App;
use crate::error::Error;
use crate::store::console::{self, MOST_COUNTED, Queue, Queues};
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
    let queues = console::queues(conn).await?;
    let books = Books::read(conn).await?;
    page::html(&Overview {
        shell: Shell::new(&app, &visit, "Console").at(Place::Admin),
        balanced: books.balance(),
        extent: books.extent(),
        groups: groups(&queues, &operator.reader(&app)),
    })
}

fn groups(queues: &Queues, reader: &Reader) -> Vec<Group> {
    let waits = |href, words, queue: &Queue| Stat {
        href,
        words,
        count: counted(queue.count),
        note: queue.since.map(|at| format!("the oldest {}", reader.time(at).relative)).unwrap_or_default(),
    };
    let plain = |href, words, queue: &Queue| Stat { note: String::new(), ..waits(href, words, queue) };
    vec![
        Group {
            title: "Escrows",
            stats: vec![
                waits("/admin/escrows?stage=proposed", "wait for signatures", &queues.proposed),
                waits("/admin/escrows?stage=agreed", "wait for payment", &queues.agreed),
                waits("/admin/escrows?stage=active", "hold money", &queues.active),
                waits("/admin/escrows?stage=ended", "ended, not closed", &queues.ended),
            ],
        },
        Group {
            title: "Payments and mails",
            stats: vec![
                waits("/admin/payments?state=pending", "payments pending", &queues.pending_payments),
                plain("/admin/payments?state=failed", "payments failed", &queues.failed_payments),
                waits("/admin/jobs", "mails given up", &queues.parked_mails),
                plain("/admin/users", "people", &queues.users),
            ],
        },
    ]
}

/// Counting stops somewhere: a console need not know whether it is 3,000 or 4,000.
fn counted(count: i64) -> String {
    if count > MOST_COUNTED { format!("{MOST_COUNTED}+") } else { count.to_string() }
}
