//! Letters removed from plain pages: the fill has exactly the page's colour.

use std::io::Cursor;

use axum::http::StatusCode;
use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, Luma, Rgb};
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::{Server, fixture, server_with};

type Page = ImageBuffer<Rgb<u16>, Vec<u16>>;

const SIDES: (u32, u32) = (300, 200);
const INK: u16 = 30 * 257;
const MODELS: [&str; 2] = ["lama-patches", "patchmatch"];

fn patches_server() -> Server {
    server_with(|options, _| options.model = Some("lama-patches".into()))
}

fn png(image: impl Into<DynamicImage>) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// Letters of 12 x 18 pixels with strokes 4 pixels wide, and a disc with a radius of 24 pixels.
fn is_ink(x: u32, y: u32) -> bool {
    let (column, row) = (x % 20, y % 40);
    let letter = (20..220).contains(&x) && (4..16).contains(&column) && (10..28).contains(&row);
    (letter && (column < 8 || row.abs_diff(18) < 2)) || disc(x, y)
}

fn disc(x: u32, y: u32) -> bool {
    x.abs_diff(255).pow(2) + y.abs_diff(100).pow(2) < 24 * 24
}

fn written(page: [u16; 3]) -> Page {
    let (width, height) = SIDES;
    Page::from_fn(width, height, |x, y| {
        Rgb(if is_ink(x, y) { [INK; 3] } else { page })
    })
}

fn mask(hole: impl Fn(u32, u32) -> bool) -> Vec<u8> {
    let (width, height) = SIDES;
    png(GrayImage::from_fn(width, height, |x, y| {
        Luma([if hole(x, y) { 255 } else { 0 }])
    }))
}

async fn filled(server: &Server, picture: &[u8], mask: &[u8], fields: &Value) -> DynamicImage {
    let answer = server.inpaint(picture, mask, fields).await;
    let text = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, StatusCode::OK, "{fields}: {text}");
    image::load_from_memory(&answer.body).unwrap()
}

/// Tested combinations of model, strategy (`Crop` runs one letter at a time) and blending.
fn choices() -> impl Iterator<Item = Value> {
    let strategies = ["Auto", "Crop", "Original"];
    let choices = MODELS
        .into_iter()
        .flat_map(move |model| strategies.map(|strategy| (model, strategy)));
    choices.flat_map(|(model, strategy)| {
        [false, true].map(|blend| {
            json!({
                "model": model, "hd_strategy": strategy, "blend": blend,
                "hd_strategy_crop_trigger_size": 128, "hd_strategy_crop_margin": 32,
            })
        })
    })
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn plain_page_stays_plain(
    #[values([65_535; 3], [128 * 257; 3], [10_280, 46_260, 56_540], [40_000; 3], [1, 300, 65_000])]
    page: [u16; 3],
) {
    let server = patches_server();
    let hole = mask(is_ink);
    let deep = written(page);
    let eight = DynamicImage::from(deep.clone()).into_rgb8();
    let colour = *eight.get_pixel(0, 0);
    let (deep, eight) = (png(deep), png(eight));
    for fields in choices() {
        let out = filled(&server, &deep, &hole, &fields).await.into_rgb16();
        assert!(out.pixels().all(|pixel| pixel.0 == page), "16 bits: {fields}");
        let out = filled(&server, &eight, &hole, &fields).await.into_rgb8();
        assert!(out.pixels().all(|pixel| *pixel == colour), "8 bits: {fields}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_page_fixture_stays_white() {
    let server = patches_server();
    let page = fixture("cases/white-page-text.png");
    let hole = fixture("cases/white-page-text-mask.png");
    for model in MODELS {
        for strategy in ["Auto", "Crop", "Original"] {
            let fields = json!({ "model": model, "hd_strategy": strategy });
            let out = filled(&server, &page, &hole, &fields).await.into_rgb8();
            assert!(out.iter().all(|sample| *sample == 255), "{fields}");
        }
    }
}

/// Kept letters are 8 pixels from removed ones.
#[tokio::test(flavor = "multi_thread")]
async fn page_with_letters_has_no_haze() {
    let server = patches_server();
    let page = [250 * 257, 247 * 257, 235 * 257];
    let colour = page.map(|sample| (sample / 257) as u8);
    let picture = png(DynamicImage::from(written(page)).into_rgb8());
    let removed = |x: u32, y: u32| is_ink(x, y) && !(x / 20).is_multiple_of(3) && !disc(x, y);
    let hole = mask(removed);
    for model in MODELS {
        for strategy in ["Auto", "Original"] {
            let fields = json!({ "model": model, "hd_strategy": strategy });
            let out = filled(&server, &picture, &hole, &fields).await.into_rgb8();
            for (x, y, pixel) in out.enumerate_pixels().filter(|(x, y, _)| removed(*x, *y)) {
                let off = pixel.0.iter().zip(colour).map(|(a, b)| a.abs_diff(b)).max();
                assert!(off == Some(0) || off > Some(8), "{fields} at {x},{y}: {pixel:?}");
            }
        }
    }
}
