//! The models of SAM 2 in the API.

use iopaint_engine::PluginKind;
use serde_json::json;

use crate::harness::{base64, fixture, server, server_with};

const MODEL: &str = "sam2_1_tiny";

#[tokio::test]
async fn file_of_sam_is_another_architecture() {
    let server = server_with(|_, settings| {
        settings.plugins.models = vec![(PluginKind::Select, MODEL.to_owned())];
    });
    let file = server.folder.path().join("sam2.1_hiera_tiny.pt");
    std::fs::write(file, fixture("sam/vit.pth")).unwrap();
    let config = server.get("/api/v1/server-config").await.json();
    assert_eq!(config["interactiveSegModels"], json!(["u2netp", MODEL]));
    let request = json!({
        "name": "InteractiveSeg",
        "image": base64(&fixture("sam2/image.png")),
        "clicks": [[30, 40, 1]],
    });
    let answer = server.post_json("/api/v1/run_plugin_gen_mask", &request).await;
    assert!(answer.status.is_server_error(), "{}", answer.status);
    let text = answer.json().to_string();
    assert!(text.contains(MODEL) && text.contains("SAM 2"), "{text}");
}

#[tokio::test]
async fn catalogue_has_all_sizes() {
    let models = server().get("/api/v1/models").await.json();
    for version in ["sam2", "sam2_1"] {
        for size in ["tiny", "small", "base", "large"] {
            let name = format!("{version}_{size}");
            let mut models = models.as_array().unwrap().iter();
            let model = models.find(|model| model["name"] == name.as_str()).unwrap();
            assert_eq!(model["licence"], "Apache-2.0");
            assert!(model["bytes"].as_u64().unwrap() > 150_000_000, "{model}");
        }
    }
}
