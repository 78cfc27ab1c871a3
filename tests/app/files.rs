//! Files: taken from forms, written down, given back.

use axum::body::{Body, to_bytes};
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use holdfast::error::Error;
use holdfast::store::files::{self, FileRow, Purpose};
use holdfast::store::users;
use holdfast::web::download::attachment;
use holdfast::web::upload::{MOST_BYTES, Upload, Uploaded};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::world::{World, both};

/// A part of a form: field, name of the file, content.
type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

both! {
    async fn a_file_of_a_form_comes_back_as_an_attachment(world) {
        let amel = person(&world).await;
        let upload = receive(&world, &[
            ("note", None, "Für Sie".as_bytes()),
            ("files", Some("Plan \u{202e}v2.html"), b"<script>alert(1)</script>"),
            ("files", Some(""), b""),
            ("files", Some("scan.pdf"), b"%PDF-1.7 \x00\xff"),
            ("more", None, b"yes"),
        ])
        .await
        .unwrap();
        assert!(upload.problems.is_empty());
        assert_eq!((upload.fields.get("note"), upload.fields.get("more")), ("Für Sie", "yes"));
        let names: Vec<_> = upload.files.iter().map(|file| (file.field.as_str(), file.name.as_str())).collect();
        assert_eq!(names, [("files", "Plan v2.html"), ("files", "scan.pdf")]);
        assert_eq!(upload.files[1].stored.media_type, "application/pdf");

        let row = add(&world, &upload.files[0], amel, None).await;
        assert_eq!(find(&world, row.id).await, Some(row.clone()));
        let reference = row.reference();
        let name = Sha256::new().chain_update(&row.salt).chain_update("Plan v2.html").finalize();
        assert_eq!(reference.name_sha256, data_encoding::HEXLOWER.encode(&name));
        assert_eq!((reference.id, reference.size_bytes), (row.id, 25));

        let response = attachment(&world.app, &row).await.unwrap();
        let header = |name| response.headers()[name].to_str().unwrap().to_owned();
        assert!(header(CONTENT_DISPOSITION).starts_with("attachment; filename=\"Plan v2.html\""));
        assert!(header(CONTENT_SECURITY_POLICY).starts_with("sandbox; default-src 'none'"));
        assert_eq!(header(CONTENT_TYPE), "text/plain; charset=utf-8");
        let body = to_bytes(response.into_body(), 1_000).await.unwrap();
        assert_eq!(&body[..], b"<script>alert(1)</script>");
    }
}

