//! Where providers tell us what became of a payment: one address a rail, and nobody is believed without
//! a signature.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use super::routes::{Access, Routes};
use crate::app::App;
use crate::error::Error;
use crate::rails::RailError;
use crate::rails::hear::hear;
use crate::store::security::{self, Kind};

/// What a notice may weigh.
const LARGEST_NOTICE: usize = 64 * 1024;

pub fn routes() -> Routes {
    Routes::new().notice("/webhooks/{rail}", Access::SignedNotice, LARGEST_NOTICE, receive)
}

/// 200 says "taken, do not send it again"; 401 that it is none of the provider's; anything else that it
/// shall come again.
async fn receive(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Error> {
    let rail = app.rails.get(&name).ok_or(Error::NotFound)?;
    match hear(&app, rail, &headers, &body).await {
        Ok(()) => Ok("taken\n".into_response()),
        Err(RailError::Unverified(why)) => {
            let what = format!("{name}: {why}");
            security::tell(&app.db, &app.clock, Kind::UnsignedNotice, None, &what).await?;
            Ok((StatusCode::UNAUTHORIZED, "not believed\n").into_response())
        }
        Err(RailError::Db(error)) => Err(error.into()),
        Err(error @ (RailError::Refused(_) | RailError::Unreachable(_))) => Err(Error::internal(error)),
    }
}
