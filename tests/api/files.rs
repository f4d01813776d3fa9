//! Files on the server's disk: access inside the configured folders only.

use std::collections::BTreeSet;
use std::path::Path;

use axum::http::StatusCode;
use iopaint_app::files::FileSettings;
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::{Answer, Server, fixture, form_of, picture, server, server_with_files};

const SAVE: &str = "/api/v1/save_image";

/// A server with folders, and a file beside them that must stay inaccessible.
struct Offered {
    server: Server,
    root: tempfile::TempDir,
}

impl Offered {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut FileSettings)) -> Self {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name);
        for folder in ["input", "masks"] {
            std::fs::create_dir(path(folder)).unwrap();
        }
        std::fs::write(path("secret.png"), picture().0).unwrap();
        let mut settings = FileSettings {
            input: Some(path("input")),
            mask_dir: Some(path("masks")),
            output_dir: Some(path("new/output")),
            allow_overwrite: false,
            ..FileSettings::default()
        };
        change(&mut settings);
        Self {
            server: server_with_files(&settings),
            root,
        }
    }

    fn put(&self, path: &str, bytes: &[u8]) {
        std::fs::write(self.root.path().join(path), bytes).unwrap();
    }

    fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.root.path().join(path)).unwrap()
    }

    async fn get(&self, route: &str) -> Answer {
        self.server.get(&format!("/api/v1/{route}")).await
    }

    async fn save(&self, name: &str, bytes: &[u8], query: &str) -> Answer {
        let (content_type, body) = form_of(&[("file", Some(name), bytes)]);
        self.server
            .post(&format!("{SAVE}{query}"), &content_type, body)
            .await
    }

    fn saved(&self) -> BTreeSet<String> {
        names(&self.root.path().join("new/output"))
    }
}

fn names(folder: &Path) -> BTreeSet<String> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn other() -> Vec<u8> {
    fixture("goldens/inputs/rgb-63x64.png")
}

fn jpeg() -> Vec<u8> {
    std::fs::read("../imaging/tests/data/orientation-6.jpg").unwrap()
}

#[tokio::test]
async fn medias_lists_images_by_name_with_size_and_times() {
    let offered = Offered::new();
    offered.put("input/b.PNG", &picture().0);
    offered.put("input/a.jpeg", &jpeg());
    offered.put("input/notes.txt", b"hello");
    offered.put("input/.hidden.png", &picture().0);
    std::fs::create_dir(offered.root.path().join("input/folder.png")).unwrap();
    let answer = offered.get("medias?tab=input").await;
    assert_eq!(answer.status, StatusCode::OK);
    let list = answer.json();
    let list = list.as_array().unwrap();
    let shown: Vec<Value> = list
        .iter()
        .map(|entry| json!([entry["name"], entry["width"], entry["height"]]))
        .collect();
    assert_eq!(shown, [json!(["a.jpeg", 9, 13]), json!(["b.PNG", 150, 101])]);
    for entry in list {
        assert!(entry["mtime"].as_f64().unwrap() > 1.6e9 && entry["ctime"].as_f64().unwrap() > 1.6e9);
        assert_eq!(entry.as_object().unwrap().len(), 5);
    }
    assert_eq!(offered.get("medias?tab=output").await.json(), json!([]));
    assert_eq!(offered.get("medias?tab=other").await.status.as_u16(), 422);
    assert_eq!(offered.get("medias").await.status.as_u16(), 422);
    let without_masks = Offered::with(|settings| settings.mask_dir = None);
    assert_eq!(without_masks.get("medias?tab=mask").await.json(), json!([]));
}

#[tokio::test]
async fn unreadable_file_is_skipped_in_list() {
    let offered = Offered::new();
    offered.put("input/a.png", b"");
    offered.put("input/b.png", b"no image at all");
    offered.put("input/c.png", &picture().0[..20]);
    offered.put("input/d.png", &picture().0);
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let name = std::ffi::OsStr::from_bytes(b"\xff.png");
        std::fs::write(offered.root.path().join("input").join(name), picture().0).unwrap();
        std::os::unix::fs::symlink("nowhere", offered.root.path().join("input/e.png")).unwrap();
    }
    let list = offered.get("medias?tab=input").await.json();
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(list[0]["name"], "d.png");
}

