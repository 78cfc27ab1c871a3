//! Rehearsals: a portal whose clock operators can move on, so that a whole deal passes in minutes.
//!
//! The database holds how far the clock is ahead (`store/rehearsal.rs`). Each process takes that over before
//! it starts, before each request and at each look of its workers, so that sessions, links, deadlines and
//! mails see one time. Without the setting a database that was rehearsed on is refused: its past would lie
//! in the future.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::error::Error;
use crate::store::db::DbError;
use crate::store::rehearsal;

/// Takes over how far the clock is ahead; whether it has moved.
///
/// # Errors
/// The database's.
pub async fn follow(app: &App) -> Result<bool, DbError> {
    if !app.config.rehearsal {
        return Ok(false);
    }
    let ahead = rehearsal::ahead(&mut app.db.read().await?.conn()).await?;
    Ok(app.clock.catch_up(ahead))
}

/// The same before the program starts, and that a database of rehearsals is used for nothing else.
///
/// # Errors
/// One line for whoever started it.
pub async fn begin(app: &App) -> Result<(), String> {
    let ahead = async { rehearsal::ahead(&mut app.db.read().await?.conn()).await };
    let ahead = ahead.await.map_err(|error| error.to_string())?;
    if !app.config.rehearsal && ahead.is_positive() {
        return Err(format!(
            "this database was rehearsed on, and its clock is {} hours ahead: start with HOLDFAST_REHEARSAL=1, or use another one",
            ahead.whole_hours()
        ));
    }
    let one = async { rehearsal::is_one(&mut app.db.read().await?.conn()).await };
    if !app.config.rehearsal && one.await.map_err(|error: DbError| error.to_string())? {
        return Err(
            "this database was begun as a rehearsal: start with HOLDFAST_REHEARSAL=1, or use another one"
                .to_owned(),
        );
    }
    app.clock.catch_up(ahead);
    if app.config.rehearsal {
        let begun = async {
            let mut tx = app.db.write().await?;
            rehearsal::begin(&mut tx.conn()).await?;
            tx.commit().await
        };
        begun.await.map_err(|error: DbError| error.to_string())?;
        tracing::warn!("a rehearsal: operators can move the clock on at /admin/rehearsal");
    }
    Ok(())
}

/// For the workers: how often it moved, and everybody else is woken then.
///
/// # Errors
/// The database's.
pub async fn run_due(app: &App) -> Result<usize, DbError> {
    let moved = follow(app).await?;
    if moved {
        app.wake.up();
    }
    Ok(usize::from(moved))
}

/// In front of every request.
pub async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    match follow(&app).await {
        Ok(_) => next.run(request).await,
        Err(error) => Error::from(error).into_response(),
    }
}
