//! Names that try to leave the folders, and servers without folders.

use axum::http::StatusCode;
use rstest::rstest;
use serde_json::json;

use super::{Offered, SAVE, names, other};
use crate::harness::{Answer, form_of, picture, server};

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
