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

async fn ready(State(app): State<App>) -> Result<&'static str, Error> {
    let mut reader = app.db.read().await.map_err(|error| Error::Unavailable(error.into()))?;
    one!(&mut reader.conn(), (i64,), "SELECT CAST(1 AS BIGINT)")
        .map_err(|error| Error::Unavailable(error.into()))?;
    Ok("ready\n")
}
