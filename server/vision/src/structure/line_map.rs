//! Drawing of the lines of a wireframe.

use iopaint_imaging::GrayImage;

/// A line segment: x and y of its ends, as shares of the image's sides.
pub type Line = [f32; 4];

/// Draws antialiased lines, one pixel wide, into a square map of `side` x `side` pixels; the brightest line
/// wins. The pixels are those of scikit-image's `draw.line_aa`; pixels outside the map, and lines with ends
/// far outside, are left out.
#[must_use]
pub fn line_map(lines: &[Line], side: u32) -> GrayImage {
    let mut map = GrayImage::new(side, side);
    for line in lines {
        let ends = line.map(|share| share * side as f32);
        // Also false for numbers that aren't finite.
        if !ends.iter().all(|end| end.abs() <= 2.0 * side as f32) {
            continue;
        }
        let [x0, y0, x1, y1] = ends.map(|end| end as i32);
        draw((x0, y0), (x1, y1), |x, y, opacity| {
            let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else {
                return;
            };
            if let Some(pixel) = map.get_pixel_mut_checked(x, y) {
                pixel.0[0] = pixel.0[0].max((opacity * 255.0) as u8);
            }
        });
    }
    map
}

/// Calls `plot` with the position and the opacity, 0 to 1, of the pixels of a line: one minus their distance
/// from it in pixels (Zingl 2012, "A Rasterizing Algorithm for Drawing Curves", the line with antialiasing).
fn draw(from: (i32, i32), to: (i32, i32), mut plot: impl FnMut(i32, i32, f64)) {
    let (width, height) = ((to.0 - from.0).abs(), (to.1 - from.1).abs());
    let right = if from.0 < to.0 { 1 } else { -1 };
    let down = if from.1 < to.1 { 1 } else { -1 };
    // Rounded to f32 as in scikit-image.
    let length = match f64::from(width * width + height * height).sqrt() as f32 {
        0.0 => 1.0,
        length => f64::from(length),
    };
    let opacity = |error: i32| 1.0 - f64::from(error.abs()) / length;
    let is_near = |error: i32| f64::from(error) < length;
    let (mut x, mut y) = from;
    // The distance from the line times its length, plus the difference of width and height.
    let mut error = width - height;
    loop {
        plot(x, y, opacity(error - width + height));
        let (previous_error, previous_x) = (error, x);
        if 2 * previous_error >= -width {
            if x == to.0 {
                break;
            }
            if is_near(previous_error + height) {
                plot(x, y + down, opacity(previous_error + height));
            }
            error -= height;
            x += right;
        }
        if 2 * previous_error <= height {
            if y == to.1 {
                break;
            }
            if is_near(width - previous_error) {
                plot(previous_x + right, y, opacity(width - previous_error));
            }
            error += width;
            y += down;
        }
    }
}
