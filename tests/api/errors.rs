//! Error bodies.

use serde_json::{Value, json};

use crate::harness::{Answer, INPAINT, base64, fixture, picture, server, server_with};

fn shown(answer: &Answer) -> Value {
    json!({ "status": answer.status.as_u16(), "body": answer.json() })
}

#[tokio::test]
async fn errors_have_code_and_sentence() {
    let (image, mask) = picture();
    let other = fixture("goldens/inputs/rgb-63x64.png");
    let both = |image: &[u8], mask: &[u8]| json!({ "image": base64(image), "mask": base64(mask) });
    let mut shows = serde_json::Map::new();
    for (name, body) in [
        ("not json", "{".to_owned()),
        ("not an object", "[]".to_owned()),
        ("no image", json!({}).to_string()),
        ("no mask", json!({ "image": base64(&image) }).to_string()),
        (
            "not base64",
            json!({ "image": "***", "mask": base64(&mask) }).to_string(),
        ),
        ("not an image", both(b"hello", &mask).to_string()),
        ("unreadable image", both(b"\0\0\0\x1cftypavif", &mask).to_string()),
        (
            "half an image",
            both(&image[..image.len() / 2], &mask).to_string(),
        ),
        ("sizes differ", both(&other, &mask).to_string()),
        ("unknown model", {
            let mut body = both(&image, &mask);
            body["model"] = json!("nobody");
            body.to_string()
        }),
    ] {
        shows.insert(
            name.into(),
            shown(&server().post(INPAINT, "application/json", body).await),
        );
    }
    shows.insert(
        "form type".into(),
        shown(&server().post(INPAINT, "text/plain", "{}").await),
    );
    shows.insert("no such address".into(), shown(&server().get("/nothing").await));
    shows.insert("wrong method".into(), shown(&server().get(INPAINT).await));
    shows.insert(
        "switch to nobody".into(),
        shown(
            &server()
                .post_json("/api/v1/model", &json!({"name": "nobody"}))
                .await,
        ),
    );
    shows.insert(
        "switch without a name".into(),
        shown(&server().post_json("/api/v1/model", &json!({})).await),
    );

    let small = server_with(|_, settings| {
        settings.bodies.max_bytes = 1000;
        settings.images.limits.max_pixels = 100;
    });
    shows.insert(
        "body too large".into(),
        shown(&small.inpaint(&image, &mask, &json!({})).await),
    );
    let bomb = fixture("goldens/inputs/rgb-16x16.png");
    let few = server_with(|_, settings| settings.images.limits.max_pixels = 100);
    shows.insert(
        "image too large".into(),
        shown(&few.inpaint(&bomb, &bomb, &json!({})).await),
    );
    let late = server_with(|_, settings| settings.request_timeout = std::time::Duration::ZERO);
    shows.insert(
        "deadline".into(),
        shown(&late.inpaint(&image, &mask, &json!({})).await),
    );
    let drained = server_with(|_, _| {});
    drained.engine.drain();
    shows.insert(
        "draining".into(),
        shown(&drained.inpaint(&image, &mask, &json!({})).await),
    );
    insta::assert_json_snapshot!("errors", shows);
}

#[tokio::test]
async fn full_queue_returns_429_with_retry_after() {
    let server = server_with(|options, _| options.max_queue = 1);
    let _place = server
        .engine
        .admit(iopaint_engine::ClientKey::new("other"), None)
        .unwrap();
    let (image, mask) = picture();
    let answer = server.inpaint(&image, &mask, &json!({})).await;
    assert_eq!(answer.status.as_u16(), 429);
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert_eq!(answer.json()["error"], "queue-full");
}
