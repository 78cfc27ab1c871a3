//! Files: taken from forms, written down, given back.

use axum::body::{Body, to_bytes};
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use holdfast::error::Error;
use holdfast::store::files::{self, FileRow, Named, Purpose};
use holdfast::store::{throttle, users};
use holdfast::web::download::attachment;
use holdfast::web::upload::{MOST_BYTES, Upload, Uploaded};
use holdfast::work;
use sha2::{Digest, Sha256};
use time::Duration;
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

        let response = attachment(&world.app, &Named::waiting(row.clone())).await.unwrap();
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
async fn what_a_browser_escapes_in_a_name_is_undone() {
    let world = World::sqlite().await;
    for (sent, kept) in [
        ("Offer %22final%22 v2.txt", "Offer \"final\" v2.txt"),
        ("a%0D%0Ab%0Ac.txt", "a b c.txt"),
        ("100%25 sure.txt", "100%25 sure.txt"),
        ("Offre e\u{301}te\u{301}.pdf", "Offre été.pdf"),
        ("in\u{200b}voice\u{202e}fdp.exe", "invoicefdp.exe"),
    ] {
        let upload = receive(&world, &[("files", Some(sent), b"x")]).await.unwrap();
        assert_eq!(upload.files[0].name, kept, "{sent}");
    }
}

#[tokio::test]
async fn a_file_whose_name_is_no_utf8_is_kept_under_a_cleaned_one() {
    let world = World::sqlite().await;
    let mut body = form(&[("files", Some("caf?.txt"), b"a coffee"), ("note", None, b"still here")]);
    let at = body.iter().position(|byte| *byte == b'?').unwrap();
    body[at] = 0xe9;
    let upload = Upload::receive(&world.app, Uuid::nil(), request(body)).await.unwrap();
    let names: Vec<&str> = upload.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["café.txt"]);
    assert_eq!(upload.fields.get("note"), "still here");
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
    assert!(matches!(
        Upload::receive(&world.app, Uuid::nil(), request(cut)).await,
        Err(Error::BadRequest(_))
    ));
    let odd = Request::post("/").header(CONTENT_TYPE, "multipart/form-data").body(Body::empty()).unwrap();
    assert!(matches!(Upload::receive(&world.app, Uuid::nil(), odd).await, Err(Error::BadRequest(_))));
}

#[tokio::test]
async fn a_form_without_files_is_read_as_well() {
    let world = World::sqlite().await;
    let request = Request::post("/")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from("note=hello+there"))
        .unwrap();
    let upload = Upload::receive(&world.app, Uuid::nil(), request).await.unwrap();
    assert_eq!(upload.fields.get("note"), "hello there");
}

#[tokio::test]
async fn bytes_that_are_gone_or_cut_are_an_error_and_no_empty_file() {
    let world = World::sqlite().await;
    let amel = person(&world).await;
    let upload = receive(&world, &[("files", Some("a.txt"), b"abc")]).await.unwrap();
    let mut row = add(&world, &upload.files[0], amel, None).await;
    row.size = 4;
    assert!(matches!(attachment(&world.app, &Named::waiting(row.clone())).await, Err(Error::Altered(_))));
    row.sha256 = "0".repeat(64);
    assert!(matches!(attachment(&world.app, &Named::waiting(row.clone())).await, Err(Error::Altered(_))));
}

#[tokio::test]
async fn parts_without_anything_in_them_count_as_well() {
    let world = World::sqlite().await;
    let unchosen: Vec<Part<'_>> = (0..3_000).map(|_| ("files", Some(""), &b""[..])).collect();
    assert!(matches!(receive(&world, &unchosen).await, Err(Error::TooLarge(_))));
    let hollow: Vec<Part<'_>> = (0..20).map(|_| ("files", Some("a.txt"), &b""[..])).collect();
    let upload = receive(&world, &hollow).await.unwrap();
    assert!(upload.problems.get("files").unwrap().contains("is empty"));
    let and_a_full_one = [&hollow[..], &[("more", Some("a.txt"), &b"a"[..])]].concat();
    let upload = receive(&world, &and_a_full_one).await.unwrap();
    assert!(upload.files.is_empty());
    assert!(upload.problems.get("more").unwrap().contains("at most 20"));
}