#[rstest]
#[case("a.png", "image/png")]
#[case("jpeg-called.png", "image/jpeg")]
#[case("Straße 1.png", "image/png")]
#[tokio::test]
async fn media_file_is_unchanged_with_its_type(#[case] name: &str, #[case] mime: &str) {
    let offered = Offered::new();
    let bytes = if mime == "image/png" { picture().0 } else { jpeg() };
    offered.put(&format!("input/{name}"), &bytes);
    let query = name.replace(' ', "%20").replace('ß', "%C3%9F");
    let answer = offered
        .get(&format!("media_file?tab=input&filename={query}"))
        .await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (StatusCode::OK, mime)
    );
    assert_eq!(answer.header("content-length"), bytes.len().to_string());
    assert_eq!(answer.body, bytes);
}

#[rstest]
#[case("media_file?tab=input&filename=missing.png", 422)]
#[case("media_file?tab=input&filename=notes.txt", 415)]
#[case("media_file?tab=input", 422)]
#[case("media_file?tab=none&filename=a.png", 422)]
#[case("media_thumbnail_file?tab=input&filename=missing.png&width=0&height=0", 422)]
#[case("media_thumbnail_file?tab=input&filename=notes.txt&width=0&height=0", 415)]
#[case("media_thumbnail_file?tab=input&filename=cut.png&width=0&height=0", 400)]
#[case("media_thumbnail_file?tab=input&filename=a.png&width=-1&height=0", 422)]
#[case("media_thumbnail_file?tab=input&filename=a.png&width=wide&height=0", 422)]
#[tokio::test]
async fn missing_or_invalid_image_is_rejected(#[case] route: &str, #[case] status: u16) {
    let offered = Offered::new();
    offered.put("input/a.png", &picture().0);
    offered.put("input/notes.txt", b"password: hunter2");
    offered.put("input/cut.png", &picture().0[..200]);
    let answer = offered.get(route).await;
    assert_eq!(answer.status.as_u16(), status, "{}", answer.json());
    let text = String::from_utf8(answer.body).unwrap();
    assert!(!text.contains(offered.root.path().to_str().unwrap()) && !text.contains("hunter2"));
}

/// URL paths that try to escape the folder.
const TRIES: [&str; 22] = [
    "../secret.png",
    "..%2Fsecret.png",
    "..%5Csecret.png",
    "%2E%2E%2Fsecret.png",
    "..%252Fsecret.png",
    "....//secret.png",
    "./a.png",
    "/etc/passwd",
    "%2Fetc%2Fpasswd",
    "//etc/passwd",
    "file:///etc/passwd",
    "C:%5Csecret.png",
    "%5C%5Cserver%5Cshare%5Csecret.png",
    "a.png%00",
    "..%00/secret.png",
    "..%C0%AFsecret.png",
    "link.png",
    "links/secret.png",
    ".",
    "..",
    ".hidden.png",
    "CON.png",
];

#[rstest]
#[tokio::test]
async fn names_cannot_read_outside_the_folder(
    #[values("media_file", "media_thumbnail_file")] route: &str,
    #[values("input", "output", "mask")] tab: &str,
) {
    let offered = Offered::new();
    for folder in ["input", "masks", "new/output"] {
        offered.put(&format!("{folder}/a.png"), &picture().0);
        offered.put(&format!("{folder}/.hidden.png"), &picture().0);
        #[cfg(unix)]
        {
            let folder = offered.root.path().join(folder);
            let secret = offered.root.path().join("secret.png");
            std::os::unix::fs::symlink(&secret, folder.join("link.png")).unwrap();
            std::os::unix::fs::symlink(offered.root.path(), folder.join("links")).unwrap();
        }
    }
    let absolute = offered.root.path().join("secret.png");
    let absolute = absolute.to_str().unwrap().replace('/', "%2F");
    for name in TRIES.into_iter().chain([absolute.as_str()]) {
        let answer = offered
            .get(&format!("{route}?tab={tab}&filename={name}&width=0&height=0"))
            .await;
        assert_eq!(answer.status.as_u16(), 422, "{name}");
    }
    let inside = offered
        .get(&format!("{route}?tab={tab}&filename=a.png&width=0&height=0"))
        .await;
    assert_eq!(inside.status, StatusCode::OK);
}

