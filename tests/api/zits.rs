//! The model `zits`: its request field, and files that aren't its own.

use axum::http::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::{Answer, INPAINT, Server, fixture, form_of, server_with_weights};

const FILES: [(&str, &str); 4] = [
    ("zits-wireframe-0717.pt", "goldens/models/zits-wireframe.pt"),
    ("zits-edge-line-0717.pt", "goldens/models/zits-edge-line.pt"),
    (
        "zits-structure-upsample-0717.pt",
        "goldens/models/zits-structure-upsample.pt",
    ),
    ("zits-inpaint-0717.pt", "goldens/models/zits-inpaint.pt"),
];

fn server() -> Server {
    server_with_weights(&FILES, |_, _| {})
}

async fn fill(server: &Server, mut fields: Value) -> Answer {
    fields["model"] = json!("zits");
    let [image, mask] = pictures();
    server.inpaint(&image, &mask, &fields).await
}

fn pictures() -> [Vec<u8>; 2] {
    ["tame-150x101", "mask-parts-150x101"].map(|name| fixture(&format!("goldens/inputs/{name}.png")))
}

#[tokio::test]
async fn wireframe_field_has_an_effect_in_json_and_forms() {
    let server = server();
    let with = fill(&server, json!({})).await;
    let without = fill(&server, json!({ "zits_wireframe": false })).await;
    assert_eq!((with.status, without.status), (StatusCode::OK, StatusCode::OK));
    assert_ne!(with.body, without.body);
    let [image, mask] = pictures();
    let (content_type, body) = form_of(&[
        ("image", Some("image.png"), &image),
        ("mask", Some("mask.png"), &mask),
        ("options", None, br#"{"model": "zits", "zits_wireframe": false}"#),
    ]);
    let from_form = server.post(INPAINT, &content_type, body).await;
    assert_eq!(from_form.body, without.body);
}

#[rstest]
#[case::wireframe(0)]
#[case::edge_line(1)]
#[case::structure_upsample(2)]
#[case::inpaint(3)]
#[tokio::test]
async fn unusable_file_is_named(#[case] index: usize) {
    let server = server();
    let (file, name) = FILES[index];
    let network = file.trim_start_matches("zits-").trim_end_matches("-0717.pt");
    let network = format!("{network} network");
    let path = server.folder.path().join(file);
    let mut truncated = fixture(name);
    truncated.truncate(700);
    for (content, reason) in [
        (truncated, "damaged or not TorchScript"),
        (
            fixture("goldens/models/manga-inpaintor.pt"),
            "does not accept an image",
        ),
        (fixture(FILES[(index + 1) % 4].1), "does not accept an image"),
    ] {
        std::fs::write(&path, content).unwrap();
        let answer = fill(&server, json!({})).await;
        assert!(answer.status.is_server_error(), "{}", answer.status);
        let text = answer.json().to_string();
        assert!(text.contains(&network) && text.contains(reason), "{text}");
    }
}
