//! Lists, files and thumbnails.

use axum::http::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};

use super::{Offered, jpeg, other};
use crate::harness::{fixture, picture, server};

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
