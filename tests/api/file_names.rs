//! File names: encodings in forms, Unicode normalisation, length.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use iopaint_app::files::FileSettings;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rstest::rstest;
use serde_json::json;

use crate::harness::{Answer, Server, fixture, picture, server_with_files};

const COMPOSED: &str = "é.png";
const DECOMPOSED: &str = "e\u{301}.png";

/// A server with an input and an output folder.
struct Folders {
    server: Server,
    input: tempfile::TempDir,
    output: tempfile::TempDir,
}

impl Folders {
    fn new() -> Self {
        let [input, output] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let server = server_with_files(&FileSettings {
            input: Some(input.path().to_owned()),
            output_dir: Some(output.path().to_owned()),
            ..FileSettings::default()
        });
        Self {
            server,
            input,
            output,
        }
    }

    /// Saves an image; `parameters` follow the field's name in Content-Disposition.
    async fn save(&self, parameters: &[u8], query: &str) -> Answer {
        let body = [
            b"--X\r\nContent-Disposition: form-data; name=file; ",
            parameters,
            b"\r\n\r\n",
            &picture().0,
            b"\r\n--X--\r\n",
        ]
        .concat();
        self.server
            .post(
                &format!("/api/v1/save_image{query}"),
                "multipart/form-data; boundary=X",
                body,
            )
            .await
    }

    async fn get(&self, route: &str, tab: &str, name: &str) -> Answer {
        let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
        self.server
            .get(&format!(
                "/api/v1/{route}?tab={tab}&filename={name}&width=0&height=0"
            ))
            .await
    }

    fn saved(&self) -> BTreeSet<String> {
        std::fs::read_dir(self.output.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

#[tokio::test]
async fn dotnet_form_keeps_unicode_name() {
    let folders = Folders::new();
    let answer = folders
        .server
        .post(
            "/api/v1/save_image",
            "multipart/form-data; boundary=X",
            fixture("cases/dotnet-multipart.bin"),
        )
        .await;
    assert_eq!(
        (answer.status, answer.json()),
        (StatusCode::OK, json!({ "filename": "写真写.png" }))
    );
    assert_eq!(folders.saved(), BTreeSet::from(["写真写.png".to_owned()]));
}

#[rstest]
#[case("filename=\"写真.png\"", "写真.png")]
#[case("filename*=UTF-8''%E5%86%99.png", "写.png")]
#[case("filename=\"=?utf-8?Q?=C3=A9.png?=\"", "é.png")]
#[case("filename=\"a%22b.png\"", "a%22b.png")]
#[case("filename*=utf-8''..%2F..%2Fescape.png", "escape.png")]
#[case("filename=\"=?utf-8?B?Li4vLi4vZXNjYXBlLnBuZw==?=\"", "escape.png")]
#[case("filename=\"C:\\Users\\me\\photo.png\"", "photo.png")]
#[tokio::test]
async fn form_file_names_are_decoded_without_paths(#[case] parameter: &str, #[case] expected: &str) {
    let folders = Folders::new();
    let answer = folders.save(parameter.as_bytes(), "").await;
    assert_eq!(
        (answer.status, answer.json()),
        (StatusCode::OK, json!({ "filename": expected }))
    );
    assert_eq!(folders.saved(), BTreeSet::from([expected.to_owned()]));
}

#[rstest]
#[case(b"x=y", "is missing")]
#[case(b"filename=\"\"", "must not be empty")]
#[case(b"filename=\"folder/\"", "must not be empty")]
#[case(b"filename=\".hidden.png\"", "must not begin with a dot")]
#[case(b"filename*=utf-8''%2E%2E", "must not begin with a dot")]
#[case(b"filename=\"Gr\xf6\xdfe.png\"", "must be UTF-8")]
#[case(b"filename*=utf-8''%FF.png", "can't be decoded")]
#[case(b"filename*=utf-8''a%00b.png", "must not contain control characters")]
#[case(b"filename=\"nul.png\"", "is a device name on Windows")]
#[tokio::test]
async fn rejected_names_return_422_with_reason(#[case] parameter: &[u8], #[case] words: &str) {
    let folders = Folders::new();
    let answer = folders.save(parameter, "").await;
    assert_eq!(answer.status.as_u16(), 422);
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.starts_with("The field `filename` ") && detail.contains(words),
        "{detail}"
    );
    assert!(folders.saved().is_empty());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn names_up_to_255_bytes_work() {
    let folders = Folders::new();
    for (given, saved) in [
        (
            format!("{}.png", "写".repeat(67)),
            format!("{}.png", "写".repeat(67)),
        ),
        (
            format!("{}.png", "a".repeat(251)),
            format!("{}.png", "a".repeat(251)),
        ),
        (
            format!("{}.png", "a".repeat(251)),
            format!("{}-1.png", "a".repeat(249)),
        ),
        ("写".repeat(85), format!("{}.png", "写".repeat(83))),
    ] {
        let answer = folders.save(format!("filename=\"{given}\"").as_bytes(), "").await;
        assert_eq!(
            (answer.status, answer.json()),
            (StatusCode::OK, json!({ "filename": saved }))
        );
        for route in ["media_file", "media_thumbnail_file"] {
            assert_eq!(folders.get(route, "output", &saved).await.status, StatusCode::OK);
        }
    }
    let list = folders.server.get("/api/v1/medias?tab=output").await.json();
    assert_eq!(list.as_array().unwrap().len(), 4);
}

#[cfg(target_os = "linux")]
#[rstest]
#[case(format!("{}.png", "写".repeat(100)), "too long for the file system")]
#[case(format!("{}.png", "a".repeat(252)), "at most 255 characters")]
#[tokio::test]
async fn longer_names_return_422(#[case] name: String, #[case] words: &str) {
    let folders = Folders::new();
    for query in ["", "?overwrite=true"] {
        let answer = folders
            .save(format!("filename=\"{name}\"").as_bytes(), query)
            .await;
        assert_eq!(answer.status.as_u16(), 422);
        assert!(answer.json()["detail"].as_str().unwrap().contains(words));
    }
    assert!(folders.saved().is_empty());
    assert_eq!(
        folders.get("media_file", "input", &name).await.status.as_u16(),
        422
    );
}

#[rstest]
#[case(COMPOSED, DECOMPOSED)]
#[case(DECOMPOSED, COMPOSED)]
#[tokio::test]
async fn names_are_compared_after_normalization(#[case] stored: &str, #[case] asked: &str) {
    let folders = Folders::new();
    std::fs::write(folders.input.path().join(stored), picture().0).unwrap();
    for route in ["media_file", "media_thumbnail_file"] {
        assert_eq!(folders.get(route, "input", asked).await.status, StatusCode::OK);
    }
    std::fs::write(folders.output.path().join(stored), b"old").unwrap();
    let parameter = format!("filename=\"{asked}\"");
    let replaced = folders.save(parameter.as_bytes(), "?overwrite=true").await;
    assert_eq!(replaced.json(), json!({ "filename": stored }));
    assert_eq!(
        std::fs::read(folders.output.path().join(stored)).unwrap(),
        picture().0
    );
    let numbered = folders.save(parameter.as_bytes(), "").await;
    let expected = asked.replace(".png", "-1.png");
    assert_eq!(numbered.json(), json!({ "filename": expected }));
    assert_eq!(folders.saved().len(), 2);
}