both! {
    async fn nobody_fills_the_disk_by_attaching_without_end(world) {
        let amel = person(&world).await;
        let (now, almost) = (world.app.clock.now(), (1 << 30) - 3);
        let mut tx = world.app.db.write().await.unwrap();
        let limit = &throttle::UPLOADS_BY_USER;
        throttle::weigh(&mut tx.conn(), now, limit, &amel.to_string(), almost).await.unwrap();
        tx.commit().await.unwrap();
        let parts: [Part<'_>; 3] =
            [("files", Some("a.txt"), b"abc"), ("files", Some("b.txt"), b"b"), ("note", None, b"still here")];
        let upload = receive_from(&world, amel, &parts).await.unwrap();
        assert_eq!((upload.files.len(), upload.fields.get("note")), (1, "still here"));
        let problem = upload.problems.get("files").unwrap();
        assert_eq!(problem, "You have attached as much as one person may in a day. Attach the rest in 25 hours.");
        assert_eq!(receive_from(&world, Uuid::nil(), &parts).await.unwrap().files.len(), 2, "somebody else may");
        world.app.clock.advance(Duration::days(1));
        assert_eq!(receive_from(&world, amel, &parts).await.unwrap().files.len(), 2);
    }
}

both! {
    async fn nobody_has_files_without_end_waiting_in_drafts(world) {
        let amel = person(&world).await;
        let upload = receive(&world, &[("files", Some("a.txt"), b"a")]).await.unwrap();
        let mut tx = world.app.db.write().await.unwrap();
        for _ in 0..files::MOST_WAITING - 1 {
            let row = upload.files[0].row(amel, None, Purpose::Terms);
            files::add(&mut tx.conn(), &world.app.clock, &row).await.unwrap();
        }
        tx.commit().await.unwrap();
        let parts: [Part<'_>; 2] = [("files", Some("a.txt"), b"a"), ("files", Some("b.txt"), b"b")];
        let upload = receive_from(&world, amel, &parts).await.unwrap();
        assert_eq!(upload.files.len(), 1);
        assert!(upload.problems.get("files").unwrap().contains("Send or remove some of them first"));
    }
}

/// Lets bytes lie unused for so many hours more, and says where they lie.
fn age(world: &World, sha256: &str, hours: u64) -> Option<&'static str> {
    let files = world.app.config.data_dir.join("files");
    let place = files.join(&sha256[..2]).join(&sha256[2..4]).join(sha256);
    let places = [("place", place), ("aside", files.join("aside").join(sha256))];
    let (name, path) = places.into_iter().find(|(_, path)| path.exists())?;
    let file = std::fs::File::options().write(true).open(path).unwrap();
    let written = file.metadata().unwrap().modified().unwrap();
    file.set_modified(written - std::time::Duration::from_secs(hours * 3_600)).unwrap();
    Some(name)
}

async fn sweep(world: &World) {
    work::sweep::run_due(&world.app).await.unwrap();
}

both! {
    async fn bytes_that_no_row_names_are_deleted_after_two_days_and_no_others(world) {
        let amel = person(&world).await;
        let parts: [Part<'_>; 2] = [("files", Some("a.txt"), b"kept"), ("files", Some("b.txt"), b"dropped")];
        let upload = receive(&world, &parts).await.unwrap();
        let (kept, dropped) = (&upload.files[0].stored.sha256, &upload.files[1].stored.sha256);
        add(&world, &upload.files[0], amel, None).await;
        // However far a rehearsal's clock is ahead, the disk's counts.
        world.app.clock.advance(Duration::days(400));
        sweep(&world).await;
        assert_eq!((age(&world, kept, 25), age(&world, dropped, 25)), (Some("place"), Some("place")));
        sweep(&world).await;
        assert_eq!((age(&world, kept, 25), age(&world, dropped, 0)), (Some("place"), Some("aside")));
        sweep(&world).await;
        assert_eq!(age(&world, dropped, 25), Some("aside"), "its patience began anew");
        sweep(&world).await;
        assert_eq!((age(&world, kept, 0), age(&world, dropped, 0)), (Some("place"), None));
    }
}

both! {
    async fn bytes_that_a_row_names_again_go_back_to_their_place(world) {
        let amel = person(&world).await;
        let parts: [Part<'_>; 1] = [("files", Some("a.txt"), b"again")];
        let upload = receive(&world, &parts).await.unwrap();
        let sha256 = &upload.files[0].stored.sha256;
        age(&world, sha256, 25);
        sweep(&world).await;
        // A form that was begun long ago names them at last: they can be read where they are.
        let row = add(&world, &upload.files[0], amel, None).await;
        assert_eq!(age(&world, sha256, 48), Some("aside"));
        assert!(attachment(&world.app, &Named::waiting(row.clone())).await.is_ok());
        sweep(&world).await;
        assert_eq!(age(&world, sha256, 48), Some("place"));

        // The same file is attached once more while the first is set aside.
        let mut tx = world.app.db.write().await.unwrap();
        assert!(files::discard(&mut tx.conn(), row.id, amel).await.unwrap());
        tx.commit().await.unwrap();
        sweep(&world).await;
        assert_eq!(age(&world, sha256, 48), Some("aside"));
        let upload = receive(&world, &parts).await.unwrap();
        add(&world, &upload.files[0], amel, None).await;
        sweep(&world).await;
        assert!(world.app.files.lying_aside().await.unwrap().is_empty());
        assert_eq!(age(&world, sha256, 0), Some("place"));
        assert!(world.app.files.is_whole(sha256).await.unwrap());
    }
}

#[tokio::test]
async fn what_a_cut_off_upload_left_behind_is_deleted_after_a_day() {
    let world = World::sqlite().await;
    let folder = world.app.config.data_dir.join("files/tmp");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, hours) in [("old", 25), ("new", 1)] {
        let file = std::fs::File::create(folder.join(name)).unwrap();
        let written = file.metadata().unwrap().modified().unwrap();
        file.set_modified(written - std::time::Duration::from_secs(hours * 3_600)).unwrap();
    }
    sweep(&world).await;
    let left: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["new"]);
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
    receive_from(world, Uuid::nil(), parts).await
}

async fn receive_from(world: &World, uploader: Uuid, parts: &[Part<'_>]) -> Result<Upload, Error> {
    Upload::receive(&world.app, uploader, request(form(parts))).await
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

both! {
    async fn a_machine_that_has_none_of_the_files_does_not_start_and_the_doctor_says_where_they_are_not(world) {
        use holdfast::files::{Files, GIVEN_UP};
        use holdfast::{doctor, serve};
        let mut cast = crate::milestone::Cast::funded(&world).await;
        serve::look_around(&world.app).await.unwrap();
        crate::strangers::things(&world, &mut cast).await;
        serve::look_around(&world.app).await.unwrap();
        let (mut second, folder) = (world.app.clone(), crate::world::Folder::new());
        second.files = Files::new(folder.path(), second.clock.clone());
        let why = serve::look_around(&second).await.unwrap_err();
        assert!(why.contains("none of them is here") && why.contains("share this folder"), "{why}");
        let report = doctor::examine(&second).await.unwrap().to_string();
        assert!(report.contains("it is not here") && !report.contains("changed"), "{report}");
        // Somebody who has lost them for good can say so.
        std::fs::create_dir_all(second.files.folder()).unwrap();
        std::fs::write(std::path::Path::new(&second.files.folder()).join(GIVEN_UP), "").unwrap();
        serve::look_around(&second).await.unwrap();
    }
}
