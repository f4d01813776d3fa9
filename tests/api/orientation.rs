//! All routes agree on the orientation of a file, however it is stored.

use std::io::Cursor;

use axum::http::StatusCode;
use image::codecs::{png::PngEncoder, webp::WebPEncoder};
use image::metadata::Orientation;
use image::{DynamicImage, ExtendedColorType, GrayImage, ImageEncoder, ImageFormat, Luma, RgbImage};
use iopaint_app::files::FileSettings;
use iopaint_imaging::{DecodeLimits, decode};
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::{Answer, Server, fixture, form, server, server_with_files};

const DECODE: &str = "/api/v1/decode";
const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 24,
    max_side: 1 << 14,
};
/// Stored width and height.
const SIZE: (u32, u32) = (48, 32);

/// Location of an orientation in a file.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stored {
    Jpeg,
    /// EXIF before the pixels.
    Png,
    /// EXIF after the pixels.
    PngBehind,
    WebP,
    Tiff,
}

impl Stored {
    fn file(self, orientation: u8) -> Vec<u8> {
        match self {
            Self::Jpeg => {
                let photo = fixture("../../server/imaging/tests/data/rgb.jpg");
                let exif = [b"Exif\0\0".as_slice(), &exif(orientation)].concat();
                let length = (exif.len() as u16 + 2).to_be_bytes();
                [&photo[..2], &[0xff, 0xe1], &length, &exif, &photo[2..]].concat()
            }
            Self::Png => {
                let mut bytes = Vec::new();
                let mut encoder = PngEncoder::new(&mut bytes);
                encoder.set_exif_metadata(exif(orientation)).unwrap();
                let (width, height) = SIZE;
                let kind = ExtendedColorType::Rgb8;
                encoder
                    .write_image(scene().as_raw(), width, height, kind)
                    .unwrap();
                bytes
            }
            Self::PngBehind => {
                let bytes = Self::Png.file(orientation);
                // Signature and IHDR take 33 bytes, EXIF's chunk follows.
                let (before, from_exif) = bytes.split_at(33);
                let (exif, pixels) = from_exif.split_at(12 + exif(orientation).len());
                assert_eq!(&exif[4..8], b"eXIf");
                let (pixels, end) = pixels.split_at(pixels.len() - 12);
                [before, pixels, exif, end].concat()
            }
            Self::WebP => {
                let mut bytes = Vec::new();
                let mut encoder = WebPEncoder::new_lossless(&mut bytes);
                encoder.set_exif_metadata(exif(orientation)).unwrap();
                let (width, height) = SIZE;
                let kind = ExtendedColorType::Rgb8;
                encoder
                    .write_image(scene().as_raw(), width, height, kind)
                    .unwrap();
                bytes
            }
            Self::Tiff => tiff(orientation),
        }
    }
}

fn scene() -> RgbImage {
    RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| {
        [(x * 5) as u8, (y * 7) as u8, ((x * y) % 251) as u8].into()
    })
}

/// A directory with one SHORT, big-endian.
fn exif(orientation: u8) -> Vec<u8> {
    let mut bytes = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    bytes.extend([orientation, 0, 0, 0, 0, 0, 0]);
    bytes
}

