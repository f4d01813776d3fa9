//! Comparison with the values of `IOPaint` 1.6.0: `tests/fixtures/zits`.

use std::path::Path;

use iopaint_imaging::opencv_resize::{area_rgb, linear_rgb};
use iopaint_imaging::{DecodeLimits, GrayImage, Mask, RgbImage, Threshold, decode, decode_mask};

use super::*;

const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 20,
    max_side: 1 << 10,
};

/// Names of cases with their images and masks.
const IMAGES: [(&str, &str, &str); 5] = [
    ("astronaut", "photos/astronaut.png", "photos/astronaut.mask.png"),
    ("dog", "photos/dog.png", "photos/dog.mask.png"),
    (
        "rgb-512",
        "goldens/inputs/rgb-512.png",
        "goldens/inputs/mask-stroke-512.png",
    ),
    (
        "rgb-900x640",
        "goldens/inputs/rgb-900x640.png",
        "goldens/inputs/mask-ring-900x640.png",
    ),
    (
        "rgb-240x161",
        "goldens/inputs/rgb-240x161.png",
        "goldens/inputs/mask-edges-240x161.png",
    ),
];

fn read(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
    std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn image(name: &str) -> RgbImage {
    decode(&read(name), &LIMITS).unwrap().rgb
}

fn mask(name: &str) -> Mask {
    decode_mask(&read(name), &LIMITS)
        .unwrap()
        .binarized(Threshold::ZITS)
}

fn gray(name: &str) -> GrayImage {
    let rgb = image(name);
    GrayImage::from_fn(rgb.width(), rgb.height(), |x, y| {
        [rgb.get_pixel(x, y).0[0]].into()
    })
}

#[test]
fn edges_equal_scikit_image() {
    for (name, file, _) in IMAGES {
        let image = image(file);
        let resized = if image.width() > 256 && image.height() > 256 {
            area_rgb(&image, 256, 256)
        } else {
            linear_rgb(&image, 256, 256)
        };
        let edges = canny(&resized);
        let expected = gray(&format!("zits/edges-{name}.png"));
        let different = edges
            .values()
            .iter()
            .zip(expected.as_raw())
            .filter(|(edge, expected)| edge != expected)
            .count();
        assert_eq!(different, 0, "{name}");
        assert!(edges.flags().filter(|edge| *edge).count() > 400, "{name}");
    }
}

#[test]
fn image_without_neighbours_has_no_edges() {
    for (width, height) in [(0, 0), (1, 9), (9, 2)] {
        let edges = canny(&RgbImage::new(width, height));
        assert_eq!(edges, Mask::empty(width, height));
    }
}

#[test]
fn positions_equal_iopaint() {
    for (name, _, file) in IMAGES {
        let encoding = PositionEncoding::new(&mask(file));
        let expected = image(&format!("zits/positions-{name}.png"));
        assert_eq!(encoding.distances.len(), expected.pixels().len(), "{name}");
        for ((distance, directions), expected) in encoding
            .distances
            .iter()
            .zip(&encoding.directions)
            .zip(expected.pixels())
        {
            let directions: u8 = (0..4).map(|bit| directions[bit] << bit).sum();
            assert_eq!([*distance, directions], expected.0[..2], "{name}");
        }
    }
}

#[test]
fn hole_without_known_pixels_has_position_0() {
    let encoding = PositionEncoding::new(&Mask::full(300, 256));
    assert!(encoding.distances.iter().all(|distance| *distance == 0));
    assert!(encoding.directions.iter().all(|directions| *directions == [0; 4]));
}

#[test]
fn farthest_position_is_127() {
    let encoding = PositionEncoding::new(&Mask::from_fn(256, 256, |x, y| (x, y) != (0, 0)));
    assert_eq!(encoding.distances[1..5], [1, 2, 3, 4]);
    assert_eq!(encoding.distances.last(), Some(&127));
}

#[test]
fn lines_equal_iopaint() {
    let text = String::from_utf8(read("zits/lines.txt")).unwrap();
    let lines: Vec<Line> = text
        .lines()
        .map(|row| {
            let ends: Vec<f32> = row.split(' ').map(|share| share.parse().unwrap()).collect();
            ends.try_into().unwrap()
        })
        .collect();
    assert!(lines.len() > 80);
    assert_eq!(line_map(&lines, 256), gray("zits/lines.png"));
}

#[test]
fn lines_end_at_the_border_of_the_map() {
    let map = line_map(
        &[
            [0.5, 0.5, 1.5, 0.9],
            [f32::NAN, 0.0, 1.0, 1.0],
            [0.0, 0.0, 1e30, 0.0],
        ],
        16,
    );
    assert_eq!(map.get_pixel(8, 8).0, [255]);
    assert!(map.pixels().filter(|pixel| pixel.0[0] > 0).count() < 40);
    assert_eq!(map.get_pixel(15, 0).0, [0]);
}
