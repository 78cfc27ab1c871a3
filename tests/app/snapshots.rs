//! The whole portal as it reads, in files: what each person of the demo can open from page to page, every mail,
//! every route with its access, and the doctor's totals.
//!
//! A move of code leaves them equal, and a change of words shows as a diff of its own:
//!
//! ```text
//! HOLDFAST_SNAPSHOTS=/tmp/before cargo test --test app snapshots
//! (the change)
//! HOLDFAST_SNAPSHOTS=/tmp/after cargo test --test app snapshots
//! diff -r /tmp/before /tmp/after
//! ```
//!
//! Without that variable nothing is written, and the pages are only examined: no link may lead its reader to a page
//! that is not there, and every total is what the lines above it come to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use axum::http::{Method, header};
use holdfast::demo;
use holdfast::doctor;
use holdfast::engine::time::Time;
use holdfast::store::db::all;
use holdfast::web;

use crate::browser::{Browser, Page};
use crate::world::{PASSWORD, START, World};

/// How many queries of one path are looked at: lists can be sorted and paged in ever new ways.
const MOST_QUERIES: usize = 4;

/// Links that let in whoever has them.
const BY_SECRET: [&str; 4] = ["/g/", "/pay/", "/invitations/", "/arbiter/"];

fn folder() -> Option<PathBuf> {
    std::env::var_os("HOLDFAST_SNAPSHOTS").map(PathBuf::from)
}

fn write(folder: Option<&Path>, name: &str, content: &str) {
    let Some(folder) = folder else { return };
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join(name), content).unwrap();
}

/// Ids and secrets are counted by the clock of the test, so another order of drawing them would change every page.
fn without_ids(text: &str) -> String {
    let is_part = |sign: char| sign.is_ascii_alphanumeric() || "-_".contains(sign);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|sign| !is_part(sign)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let is_id = word.len() >= 36 && word.chars().any(|sign| sign.is_ascii_digit());
        out.push_str(if is_id { "{id}" } else { word });
        let next = after.chars().next().map_or(0, char::len_utf8);
        out.push_str(&after[..next]);
        rest = &after[next..];
    }
    out
}

/// The digest of the assets stands in every page and changes with any of them.
fn without_assets(text: &str) -> String {
    let mut parts = text.split("/assets/");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str("/assets");
        out.push_str(&part[part.find('/').unwrap_or_default()..]);
    }
    out
}

/// One tag a line, so that a diff names what changed.
fn as_lines(page: &Page) -> String {
    let kind = page.headers.get(header::CONTENT_TYPE).map_or("", |kind| kind.to_str().unwrap());
    let head = format!("{} {kind}\n", page.status);
    head + &without_ids(&without_assets(&page.body.replace("><", ">\n<")))
}

/// Every address to which a page of the portal leads.
fn links(page: &Page) -> Vec<String> {
    let parts = page.body.split("href=\"").skip(1);
    let links = parts.filter_map(|part| part.split('"').next()).filter(|link| link.starts_with('/'));
    links
        .map(|link| link.split('#').next().unwrap_or_default().replace("&#38;", "&").replace("&amp;", "&"))
        .collect()
}

/// The amount that a piece of a page shows, in minor units.
fn amount(piece: &str) -> Option<i64> {
    let (_, shown) = piece.split_once("class=\"money\">")?;
    let digits: String = shown.split('<').next()?.chars().filter(char::is_ascii_digit).collect();
    let amount: i64 = digits.parse().ok()?;
    Some(if shown.starts_with(['-', '−']) { -amount } else { amount })
}

/// Every total that a page shows, beside what the lines above it come to.
fn totals(page: &Page) -> Vec<(i64, i64)> {
    let lists =
        page.body.split("<dl class=\"summary sums").skip(1).filter_map(|part| part.split("</dl>").next());
    let mut totals = Vec::new();
    for list in lists {
        let (lines, total): (Vec<&str>, Vec<&str>) =
            list.split("<div").skip(1).partition(|line| !line.contains("class=\"total\""));
        let sum: i64 = lines.iter().filter_map(|line| amount(line)).sum();
        totals.extend(total.iter().filter_map(|line| amount(line)).map(|total| (total, sum)));
    }
    totals
}

/// Every page that somebody without a link from a mail can begin at.
fn doors() -> Vec<String> {
    let routes = web::routes();
    let gets = routes.listed().filter(|route| route.method == Method::GET && !route.path.contains('{'));
    // These answer to a machine.
    let pages = gets.filter(|route| !["/healthz", "/readyz"].contains(&route.path));
    pages.map(|route| route.path.to_owned()).collect()
}