/// An uncompressed TIFF of one strip after its directory (TIFF 6.0, section 6).
fn tiff(orientation: u8) -> Vec<u8> {
    const SHORT: u16 = 3;
    const LONG: u16 = 4;
    const BITS_AT: u32 = 8 + 2 + 10 * 12 + 4;
    let pixels = scene();
    let fields: [(u16, u16, u32, u32); 10] = [
        (256, LONG, 1, SIZE.0),
        (257, LONG, 1, SIZE.1),
        (258, SHORT, 3, BITS_AT),
        (259, SHORT, 1, 1),
        (262, SHORT, 1, 2),
        (273, LONG, 1, BITS_AT + 6),
        (274, SHORT, 1, u32::from(orientation)),
        (277, SHORT, 1, 3),
        (278, LONG, 1, SIZE.1),
        (279, LONG, 1, pixels.as_raw().len() as u32),
    ];
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    bytes.extend((fields.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in fields {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0, 0, 0, 0, 8, 0, 8, 0, 8, 0]);
    bytes.extend(pixels.as_raw());
    bytes
}

fn turned(image: RgbImage, orientation: u8) -> RgbImage {
    let mut image = DynamicImage::ImageRgb8(image);
    image.apply_orientation(Orientation::from_exif(orientation).unwrap());
    image.into_rgb8()
}

async fn copy_of(file: &[u8]) -> Answer {
    let (content_type, body) = form(&[("image", file)]);
    server().post(DECODE, &content_type, body).await
}

/// The box and the pixels of a fill.
async fn patch(server: &Server, image: &[u8], mask: &[u8], fit_mask: bool) -> (String, RgbImage) {
    let fields = json!({"model": "cv2", "result": "patch", "fit_mask": fit_mask});
    let answer = server.inpaint(image, mask, &fields).await;
    let text = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, StatusCode::OK, "{text}");
    let place = answer.header("x-patch-box").to_owned();
    (place, decode(&answer.body, &LIMITS).unwrap().rgb)
}

fn png(image: impl Into<DynamicImage>) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// Black except for a rectangle of 4 x 3 pixels with its top left corner at (2, 5).
fn mask((width, height): (u32, u32)) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| {
        Luma([u8::from((2..6).contains(&x) && (5..8).contains(&y)) * 255])
    })
}

#[rstest]
#[tokio::test]
async fn decoded_copy_fills_like_its_file(
    #[values(Stored::Jpeg, Stored::Png, Stored::PngBehind, Stored::WebP, Stored::Tiff)] stored: Stored,
    #[values(1, 2, 3, 4, 5, 6, 7, 8)] orientation: u8,
) {
    let file = stored.file(orientation);
    let copy = copy_of(&file).await;
    assert_eq!(
        (
            copy.status,
            copy.header("content-type"),
            copy.header("x-orientation")
        ),
        (StatusCode::OK, "image/png", orientation.to_string().as_str())
    );
    let upright = decode(&copy.body, &LIMITS).unwrap().rgb;
    let as_stored = match stored {
        Stored::Jpeg => decode(&stored.file(1), &LIMITS).unwrap().rgb,
        _ => scene(),
    };
    let expected = turned(as_stored.clone(), orientation);
    assert_eq!(upright, expected);
    assert!(
        !copy.body.windows(4).any(|name| name == b"eXIf"),
        "no other metadata"
    );

    let hole = mask(upright.dimensions());
    let of_copy = patch(server(), &copy.body, &png(hole.clone()), false).await;
    assert_eq!(of_copy.0, "2,5,4,3");
    assert_eq!(patch(server(), &file, &png(hole.clone()), false).await, of_copy);
    assert_eq!(patch(server(), &file, &png(hole.clone()), true).await, of_copy);

    // A mask of another size is scaled to the upright picture.
    let double = image::imageops::resize(
        &hole,
        hole.width() * 2,
        hole.height() * 2,
        image::imageops::FilterType::Nearest,
    );
    assert_eq!(patch(server(), &file, &png(double), true).await, of_copy);
    if orientation >= 5 {
        // A mask of the stored size is rotated like the image.
        let back = match orientation {
            6 => Orientation::Rotate270,
            8 => Orientation::Rotate90,
            other => Orientation::from_exif(other).unwrap(),
        };
        let mut lying = DynamicImage::ImageLuma8(hole);
        lying.apply_orientation(back);
        assert_eq!((lying.width(), lying.height()), as_stored.dimensions());
        assert_eq!(patch(server(), &file, &png(lying), true).await, of_copy);
    }
}

#[rstest]
#[case("page-webp-exif6.webp")]
#[case("page-tiff-orientation6.tif")]
#[case("orientation-long-be.jpg")]
#[case("exif-directory-cut.jpg")]
#[case("two-exif.jpg")]
#[tokio::test]
async fn phone_photos_are_upright(#[case] name: &str) {
    let copy = copy_of(&fixture(&format!("cases/{name}"))).await;
    assert_eq!(copy.header("x-orientation"), "6");
    let upright = decode(&copy.body, &LIMITS).unwrap().rgb;
    assert_eq!(upright.dimensions(), (75, 97));
}

