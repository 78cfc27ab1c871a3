//! The world of the benchmark: buyers who are signed in, each with milestones that wait for approval. All of it
//! is made through the program's own write path.

use std::path::Path;

use axum::body::Body;
use axum::http::{Request as HttpRequest, header};
use holdfast::app::App;
use holdfast::clock::Clock;
use holdfast::config::Config;
use holdfast::engine::command::Command;
use holdfast::engine::escrow::{Escrow, Method};
use holdfast::engine::party::Role;
use holdfast::engine::terms::{
    DefaultOutcome, DisputeHandler, FeePayer, Funding, Kind, MilestoneTerms, Mode, Terms,
};
use holdfast::money::Currency;
use holdfast::password::Passwords;
use holdfast::store::db::Db;
use holdfast::store::execute::{Outcome, Request, Who};
use holdfast::store::proposals::{Named, Proposal, propose};
use holdfast::store::terms_of_service::FIRST;
use holdfast::store::{escrows, users};
use holdfast::web;
use tower::ServiceExt;
use uuid::Uuid;

const PASSWORD: &str = "copper violin thursday marsh";

pub struct World {
    pub app: App,
    /// The buyers of each round.
    pub rounds: Vec<Vec<Buyer>>,
}

pub struct Buyer {
    pub cookie: String,
    pub jobs: Vec<Job>,
}

/// One milestone to approve: what its form would carry.
#[derive(Clone)]
pub struct Job {
    pub reference: String,
    pub seen: String,
    pub key: String,
}

pub async fn world(folder: &Path, rounds: &[(usize, usize)]) -> World {
    let config = Config::in_folder(folder).unwrap();
    let db = Db::open(&config.database()).await.unwrap();
    let app = App::new(db, Clock::system(), config, Passwords::new()).unwrap();
    let hash = app.passwords.hash(&app.clock, PASSWORD.to_owned()).await.unwrap();
    let seller = person(&app, "seller@example.com", &hash).await;
    let mut all = Vec::new();
    for (round, (buyers, each)) in rounds.iter().enumerate() {
        let mut of_round = Vec::new();
        for buyer in 0..*buyers {
            let email = format!("buyer-{round}-{buyer}@example.com");
            let id = person(&app, &email, &hash).await;
            let mut jobs = Vec::new();
            for _ in 0..*each {
                jobs.push(delivered(&app, id, &email, seller).await);
            }
            of_round.push(Buyer { cookie: sign_in(&app, &email).await, jobs });
        }
        all.push(of_round);
    }
    World { app, rounds: all }
}

async fn person(app: &App, email: &str, password_hash: &str) -> Uuid {
    let mut tx = app.db.write().await.unwrap();
    let new = users::Registration {
        email,
        name: email,
        password_hash,
        time_zone: "Etc/UTC",
        terms_of_service_version: FIRST,
    };
    let id = users::register(&mut tx.conn(), &app.clock, &new).await.unwrap().unwrap();
    assert!(users::confirm(&mut tx.conn(), app.clock.now(), id, email).await.unwrap());
    tx.commit().await.unwrap();
    id
}

async fn sign_in(app: &App, email: &str) -> String {
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("email", email), ("password", PASSWORD)])
        .finish();
    let request = HttpRequest::post("/sign-in")
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form))
        .unwrap();
    let answer = web::router(app.clone()).oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 303, "{email} signs in");
    let cookies = answer.headers().get_all(header::SET_COOKIE).iter();
    let pairs = cookies.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap());
    pairs.collect::<Vec<_>>().join("; ")
}

/// An escrow of one delivery that is paid, delivered and waits for its buyer.
async fn delivered(app: &App, buyer: Uuid, email: &str, seller: Uuid) -> Job {
    let parties = vec![(Role::Buyer, email.to_owned()), (Role::Seller, "seller@example.com".to_owned())];
    let key = app.clock.secret();
    let proposal =
        Proposal { creator: seller, parties, terms: terms(), named: Named::default(), key, draft: None };
    let proposed = propose(&app.db, &app.clock, &proposal).await.unwrap();
    let id = proposed.escrow;
    let send = async |who: Who, command: Command| {
        assert_eq!(app.execute(&Request::new(id, who, command)).await.unwrap(), Outcome::Done);
    };
    for user in [buyer, seller] {
        let escrow = load(app, id).await;
        let (version, document_sha256) = (escrow.version, escrow.document_sha256);
        let evidence_sha256 = String::new();
        send(Who::User(user), Command::Sign { version, document_sha256, evidence_sha256 }).await;
    }
    let payment = app.clock.id();
    let method = Method::Rail { rail: "sandbox".to_owned() };
    send(Who::User(buyer), Command::StartCharge { payment, milestones: vec![1], method }).await;
    send(Who::Rail, Command::ChargeSettled { payment }).await;
    let done = Command::MarkDone { milestone: 1, note: "Here it is.".to_owned(), files: Vec::new() };
    send(Who::User(seller), done).await;
    let (reference, seen) = (proposed.reference, load(app, id).await.seen(Some(1)));
    Job { reference, seen, key: app.clock.id().to_string() }
}

async fn load(app: &App, id: Uuid) -> Escrow {
    escrows::by_id(&mut app.db.read().await.unwrap().conn(), id).await.unwrap().unwrap()
}

fn terms() -> Terms {
    let currency = Currency::from_code("TND").unwrap();
    Terms {
        title: "A portrait".to_owned(),
        description: String::new(),
        mode: Mode::Standard,
        kind: Kind::OneOff,
        currency,
        amount_minor: 50_000,
        parties: Vec::new(),
        milestones: vec![MilestoneTerms {
            title: "The portrait".to_owned(),
            description: String::new(),
            amount_minor: 50_000,
            due: None,
            inspection_days: 3,
            criteria: vec!["It is a likeness".to_owned()],
            recipients: Vec::new(),
        }],
        fee: holdfast::engine::terms::FeeSchedule::default(),
        fee_payer: FeePayer::Buyer,
        commission: None,
        dispute_handler: DisputeHandler::Platform,
        default_outcome: DefaultOutcome::Halves,
        arbiter: None,
        contract_terms: Some("Work for money.".to_owned()),
        delivery_days: Some(10),
        proof_upload_hours: None,
        proof_review_hours: None,
        funding: Funding::Whole,
        pay_first: false,
        external_reference: None,
        files: Vec::new(),
        time_zone: "Etc/UTC".to_owned(),
    }
}