/// What somebody can open by following links.
async fn crawl(browser: &mut Browser, doors: Vec<String>, folder: Option<&Path>) -> (usize, usize) {
    let mut queue: VecDeque<_> = doors.into_iter().map(|door| (String::new(), door)).collect();
    let mut names = BTreeMap::<String, usize>::new();
    let (mut opened, mut queries) = (BTreeSet::new(), BTreeMap::<String, usize>::new());
    let (mut faults, mut added_up) = (Vec::new(), 0);
    while let Some((from, address)) = queue.pop_front() {
        let (path, query) = address.split_once('?').unwrap_or((&address, ""));
        if !query.is_empty() {
            let count = queries.entry(path.to_owned()).or_default();
            *count += 1;
            if *count > MOST_QUERIES {
                continue;
            }
        }
        if !opened.insert(address.clone()) {
            continue;
        }
        let page = browser.get(&address).await;
        if page.status >= 400 && !from.is_empty() {
            faults.push(format!("{from} leads to {address}: {}", page.status));
        }
        let shown = totals(&page);
        added_up += shown.len();
        let wrong = shown.iter().filter(|(total, sum)| total != sum);
        faults.extend(wrong.map(|(total, sum)| format!("{address}: {total} stands under lines of {sum}")));
        let name: String = without_ids(&address).replace(['/', '?'], "~").chars().take(150).collect();
        let count = names.entry(name.clone()).or_default();
        *count += 1;
        write(folder, &format!("{name}.{count}.txt"), &as_lines(&page));
        let led = if page.status == 303 { vec![page.location().to_owned()] } else { links(&page) };
        queue.extend(led.into_iter().filter(|led| led.starts_with('/')).map(|led| (address.clone(), led)));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    (opened.len(), added_up)
}

#[tokio::test]
async fn everybody_of_the_demo_can_open_what_they_are_led_to() {
    let world = World::sqlite().await;
    let hash = world.app.passwords.hash(&world.app.clock, PASSWORD.to_owned()).await.unwrap();
    demo::fill(&world.app.db, Time::from_micros(START), &hash).await.unwrap();
    let folder = folder();
    let below = |name: &str| folder.as_ref().map(|folder| folder.join(name));
    let routes = web::routes();
    let mut list: Vec<_> =
        routes.listed().map(|it| format!("{} {} {:?}", it.path, it.method, it.access)).collect();
    list.sort();
    write(folder.as_deref(), "routes.txt", &list.join("\n"));
    write(folder.as_deref(), "doctor.txt", &doctor::examine(&world.app).await.unwrap().to_string());
    let mails = mails_of(&world).await;
    let text = |(to, kind, subject, text): &(String, String, String, String)| {
        format!("=== {to} · {kind} · {subject}\n{}\n", without_ids(text))
    };
    write(folder.as_deref(), "mails.txt", &mails.iter().map(text).collect::<String>());
    let mut added_up = 0;
    for who in ["nobody", "buyer", "seller", "broker", "operator", "arbiter"] {
        let mut browser = match who {
            "nobody" => world.browser(),
            who => world.signed_in(&format!("{who}@example.com")).await,
        };
        let (opened, totals) = crawl(&mut browser, doors(), below(who).as_deref()).await;
        println!("{who}: {opened} addresses, {totals} totals");
        added_up += totals;
        assert!(opened > 20, "{who} came to {opened} pages");
    }
    // By the links of mails alone, with no account.
    let links = mails.iter().flat_map(|(.., text)| text.split_whitespace());
    let links = links.filter_map(|word| word.strip_prefix("http://127.0.0.1:8080"));
    let by_secret = |link: &&str| BY_SECRET.iter().any(|start| link.starts_with(start));
    let links: Vec<_> = links.filter(by_secret).map(str::to_owned).collect();
    let (opened, totals) = crawl(&mut world.browser(), links, below("guest").as_deref()).await;
    println!("by mailed links: {opened} addresses, {totals} totals");
    assert!(opened > 20, "{opened} pages opened by mailed links");
    assert!(added_up + totals > 50, "{added_up} totals on pages");
}

async fn mails_of(world: &World) -> Vec<(String, String, String, String)> {
    world.mails().await;
    let sql = "SELECT to_address, kind, subject, body_text FROM outbox WHERE state = 'sent' ORDER BY id";
    let mut reader = world.app.db.read().await.unwrap();
    all!(&mut reader.conn(), (String, String, String, String), sql).unwrap()
}