#[tokio::test]
async fn names_cannot_write_outside_the_folder() {
    let offered = Offered::new();
    let secret = offered.read("secret.png");
    for name in [
        "../secret.png",
        "..\\secret.png",
        "/tmp/../secret.png",
        "../../secret.png",
        offered.root.path().join("secret.png").to_str().unwrap(),
    ] {
        // Only the last part of a path is used, as in IOPaint.
        let answer = offered.save(name, &other(), "").await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.json()["filename"].as_str().unwrap().starts_with("secret"));
    }
    for name in [
        "..",
        ".",
        "",
        "a/..",
        ".bashrc",
        "x\u{85}.png",
        "nul.png",
        "a/",
        &"x".repeat(256),
    ] {
        let answer = offered.save(name, &other(), "").await;
        assert_eq!(answer.status.as_u16(), 422, "{name:?}");
    }
    assert_eq!(offered.saved().len(), 5);
    assert!(offered.saved().iter().all(|name| name.starts_with("secret")));
    assert_eq!(offered.read("secret.png"), secret);
    let beside: Vec<String> = names(offered.root.path()).into_iter().collect();
    assert_eq!(beside, ["input", "masks", "new", "secret.png"]);
}

#[tokio::test]
async fn thumbnail_is_small_and_upright() {
    let offered = Offered::new();
    offered.put("input/turned.jpg", &jpeg());
    offered.put("input/large.png", &fixture("goldens/inputs/rgb-900x640.png"));
    offered.put("input/clear.png", &fixture("goldens/inputs/rgba-150x101.png"));
    for (query, size, mime) in [
        ("turned.jpg&width=0&height=0", (9, 13), "image/jpeg"),
        ("large.png&width=0&height=0", (256, 182), "image/jpeg"),
        ("large.png&width=90&height=5", (90, 64), "image/jpeg"),
        ("large.png&width=0&height=64", (90, 64), "image/jpeg"),
        ("large.png", (256, 182), "image/jpeg"),
        ("large.png&width=99999999999&height=0", (900, 640), "image/jpeg"),
        ("clear.png&width=60&height=0", (60, 40), "image/png"),
    ] {
        let answer = offered
            .get(&format!("media_thumbnail_file?tab=input&filename={query}"))
            .await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::OK, mime)
        );
        let told = (answer.header("x-width"), answer.header("x-height"));
        let image = image::ImageReader::new(std::io::Cursor::new(&answer.body))
            .with_guessed_format()
            .unwrap();
        if mime == "image/png" {
            assert_eq!(image.into_dimensions().unwrap(), size);
        }
        assert_eq!(
            told,
            (size.0.to_string().as_str(), size.1.to_string().as_str()),
            "{query}"
        );
    }
}

#[tokio::test]
async fn thumbnail_follows_file_changes() {
    let offered = Offered::new();
    let route = "media_thumbnail_file?tab=input&filename=a.png&width=50&height=0";
    offered.put("input/a.png", &picture().0);
    let first = offered.get(route).await;
    assert_eq!(first.body, offered.get(route).await.body);
    offered.put("input/a.png", &other());
    let second = offered.get(route).await;
    assert_eq!(
        (second.header("x-width"), second.header("x-height")),
        ("50", "51")
    );
    assert_ne!(first.body, second.body);
}

#[tokio::test]
async fn saving_does_not_replace_by_default() {
    let offered = Offered::new();
    for name in ["photo.png", "photo-1.png", "photo-2.png"] {
        let answer = offered.save("photo.png", &picture().0, "").await;
        assert_eq!(
            (answer.status, answer.json()),
            (StatusCode::OK, json!({ "filename": name }))
        );
    }
    let answer = offered.save("photo.png", &other(), "?overwrite=true").await;
    assert_eq!(answer.json(), json!({ "filename": "photo.png" }));
    assert_eq!(offered.read("new/output/photo.png"), other());
    assert_eq!(offered.read("new/output/photo-1.png"), picture().0);
    assert_eq!(offered.saved().len(), 3);
    assert_eq!(
        offered
            .save("photo.png", &other(), "?overwrite=perhaps")
            .await
            .status
            .as_u16(),
        422
    );
}

