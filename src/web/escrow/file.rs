//! A file of the terms or of a delivery, for the escrow's parties. A file that waits for its form to be
//! finished belongs to no escrow yet, and nobody gets it here.

use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

use super::seat::Seat;
use crate::app::App;
use crate::error::Error;
use crate::store::files;
use crate::web::download::attachment;
use crate::web::routes::{Access, Routes};
use crate::web::visitor::SignedIn;

pub fn routes() -> Routes {
    Routes::new().get("/escrows/{reference}/files/{file}", Access::Party, download).get(
        "/g/{token}/files/{file}",
        Access::Guest,
        download,
    )
}

async fn download(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path((reference, file)): Path<(String, String)>,
) -> Result<Response, Error> {
    let id: Uuid = file.parse().map_err(|_| Error::NotFound)?;
    let file = {
        let mut reader = app.db.read().await?;
        let mut conn = reader.conn();
        let seat = Seat::load(&app, &mut conn, account, &reference).await?;
        files::named(&mut conn, seat.escrow.id, id).await?.ok_or(Error::NotFound)?
    };
    // The connection is given back before the bytes begin to flow.
    attachment(&app, &file).await
}
