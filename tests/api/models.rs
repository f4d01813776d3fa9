//! Model selection over HTTP.

use std::sync::Arc;

use axum::http::StatusCode;
use iopaint_engine::{LoadedModel, ModelFile, ModelLoadError, ModelLoader, ModelSpec};
use iopaint_imaging::{Coverage, RgbImage};
use iopaint_inpaint::{
    AUTO_CONTEXT_PX, AUTO_MAX_SINGLE_REGION_SIDE_PX, Context, ForwardError, Inpainter, Padding,
};
use serde_json::json;

use crate::harness::{NoModels, fixture, picture, server_of, server_with};

#[tokio::test]
async fn model_is_switched_or_named_per_request() {
    let server = server_with(|options, _| options.model = Some("lama-mini".into()));
    server.ready().await;
    let (image, mask) = picture();
    assert_eq!(server.get("/api/v1/model").await.json()["name"], "lama-mini");
    let named = server
        .inpaint(&image, &mask, &json!({ "model": "anime-lama" }))
        .await;
    assert_eq!(named.header("x-inpaint-model"), "anime-lama");
    let unnamed = server.inpaint(&image, &mask, &json!({})).await;
    assert_eq!(unnamed.header("x-inpaint-model"), "lama-mini");
    let switched = server
        .post_json("/api/v1/model", &json!({ "name": "lama" }))
        .await;
    assert_eq!(
        (switched.status, switched.json()["name"].clone()),
        (StatusCode::OK, json!("lama"))
    );
    let unnamed = server.inpaint(&image, &mask, &json!({})).await;
    assert_eq!(unnamed.header("x-inpaint-model"), "lama");
}

#[tokio::test]
async fn invalid_model_file_keeps_old_model() {
    let server = server_with(|options, _| options.model = Some("lama".into()));
    server.ready().await;
    let anime = server.folder.path().join("anime-manga-big-lama.pt");
    let whole = std::fs::read(&anime).unwrap();
    for bytes in [&whole[..whole.len() / 2], b"<html>not found</html>", b""] {
        std::fs::write(&anime, bytes).unwrap();
        let answer = server
            .post_json("/api/v1/model", &json!({ "name": "anime-lama" }))
            .await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(answer.json()["error"], "model-failed");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(
            detail.contains("`anime-lama`") && !detail.contains(server.folder.path().to_str().unwrap()),
            "{detail}"
        );
        assert_eq!(server.get("/api/v1/model").await.json()["name"], "lama");
        server.ready().await;
        assert_eq!(
            std::fs::read(&anime).unwrap(),
            bytes,
            "a user's file is never touched"
        );
    }
    std::fs::write(&anime, &whole).unwrap();
    assert_eq!(
        server
            .post_json("/api/v1/model", &json!({ "name": "anime-lama" }))
            .await
            .status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn mat_and_fcf_run_from_their_state_dicts() {
    let server = server_with(|options, _| options.model = Some("lama".into()));
    server.ready().await;
    let (image, mask) = picture();
    for (model, file) in [("mat", "Places_512_FullData_G.pth"), ("fcf", "places_512_G.pth")] {
        let path = server.folder.path().join(file);
        let whole = fixture(&format!("generators/{model}.pth"));
        let text = fixture("state_dicts/command.pth");
        for (bytes, reason) in [
            (&whole[..whole.len() / 2], "damaged"),
            (b"<html>not found</html>", "not a PyTorch state dict"),
            (&text, "tensors only"),
            (&fixture("upscale/rrdb-2.pth"), "another architecture"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let answer = server.post_json("/api/v1/model", &json!({ "name": model })).await;
            assert_eq!(answer.json()["error"], "model-failed");
            let detail = answer.json()["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains(reason), "{model}: {detail}");
        }
        // The stand-in of FcF is made for smaller images.
        std::fs::write(&path, &whole).unwrap();
        let answer = server.post_json("/api/v1/model", &json!({ "name": model })).await;
        if model == "mat" {
            assert_eq!(answer.status, StatusCode::OK);
            let answer = server.inpaint(&image, &mask, &json!({})).await;
            assert_eq!(
                (answer.status, answer.header("x-inpaint-model")),
                (StatusCode::OK, "mat")
            );
        } else {
            assert_eq!(answer.json()["error"], "model-failed");
        }
    }
}

/// A loader of models that differ in [`Inpainter::max_hole_depth_px`].
struct ModelsByDepth;

impl ModelLoader for ModelsByDepth {
    fn load(&self, spec: &ModelSpec, _: &[ModelFile]) -> Result<LoadedModel, ModelLoadError> {
        let depth = if spec.name == "cv2" { 96.0 } else { 200.0 };
        Ok(Box::new(ModelOfDepth(depth)).into())
    }
}

struct ModelOfDepth(f32);

impl Inpainter for ModelOfDepth {
    fn padding(&self) -> Padding {
        Padding {
            modulo: 1,
            min_size: 0,
            square: false,
        }
    }

    fn max_hole_depth_px(&self) -> f32 {
        self.0
    }

    fn forward(&mut self, image: &RgbImage, _: &Coverage, _: &Context<'_>) -> Result<RgbImage, ForwardError> {
        Ok(image.clone())
    }
}

#[tokio::test]
async fn server_config_has_the_planner_constants() {
    let server = server_of(Arc::new(ModelsByDepth), |options, _| {
        options.model = Some("cv2".into());
    });
    server.ready().await;
    let expected = |depth| {
        json!({
            "max_whole_side_px": AUTO_MAX_SINGLE_REGION_SIDE_PX,
            "context_px": AUTO_CONTEXT_PX,
            "max_hole_depth_px": depth,
        })
    };
    let config = server.get("/api/v1/server-config").await.json();
    assert_eq!(config["autoStrategy"], expected(96.0));
    let switched = server
        .post_json("/api/v1/model", &json!({ "name": "patchmatch" }))
        .await;
    assert_eq!(switched.status, StatusCode::OK);
    let config = server.get("/api/v1/server-config").await.json();
    assert_eq!(config["autoStrategy"], expected(200.0));
}

#[tokio::test]
async fn server_config_has_no_depth_without_a_model() {
    let server = server_of(Arc::new(NoModels), |_, _| {});
    let config = server.get("/api/v1/server-config").await.json();
    assert_eq!(config["autoStrategy"]["max_hole_depth_px"], json!(null));
}

#[tokio::test]
async fn cv2_is_listed_and_uses_its_fields() {
    let server = server_with(|options, _| options.model = Some("cv2".into()));
    server.ready().await;
    let config = server.get("/api/v1/server-config").await.json();
    let listed = config["modelInfos"].as_array().unwrap();
    assert!(listed.iter().any(|info| info["name"] == "cv2"), "{listed:?}");
    let (image, mask) = picture();
    let mut answers = Vec::new();
    for fields in [
        json!({}),
        json!({ "cv2_flag": "INPAINT_TELEA" }),
        json!({ "cv2_radius": 30 }),
    ] {
        let answer = server.inpaint(&image, &mask, &fields).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("x-inpaint-model"), "cv2");
        assert!(!answers.contains(&answer.body), "{fields} changes nothing");
        answers.push(answer.body);
    }
}