#[tokio::test]
async fn allow_overwrite_replaces_file() {
    let offered = Offered::with(|settings| settings.allow_overwrite = true);
    for bytes in [picture().0, other()] {
        let answer = offered.save("photo.png", &bytes, "").await;
        assert_eq!(answer.json(), json!({ "filename": "photo.png" }));
        assert_eq!(offered.read("new/output/photo.png"), bytes);
    }
    assert_eq!(offered.saved().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_saves_get_distinct_names() {
    let offered = Offered::new();
    let image = picture().0;
    let mut given = BTreeSet::new();
    let saves: Vec<_> = (0..12)
        .map(|_| {
            let router = offered.server.router.clone();
            let (content_type, body) = form_of(&[("file", Some("photo.png"), &image)]);
            tokio::spawn(async move {
                let request = axum::http::Request::post(SAVE)
                    .header("content-type", content_type)
                    .body(axum::body::Body::from(body))
                    .unwrap();
                let response = tower::ServiceExt::oneshot(router, request).await.unwrap();
                let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
                serde_json::from_slice::<Value>(&body).unwrap()["filename"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
        })
        .collect();
    for save in saves {
        given.insert(save.await.unwrap());
    }
    assert_eq!((given.len(), given), (12, offered.saved()));
}

#[tokio::test]
async fn only_images_are_saved() {
    let offered = Offered::new();
    let svg: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
    for bytes in [b"<script>alert(1)</script>".as_slice(), svg, b"hello"] {
        assert_eq!(offered.save("photo.png", bytes, "").await.status.as_u16(), 415);
    }
    assert_eq!(offered.save("photo.png", b"", "").await.status.as_u16(), 422);
    let answer = offered.save("page.html", &picture().0, "").await;
    assert_eq!(answer.json(), json!({ "filename": "page.html.png" }));
    assert_eq!(offered.saved().len(), 1);
}

#[tokio::test]
async fn saved_file_is_listed_and_served() {
    let offered = Offered::new();
    offered.save("photo.png", &picture().0, "").await;
    assert_eq!(
        offered.get("medias?tab=output").await.json()[0]["name"],
        "photo.png"
    );
    let answer = offered.get("media_file?tab=output&filename=photo.png").await;
    assert_eq!(answer.body, picture().0);
}

#[tokio::test]
async fn file_routes_need_folders() {
    for route in [
        "/api/v1/medias?tab=input",
        "/api/v1/media_file?tab=input&filename=a.png",
        "/api/v1/media_thumbnail_file?tab=input&filename=a.png&width=0&height=0",
    ] {
        let answer = server().get(route).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["error"].clone()),
            (404, json!("not-offered"))
        );
    }
    let (content_type, body) = form_of(&[("file", Some("a.png"), &picture().0)]);
    let answer = server().post(SAVE, &content_type, body).await;
    assert_eq!(answer.status.as_u16(), 404);
    assert!(answer.json()["detail"].as_str().unwrap().contains("--output-dir"));
}

#[tokio::test]
async fn server_config_lists_file_features() {
    let text = |answer: Answer| String::from_utf8(answer.body).unwrap();
    let offered = text(Offered::new().get("server-config").await);
    assert!(
        offered.contains(r#""enableFileManager":true"#) && offered.contains(r#""enableAutoSaving":true"#)
    );
    let saving_only = Offered::with(|settings| settings.input = None);
    let saving_only = text(saving_only.get("server-config").await);
    assert!(saving_only.contains(r#""enableFileManager":false"#));
    assert!(saving_only.contains(r#""enableAutoSaving":true"#));
}

#[tokio::test]
async fn input_image_has_its_name() {
    let offered = Offered::with(|settings| {
        let folder = settings.mask_dir.clone().unwrap();
        std::fs::write(folder.join("photo.png"), picture().0).unwrap();
        settings.input = Some(folder.join("photo.png"));
    });
    let answer = offered.get("inputimage").await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (StatusCode::OK, "image/png")
    );
    assert_eq!(answer.header("content-disposition"), "inline; filename=photo.png");
    assert_eq!(answer.body, picture().0);
}

#[tokio::test]
async fn missing_input_image_returns_200_with_error() {
    let answer = server().get("/api/v1/inputimage").await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (StatusCode::OK, "application/json")
    );
    assert_eq!(answer.json()["error"], "no-input-image");
    assert_eq!(Offered::new().get("inputimage").await.status.as_u16(), 404);
}
