use iopaint_imaging::GrayImage;

use super::*;

const WINDOW: Window = Window {
    radius: 4,
    epsilon: 1e-4,
};

/// Filters a mask of the image's size.
fn filter_pixels(threads: usize, image: &RgbImage, mask: &Coverage) -> Vec<u8> {
    let target = Target {
        image,
        rect: Rect::whole(image.dimensions()),
        cell: (1.0, 1.0),
    };
    filter(threads, target, image, mask, WINDOW)
}

/// A dark and a bright half; the border is at column `edge`.
fn halves(width: u32, height: u32, edge: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| {
        if x < edge { [30, 60, 40] } else { [200, 180, 90] }.into()
    })
}

fn gray(width: u32, height: u32, value: impl Fn(u32) -> u8) -> Coverage {
    Coverage::new(GrayImage::from_fn(width, height, |x, _| [value(x)].into()))
}

#[test]
fn ramp_becomes_the_edge_of_the_image() {
    let image = halves(40, 12, 20);
    let mask = gray(40, 12, |x| {
        ((x as f32 - 16.0) / 8.0 * 255.0).clamp(0.0, 255.0) as u8
    });
    let result = filter_pixels(1, &image, &mask);
    let row = &result[40 * 6..40 * 7];
    assert!(row[19] < 90 && row[20] > 165, "{row:?}");
    assert!(row[20] - row[19] > 100, "{row:?}");
    assert_eq!((row[0], row[39]), (0, 255));
}

/// An edge of the mask that is two cells off moves to the edge of the image, in a part of the image with
/// cells of 2.5 pixels.
#[test]
fn cells_follow_the_pixels() {
    let image = halves(500, 60, 260);
    let rect = Rect {
        x: 100,
        y: 5,
        width: 400,
        height: 50,
    };
    // The edge of the image is at cell 64.
    let guide = halves(160, 20, 64);
    let mask = gray(160, 20, |x| if x < 66 { 255 } else { 0 });
    let target = Target {
        image: &image,
        rect,
        cell: (2.5, 2.5),
    };
    let result = filter(2, target, &guide, &mask, WINDOW);
    assert_eq!(result.len(), 400 * 50);
    for row in result.chunks_exact(400) {
        assert!(row[155] > 128 && row[162] < 128, "{:?}", &row[150..170]);
        assert_eq!((row[100], row[300]), (255, 0));
    }
}

#[test]
fn results_do_not_depend_on_threads() {
    let image = RgbImage::from_fn(53, 150, |x, y| {
        [(x * 5) as u8, (x * y) as u8, (y * 3) as u8].into()
    });
    let mask = Coverage::new(GrayImage::from_fn(53, 150, |x, y| [(x * 3 + y) as u8].into()));
    assert_eq!(filter_pixels(1, &image, &mask), filter_pixels(3, &image, &mask));
}

#[test]
fn flat_masks_stay() {
    let image = RgbImage::from_fn(30, 20, |x, y| {
        [(x * 9) as u8, (x * y) as u8, (y * 13) as u8].into()
    });
    for value in [0, 7, 255] {
        let result = filter_pixels(1, &image, &gray(30, 20, |_| value));
        assert!(result.iter().all(|&filtered| filtered == value));
    }
}