#[tokio::test]
async fn masks_of_another_size_need_fit_mask() {
    let file = Stored::Png.file(6);
    let stored_size = png(mask(SIZE));
    for (fields, status) in [
        (json!({"model": "cv2"}), 400),
        (json!({"model": "cv2", "fit_mask": false}), 400),
        (json!({"model": "cv2", "fit_mask": "yes"}), 200),
        (json!({"model": "cv2", "fit_mask": "perhaps"}), 422),
    ] {
        let answer = server().inpaint(&file, &stored_size, &fields).await;
        assert_eq!(answer.status.as_u16(), status, "{fields}");
    }
    let (content_type, body) = form(&[("image", &file), ("mask", &stored_size)]);
    let answer = server().post("/inpaint", &content_type, body).await;
    assert_eq!(answer.json()["error"], "size-mismatch");
}

#[tokio::test]
async fn medias_and_thumbnails_are_upright() {
    let folder = tempfile::tempdir().unwrap();
    for stored in [
        Stored::Jpeg,
        Stored::Png,
        Stored::PngBehind,
        Stored::WebP,
        Stored::Tiff,
    ] {
        // The content decides, not the name.
        std::fs::write(folder.path().join(format!("{stored:?}.png")), stored.file(6)).unwrap();
    }
    std::fs::write(
        folder.path().join("phone.jpg"),
        fixture("cases/page-files-phone6.jpg"),
    )
    .unwrap();
    let server = server_with_files(&FileSettings {
        input: Some(folder.path().to_owned()),
        output_dir: Some(folder.path().join("output")),
        ..FileSettings::default()
    });
    let list = server.get("/api/v1/medias?tab=input").await.json();
    let list = list.as_array().unwrap();
    assert_eq!(list.len(), 6);
    for entry in list {
        let [name, width, height] = ["name", "width", "height"].map(|key| &entry[key]);
        assert!(width.as_u64().unwrap() < height.as_u64().unwrap(), "{entry}");
        let route = format!(
            "/api/v1/media_thumbnail_file?tab=input&filename={}&width={width}",
            name.as_str().unwrap()
        );
        let thumbnail = server.get(&route).await;
        let size = decode(&thumbnail.body, &LIMITS).unwrap().rgb.dimensions();
        assert_eq!(
            json!([size.0, size.1]),
            Value::from(vec![width.clone(), height.clone()])
        );
    }
}

#[tokio::test]
async fn copies_keep_transparency_and_profile() {
    let read = |name: &str| fixture(&format!("../../server/imaging/tests/data/{name}"));
    let clear = copy_of(&read("rgba16.png")).await;
    let image = image::load_from_memory(&clear.body).unwrap();
    assert_eq!(image.color(), image::ColorType::Rgba8);
    let profiled = copy_of(&read("metadata.png")).await;
    let has = |name: &[u8]| profiled.body.windows(name.len()).any(|part| part == name);
    assert!(has(b"iCCP"));
    assert!(!has(b"tEXt") && !has(b"eXIf") && !has(b"XML:com.adobe.xmp"));
}

#[tokio::test]
async fn undecodable_file_returns_reason() {
    let png = Stored::Png.file(1);
    let large = RgbImage::new(4097, 1);
    for (file, status, error) in [
        (b"hello".to_vec(), 415, "not-an-image"),
        (b"\0\0\0\x18ftypavif____".to_vec(), 415, "not-an-image"),
        (png[..60].to_vec(), 400, "damaged-image"),
        (self::png(large), 413, "image-too-large"),
    ] {
        let answer = copy_of(&file).await;
        assert_eq!(answer.status.as_u16(), status);
        assert_eq!(answer.json()["error"], error);
        let sentence = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(!sentence.contains("field"), "{sentence}");
    }
    let (content_type, body) = form(&[("file", &png)]);
    let answer = server().post(DECODE, &content_type, body).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.json()["detail"].as_str().unwrap().contains("`image`"));
    assert_eq!(server().post(DECODE, "image/png", png).await.status.as_u16(), 415);
    assert_eq!(server().get(DECODE).await.status.as_u16(), 405);
}
