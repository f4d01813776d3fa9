//! Selection with SAM, on small stand-ins with results of IOPaint's (`models/export/make_sam_goldens.py`).

use std::sync::Arc;

use axum::http::StatusCode;
use iopaint_engine::PluginKind;
use iopaint_imaging::morphology::dilate_square;
use iopaint_imaging::{DecodeLimits, Mask, decode};
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::{Answer, NoModels, Server, base64, fixture, server, server_of, server_with};

const GEN_MASK: &str = "/api/v1/run_plugin_gen_mask";
const GEN_IMAGE: &str = "/api/v1/run_plugin_gen_image";
const SWITCH: &str = "/api/v1/switch_plugin_model";

/// The registered models, and the files of the stand-ins.
const MODELS: [(&str, &str, &str); 3] = [
    ("vit_b", "sam_vit_b_01ec64.pth", "vit"),
    ("mobile_sam", "mobile_sam.pt", "mobile"),
    ("sam_hq_vit_b", "sam_hq_vit_b.pth", "hq"),
];

/// A server whose models of [`MODELS`] are on disk, and that selects with `vit_b`.
fn sam_server() -> Server {
    let server = server_with(|options, settings| {
        options.max_models = 5;
        settings.plugins.models = vec![(PluginKind::Select, "vit_b".to_owned())];
    });
    for (_, file, stand_in) in MODELS {
        let weights = fixture(&format!("sam/{stand_in}.pth"));
        std::fs::write(server.folder.path().join(file), weights).unwrap();
    }
    server
}

async fn run(server: &Server, route: &str, mut fields: Value) -> Answer {
    fields["image"] = json!(base64(&fixture("sam/image.png")));
    server.post_json(route, &fields).await
}

async fn switch(server: &Server, model: &str) -> Answer {
    let body = json!({ "plugin_name": "InteractiveSeg", "model_name": model });
    server.post_json(SWITCH, &body).await
}

/// Returns true where the answer's mask is.
fn selected(answer: &Answer) -> Vec<bool> {
    assert_eq!(
        answer.status,
        StatusCode::OK,
        "{}",
        String::from_utf8_lossy(&answer.body)
    );
    let mask = image::load_from_memory(&answer.body).unwrap().to_rgba8();
    mask.pixels().map(|pixel| pixel.0[3] > 0).collect()
}

/// Returns IOPaint's mask, dilated as by its route.
fn expected(name: &str) -> Vec<bool> {
    let limits = DecodeLimits {
        max_pixels: 1 << 20,
        max_side: 1 << 12,
    };
    let image = decode(&fixture(&format!("sam/{name}.png")), &limits).unwrap().rgb;
    let mask = Mask::from_fn(image.width(), image.height(), |x, y| {
        image.get_pixel(x, y).0[0] > 0
    });
    let mask = dilate_square(&mask, 4);
    mask.as_coverage()
        .values()
        .iter()
        .map(|value| *value > 0)
        .collect()
}

#[rstest]
#[case::click("vit_b", "vit-click", json!({ "clicks": [[30, 20, 1]] }))]
#[case::clicks("vit_b", "vit-clicks", json!({ "clicks": [[30, 20, 1], [70, 41, 1], [5, 50, 0]] }))]
#[case::rectangle("vit_b", "vit-box", json!({ "box": [12, 9, 60, 44] }))]
#[case::mobile("mobile_sam", "mobile-clicks", json!({ "clicks": [[30, 20, 1], [70, 41, 1], [5, 50, 0]] }))]
#[case::hq("sam_hq_vit_b", "hq-box-click", json!({ "box": [12, 9, 90, 44], "clicks": [[80, 10, 0]] }))]
#[tokio::test]
async fn masks_equal_iopaints(#[case] model: &str, #[case] golden: &str, #[case] mut prompt: Value) {
    let server = sam_server();
    assert_eq!(switch(&server, model).await.status, StatusCode::OK);
    prompt["name"] = json!("InteractiveSeg");
    let answer = run(&server, GEN_MASK, prompt).await;
    assert_eq!(answer.header("x-inpaint-model"), model);
    let (found, expected) = (selected(&answer), expected(golden));
    assert_eq!(found.len(), expected.len());
    let different = found
        .iter()
        .zip(&expected)
        .filter(|(one, other)| one != other)
        .count();
    // A pixel next to the threshold becomes a square of 9 x 9.
    assert!(different <= 18, "{different}");
}

#[tokio::test]
async fn models_on_disk_are_listed() {
    let config = sam_server().get("/api/v1/server-config").await.json();
    assert_eq!(config["interactiveSegModel"], "vit_b");
    assert_eq!(
        config["interactiveSegModels"],
        json!(["u2netp", "vit_b", "mobile_sam", "sam_hq_vit_b"])
    );
    assert_eq!(config["removeBGModel"], "u2netp");
    assert_eq!(config["removeBGModels"], json!(["u2netp"]));
}

#[tokio::test]
async fn catalogue_has_size_and_licence() {
    let models = server().get("/api/v1/models").await.json();
    for name in [
        "vit_b",
        "vit_l",
        "vit_h",
        "mobile_sam",
        "sam_hq_vit_b",
        "sam_hq_vit_l",
        "sam_hq_vit_h",
    ] {
        let models = models.as_array().unwrap();
        let model = models.iter().find(|model| model["name"] == name).unwrap();
        assert_eq!(
            (&model["licence"], &model["state"]),
            (&json!("Apache-2.0"), &json!("absent"))
        );
        assert!(model["bytes"].as_u64().unwrap() > 40_000_000, "{model}");
    }
}

#[tokio::test]
async fn other_work_keeps_the_built_in_model() {
    let server = sam_server();
    for (route, fields) in [
        (GEN_MASK, json!({ "name": "InteractiveSeg" })),
        (GEN_MASK, json!({ "name": "RemoveBG" })),
        (GEN_IMAGE, json!({ "name": "RemoveBG" })),
    ] {
        let answer = run(&server, route, fields).await;
        assert_eq!(
            (answer.status, answer.header("x-inpaint-model")),
            (StatusCode::OK, "u2netp")
        );
    }
    let body = json!({ "plugin_name": "RemoveBG", "model_name": "vit_b" });
    let answer = server.post_json(SWITCH, &body).await;
    assert_eq!(answer.json()["error"], "unknown-model");
}

#[tokio::test]
async fn absent_model_is_rejected() {
    let server = server_of(Arc::new(NoModels), |_, _| {});
    assert_eq!(switch(&server, "vit_h").await.json()["error"], "unknown-model");
}

#[rstest]
#[case::truncated("sam/vit.pth", 100_000, "damaged")]
#[case::other_architecture("upscale/rrdb-2.pth", usize::MAX, "another architecture")]
#[case::code("state_dicts/command.pth", usize::MAX, "posix.system")]
#[tokio::test]
async fn unusable_file_is_a_clear_error(#[case] file: &str, #[case] length: usize, #[case] reason: &str) {
    let server = sam_server();
    let mut weights = fixture(file);
    weights.truncate(length);
    std::fs::write(server.folder.path().join(MODELS[0].1), weights).unwrap();
    let fields = json!({ "name": "InteractiveSeg", "clicks": [[30, 20, 1]] });
    let answer = run(&server, GEN_MASK, fields).await;
    assert!(answer.status.is_server_error(), "{}", answer.status);
    let text = answer.json().to_string();
    assert!(text.contains("vit_b") && text.contains(reason), "{text}");
}
