//! Coercion of field values, through the whole server.

use axum::http::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::{INPAINT, picture, server};

#[rstest]
#[case(json!({"ldm_steps": "20", "hd_strategy_crop_margin": 128.0, "sd_scale": "0.5"}))]
#[case(json!({"use_croper": 0, "sd_keep_unmasked_area": "yes", "sd_lcm_lora": "off"}))]
#[case(json!({"blend": "yes"}))]
#[case(json!({"hd_strategy": "crop", "cv2_flag": "inpaint_ns"}))]
#[case(json!({"hd_strategy_crop_trigger_size": 1e300, "hd_strategy_crop_margin": "99999999999999999999"}))]
#[case(json!({"paint_by_example_example_image": null, "model": null, "modle": "x"}))]
#[case(json!({"model": ""}))]
#[tokio::test]
async fn lenient_values_are_accepted(#[case] fields: Value) {
    let (image, mask) = picture();
    let answer = server().inpaint(&image, &mask, &fields).await;
    assert_eq!(
        answer.status,
        StatusCode::OK,
        "{}",
        String::from_utf8_lossy(&answer.body)
    );
}

#[rstest]
#[case(json!({"ldm_steps": "many"}), "ldm_steps")]
#[case(json!({"ldm_steps": 1.5}), "ldm_steps")]
#[case(json!({"sd_strength": 2}), "sd_strength")]
#[case(json!({"hd_strategy": "Half"}), "hd_strategy")]
#[case(json!({"hd_strategy_crop_margin": -1}), "hd_strategy_crop_margin")]
#[case(json!({"zits_wireframe": "perhaps"}), "zits_wireframe")]
#[case(json!({"blend": "softly"}), "blend")]
#[case(json!({"prompt": null}), "prompt")]
#[case(json!({"image": 7}), "image")]
#[tokio::test]
async fn wrong_values_return_422_with_field(#[case] fields: Value, #[case] field: &str) {
    let (image, mask) = picture();
    let answer = server().inpaint(&image, &mask, &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let body = answer.json();
    assert!(
        body["detail"].as_str().unwrap().contains(&format!("`{field}`")),
        "{body}"
    );
    assert_eq!(body["detail"], body["errors"]);
}

#[rstest]
#[case("application/json", StatusCode::UNPROCESSABLE_ENTITY)]
#[case("application/json; charset=utf-8", StatusCode::UNPROCESSABLE_ENTITY)]
#[case("", StatusCode::UNPROCESSABLE_ENTITY)]
#[case("text/plain", StatusCode::UNSUPPORTED_MEDIA_TYPE)]
#[case("application/x-www-form-urlencoded", StatusCode::UNSUPPORTED_MEDIA_TYPE)]
#[case("multipart/form-data", StatusCode::BAD_REQUEST)]
#[tokio::test]
async fn content_type_selects_parser(#[case] content_type: &str, #[case] status: StatusCode) {
    assert_eq!(server().post(INPAINT, content_type, "{}").await.status, status);
}
