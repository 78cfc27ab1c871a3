//! What one wants to be told of, by mail and in the portal. What carries money, law or security has no
//! switch, and the page says so.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::engine::topics::Topic;
use crate::error::Error;
use crate::store::preferences::{self, Ways};
use crate::web::flash::Flash;
use crate::web::form::Fields;
use crate::web::page;
use crate::web::routes::{Access, Routes};
use crate::web::shell::{Place, Shell};
use crate::web::visit::Visit;
use crate::web::visitor::SignedIn;

const PATH: &str = "/settings/notifications";

pub fn routes() -> Routes {
    Routes::new().get(PATH, Access::SignedIn, show).post(PATH, Access::SignedIn, save)
}

#[derive(Template)]
#[template(path = "pages/settings/notifications.html")]
struct Page {
    shell: Shell,
    rows: Vec<Row>,
}

/// One kind of notice.
struct Row {
    name: &'static str,
    words: &'static str,
    about: &'static str,
    ways: Ways,
}

/// What people call a topic, and what is in it.
fn words(topic: Topic) -> (&'static str, &'static str) {
    match topic {
        Topic::Progress => ("Progress", "Others have signed, your terms were sent, a delivery was recorded."),
        Topic::Reminders => ("Reminders", "A deadline of yours comes nearer, or somebody asks you to act."),
        Topic::Messages => ("Messages", "Somebody wrote in an escrow of yours."),
        Topic::Endings => ("Endings", "An escrow is complete, or was closed."),
        Topic::Disputes => (
            "Disputes to decide",
            "For operators: a dispute is yours to decide, or a decision awaits a second one.",
        ),
        Topic::Binding => ("Money and agreements", ""),
    }
}

async fn show(State(app): State<App>, visit: Visit, SignedIn(account): SignedIn) -> Result<Response, Error> {
    let chosen = preferences::of_user(&mut app.db.read().await?.conn(), account.id).await?;
    let chosen = chosen.into_iter().filter(|(topic, _)| account.operator || !topic.is_operators());
    let row = |(topic, ways): (Topic, Ways)| {
        let (words, about) = words(topic);
        Row { name: topic.name(), words, about, ways }
    };
    page::html(&Page {
        shell: Shell::new(&app, &visit, "Notifications and mails").at(Place::Settings),
        rows: chosen.map(row).collect(),
    })
}

async fn save(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    fields: Fields,
) -> Result<Response, Error> {
    let mut tx = app.db.write().await?;
    for topic in Topic::CHOICES.into_iter().filter(|topic| account.operator || !topic.is_operators()) {
        let ways = Ways {
            by_mail: fields.ticked(&format!("{}-mail", topic.name())),
            in_portal: fields.ticked(&format!("{}-portal", topic.name())),
        };
        preferences::choose(&mut tx.conn(), account.id, topic, ways).await?;
    }
    tx.commit().await?;
    Ok(page::see_other(PATH, Flash::Saved))
}