both! {
    async fn a_file_of_a_draft_is_its_uploaders_until_an_escrow_gets_it(world) {
        let (amel, other) = (person(&world).await, world.app.clock.id());
        let upload = receive(&world, &[("files", Some("a.txt"), b"a"), ("files", Some("b.txt"), b"b")]).await.unwrap();
        let first = add(&world, &upload.files[0], amel, None).await;
        let second = add(&world, &upload.files[1], amel, None).await;
        let escrow = world.app.clock.id();
        let mut tx = world.app.db.write().await.unwrap();
        let conn = &mut tx.conn();
        assert!(!files::attach(conn, first.id, other, escrow).await.unwrap());
        assert!(files::attach(conn, first.id, amel, escrow).await.unwrap());
        assert!(!files::attach(conn, first.id, amel, other).await.unwrap(), "it has its escrow already");
        assert!(!files::discard(conn, first.id, amel).await.unwrap());
        assert!(files::discard(conn, second.id, amel).await.unwrap());
        let rows = files::of_escrow(conn, escrow).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [first.id]);
        let contents = files::contents(conn, "", 9).await.unwrap();
        assert_eq!(contents, std::slice::from_ref(&first.sha256));
        assert!(files::contents(conn, &first.sha256, 9).await.unwrap().is_empty());
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn what_cannot_be_taken_is_told_at_its_field_and_nothing_typed_is_lost() {
    let world = World::sqlite().await;
    let large = vec![1_u8; 20 * 1024 * 1024 + 1];
    let upload = receive(
        &world,
        &[
            ("files", Some("large.bin"), &large),
            ("files", Some("none.txt"), b""),
            ("files", Some("good.txt"), b"good"),
            ("note", None, b"still here"),
        ],
    )
    .await
    .unwrap();
    assert_eq!(upload.fields.get("note"), "still here");
    assert_eq!(upload.files.len(), 1);
    let problems: Vec<_> = upload.problems.iter().map(|(_, sentence)| sentence.to_owned()).collect();
    let problems = problems.join(" ");
    assert!(problems.contains("“large.bin” is larger than 20 MiB"), "{problems}");
}

#[tokio::test]
async fn no_more_than_twenty_files_come_with_a_form() {
    let world = World::sqlite().await;
    let parts: Vec<Part<'_>> = (0..21).map(|_| ("files", Some("a.txt"), &b"a"[..])).collect();
    let upload = receive(&world, &parts).await.unwrap();
    assert_eq!(upload.files.len(), 20);
    assert!(upload.problems.get("files").unwrap().contains("at most 20"));
}

#[tokio::test]
async fn hostile_forms_are_refused_with_a_sentence() {
    let world = World::sqlite().await;
    let twice = receive(&world, &[("to", None, b"a"), ("to", None, b"b")]).await;
    assert!(matches!(twice, Err(Error::BadRequest(_))));
    let long = receive(&world, &[("note", None, &vec![b'x'; 300 * 1024])]).await;
    assert!(matches!(long, Err(Error::TooLarge(_))));
    let mut cut = form(&[("files", Some("a.txt"), b"abc")]);
    cut.truncate(cut.len() - 10);
    assert!(matches!(Upload::receive(&world.app, request(cut)).await, Err(Error::BadRequest(_))));
    let odd = Request::post("/").header(CONTENT_TYPE, "multipart/form-data").body(Body::empty()).unwrap();
    assert!(matches!(Upload::receive(&world.app, odd).await, Err(Error::BadRequest(_))));
}

#[tokio::test]
async fn a_form_without_files_is_read_as_well() {
    let world = World::sqlite().await;
    let request = Request::post("/")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from("note=hello+there"))
        .unwrap();
    let upload = Upload::receive(&world.app, request).await.unwrap();
    assert_eq!(upload.fields.get("note"), "hello there");
}

#[tokio::test]
async fn bytes_that_are_gone_or_cut_are_an_error_and_no_empty_file() {
    let world = World::sqlite().await;
    let amel = person(&world).await;
    let upload = receive(&world, &[("files", Some("a.txt"), b"abc")]).await.unwrap();
    let mut row = add(&world, &upload.files[0], amel, None).await;
    row.size = 4;
    assert!(matches!(attachment(&world.app, &row).await, Err(Error::Internal(_))));
    row.sha256 = "0".repeat(64);
    assert!(matches!(attachment(&world.app, &row).await, Err(Error::Internal(_))));
}

async fn person(world: &World) -> Uuid {
    let mut tx = world.app.db.write().await.unwrap();
    let id =
        users::find_or_invite(&mut tx.conn(), &world.app.clock, "amel@example.com", "Amel").await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn add(world: &World, file: &Uploaded, uploader: Uuid, escrow: Option<Uuid>) -> FileRow {
    let mut tx = world.app.db.write().await.unwrap();
    let new = file.row(uploader, escrow, Purpose::Terms);
    let row = files::add(&mut tx.conn(), &world.app.clock, &new).await.unwrap();
    tx.commit().await.unwrap();
    row
}

async fn find(world: &World, id: Uuid) -> Option<FileRow> {
    files::by_id(&mut world.app.db.read().await.unwrap().conn(), id).await.unwrap()
}

async fn receive(world: &World, parts: &[Part<'_>]) -> Result<Upload, Error> {
    Upload::receive(&world.app, request(form(parts))).await
}

fn request(body: Vec<u8>) -> Request {
    let kind = "multipart/form-data; boundary=XX";
    let mut request = Request::post("/").header(CONTENT_TYPE, kind).body(Body::from(body)).unwrap();
    DefaultBodyLimit::max(MOST_BYTES).apply(&mut request);
    request
}

fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (field, file, content) in parts {
        let file = file.map(|name| format!("; filename=\"{name}\"")).unwrap_or_default();
        let head = format!("--XX\r\nContent-Disposition: form-data; name=\"{field}\"{file}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--XX--\r\n");
    body
}
