//! What a supervisor asks: does the process live, and can it work?

use axum::extract::State;

use super::routes::{Access, Routes};
use crate::app::App;
use crate::error::Error;
use crate::store::db::one;

pub fn routes() -> Routes {
    Routes::new().get("/healthz", Access::Bare, alive).get("/readyz", Access::Bare, ready)
}

/// Answers while the process does. It asks nothing else, or a slow database would get it killed.
async fn alive() -> &'static str {
    "ok\n"
}

/// Whether it can be read and written: a portal that can save nothing serves nobody.
async fn ready(State(app): State<App>) -> Result<&'static str, Error> {
    let mut reader = app.db.read().await.map_err(|error| Error::Unavailable(error.into()))?;
    one!(&mut reader.conn(), (i64,), "SELECT CAST(1 AS BIGINT)")
        .map_err(|error| Error::Unavailable(error.into()))?;
    drop(reader);
    if app.probe.takes_writes(&app.db, app.clock.now()).await? {
        return Ok("ready\n");
    }
    Err(Error::CannotSave("the last write failed a moment ago".into()))
}
