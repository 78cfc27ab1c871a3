//! The company's hosted page, in its own colours: the payer sees that he has left the portal.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};

use super::book::Charge;
use super::refunds::{self, Refund};
use super::{Choice, MAGIC};
use crate::app::App;
use crate::error::Error;
use crate::web::form::Fields;
use crate::web::page;
use crate::web::routes::{Access, Routes};

const ICON: &str = include_str!("../../static/sandbox/pay.svg");
const CSS: &str = include_str!("../../static/sandbox/pay.css");

pub fn routes() -> Routes {
    Routes::new()
        .get("/sandbox/pay/{reference}", Access::Token, show)
        .post("/sandbox/pay/{reference}", Access::Token, choose)
        .get("/sandbox/pay.css", Access::Bare, style)
        .get("/sandbox/pay.svg", Access::Bare, icon)
}

#[derive(Template)]
#[template(path = "sandbox/pay.html")]
struct Page {
    reference: String,
    description: String,
    figures: String,
    code: &'static str,
    return_url: String,
    now: Now,
    has_problem: bool,
    /// Nothing is left to do here but to go back.
    is_over: bool,
    /// What went back, or is on its way.
    refunds: Vec<Back>,
    magic: [(&'static str, &'static str); 9],
}

/// A refund of the charge.
struct Back {
    reference: String,
    figures: String,
    words: &'static str,
    /// No answer of the bank is on its way.
    is_silent: bool,
}

/// What the page has to say.
enum Now {
    Choose { again: bool },
    Soon,
    Paid,
    Declined,
    Expired,
}

impl Page {
    fn new(charge: &Charge, refunds: &[Refund], has_problem: bool) -> Result<Self, Error> {
        let amount = charge.amount().ok_or(Error::NotFound)?;
        let now = match charge.state.as_str() {
            "paid" => Now::Paid,
            "declined" if charge.is_expired() => Now::Expired,
            "declined" => Now::Declined,
            _ if charge.is_open() => Now::Choose { again: charge.state == "processing" },
            _ => Now::Soon,
        };
        Ok(Self {
            reference: charge.reference.chars().take(11).collect(),
            description: charge.description.clone(),
            figures: amount.figures(),
            code: amount.currency.code(),
            return_url: charge.return_url.clone(),
            is_over: !matches!(now, Now::Choose { .. }),
            now,
            has_problem,
            refunds: refunds.iter().map(|refund| back(refund, &charge.currency)).collect(),
            magic: MAGIC,
        })
    }
}

fn back(refund: &Refund, currency: &str) -> Back {
    let is_silent = refund.state == "processing" && refund.answer.is_none();
    Back {
        reference: refund.reference.clone(),
        figures: refunds::amount(refund, currency).map(|amount| amount.figures()).unwrap_or_default(),
        words: match refund.state.as_str() {
            "paid" => "sent back",
            "failed" => "could not be sent back",
            _ if is_silent => "the bank has not answered",
            _ => "on its way",
        },
        is_silent,
    }
}

async fn draw(app: &App, charge: &Charge, has_problem: bool) -> Result<Page, Error> {
    Page::new(charge, &app.sandbox.refunds(&charge.reference).await?, has_problem)
}

async fn load(app: &App, reference: &str) -> Result<Charge, Error> {
    app.sandbox.charge(reference).await?.ok_or(Error::NotFound)
}

async fn show(State(app): State<App>, Path(reference): Path<String>) -> Result<Response, Error> {
    let charge = load(&app, &reference).await?;
    page::html(&draw(&app, &charge, false).await?)
}

async fn choose(
    State(app): State<App>,
    Path(reference): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let charge = load(&app, &reference).await?;
    // A refund of this charge that the bank left unanswered gets its answer.
    let refunds = app.sandbox.refunds(&reference).await?;
    if let Some(refund) = refunds.iter().find(|refund| refund.reference == fields.get("refund")) {
        app.sandbox.answer_refund(&refund.reference, fields.get("choice") == "paid").await?;
        return Ok(Redirect::to(&format!("/sandbox/pay/{reference}")).into_response());
    }
    let Some(choice) = Choice::from_name(fields.get("choice")) else {
        return page::with_status(StatusCode::UNPROCESSABLE_ENTITY, &draw(&app, &charge, true).await?);
    };
    app.sandbox.choose(&charge, choice).await?;
    Ok(Redirect::to(&charge.return_url).into_response())
}

async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "no-cache")], CSS)
}

async fn icon() -> impl IntoResponse {
    ([(CONTENT_TYPE, "image/svg+xml"), (CACHE_CONTROL, "max-age=86400")], ICON)
}
