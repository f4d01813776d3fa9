//! Saving of results.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Offered, SAVE, other};
use crate::harness::{form_of, picture};

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
