//! Malicious and malformed input: always a response, never a 5xx.

use std::sync::LazyLock;

use axum::http::StatusCode;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::harness::{INPAINT, base64, fixture, form, picture, server, server_with};

static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| tokio::runtime::Runtime::new().unwrap());

fn is_answer(status: StatusCode) -> bool {
    status == StatusCode::OK || status.is_client_error()
}

/// PNG headers with sizes beyond any memory.
fn bomb(width: u32, height: u32) -> Vec<u8> {
    let mut png = fixture("goldens/inputs/rgb-16x16.png");
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    png
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_leave_server_working() {
    let server = server_with(|_, _| {});
    let (image, mask) = picture();
    let mut bodies = vec![
        Vec::new(),
        b"null".to_vec(),
        b"{".repeat(100_000),
        b"[".repeat(100_000),
        vec![0xff; 1000],
        json!({ "image": base64(&bomb(100_000, 100_000)), "mask": base64(&mask) })
            .to_string()
            .into_bytes(),
        json!({ "image": base64(&bomb(u32::MAX, u32::MAX)), "mask": base64(&mask) })
            .to_string()
            .into_bytes(),
        json!({ "image": base64(&bomb(2000, 2000)), "mask": base64(&mask) })
            .to_string()
            .into_bytes(),
        json!({ "image": base64(&image), "mask": base64(&bomb(0, 16)) })
            .to_string()
            .into_bytes(),
        json!({ "image": "A".repeat(1_000_001), "mask": "=" })
            .to_string()
            .into_bytes(),
    ];
    for cut in 0..95 {
        let image = &image[..image.len() * cut / 95];
        bodies.push(
            json!({ "image": base64(image), "mask": base64(&mask) })
                .to_string()
                .into_bytes(),
        );
    }
    let whole = json!({ "image": base64(&image), "mask": base64(&mask) })
        .to_string()
        .into_bytes();
    for cut in 0..95 {
        bodies.push(whole[..whole.len() * cut / 95].to_vec());
    }
    assert!(bodies.len() >= 200);
    for body in bodies {
        let start = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        let answer = server.post(INPAINT, "application/json", body).await;
        assert!(answer.status.is_client_error(), "{}: {start}", answer.status);
        assert!(answer.json()["detail"].as_str().unwrap().len() > 10);
    }
    server.ready().await;
    assert_eq!(server.engine.status().jobs, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_forms_return_4xx() {
    let (image, mask) = picture();
    let (content_type, whole) = form(&[
        ("image", &image),
        ("mask", &mask),
        ("options", b"{\"sd_seed\": 1}"),
    ]);
    for cut in 0..40 {
        let answer = server()
            .post(INPAINT, &content_type, whole[..whole.len() * cut / 40].to_vec())
            .await;
        assert!(answer.status.is_client_error(), "{cut}: {}", answer.status);
    }
    let (content_type, body) = form(&[("image", &image), ("mask", &mask), ("options", b"[1]")]);
    assert_eq!(
        server().post(INPAINT, &content_type, body).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

/// An arbitrary JSON value of a faulty client.
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        prop::collection::vec(any::<u8>(), 0..3).prop_map(|bytes| json!(bytes)),
    ]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "image",
            "mask",
            "model",
            "result",
            "ldm_steps",
            "hd_strategy",
            "hd_strategy_crop_margin",
            "hd_strategy_crop_trigger_size",
            "hd_strategy_resize_limit",
            "sd_seed",
            "sd_scale",
            "sd_keep_unmasked_area",
            "blend",
            "cv2_flag",
            "paint_by_example_example_image",
            "fitting_degree",
        ])
        .prop_map(str::to_owned),
        ".{0,12}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn random_fields_never_return_5xx(fields in prop::collection::hash_map(key(), value(), 0..6)) {
        let (image, mask) = picture();
        let fields: Map<String, Value> = fields.into_iter().collect();
        let answer = RUNTIME.block_on(server().inpaint(&image, &mask, &Value::Object(fields)));
        prop_assert!(is_answer(answer.status), "{}", answer.status);
    }

    #[test]
    fn mutated_images_never_return_5xx(
        name in prop::sample::select(vec![
            "rgb-150x101.png", "palette-150x101.png", "rgba-150x101.png", "rgb-150x101.tiff", "rgb-150x101.bmp",
        ]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut image = fixture(&format!("goldens/inputs/{name}"));
        for (place, byte) in changes {
            let place = place.index(image.len());
            image[place] = byte;
        }
        if let Some(cut) = cut {
            image.truncate(cut.index(image.len()));
        }
        let (_, mask) = picture();
        let answer = RUNTIME.block_on(server().inpaint(&image, &mask, &json!({})));
        prop_assert!(is_answer(answer.status), "{}", answer.status);
    }
}
