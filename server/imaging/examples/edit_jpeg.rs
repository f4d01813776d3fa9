//! Fills holes in the JPEGs named on standard input, for comparison of their blocks with the originals'.
//!
//! Each line is `LEFT TOP WIDTH HEIGHT PATH`: a rectangle in pixels of the upright picture, which is filled
//! with a gradient. Writes the result to `PATH.edited` and prints one line per file: `kept`, `reencoded` or
//! `refused`, and the times of decoding and encoding in milliseconds.

use std::{
    fs, io,
    io::{BufRead, Write},
    time::Instant,
};

use iopaint_imaging::{DecodeLimits, EncodeOptions, Mask, Patch, decode, encode_patched};

const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 27,
    max_side: 1 << 16,
};

fn main() -> io::Result<()> {
    let mut output = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let fields: Vec<&str> = line.splitn(5, ' ').collect();
        let &[left, top, width, height, path] = fields.as_slice() else {
            return Err(io::Error::other("a line needs five fields"));
        };
        let number = |text: &str| text.parse::<u32>().map_err(io::Error::other);
        let (columns, rows) = (
            number(left)?..number(left)? + number(width)?,
            number(top)?..number(top)? + number(height)?,
        );
        let file = fs::read(path)?;
        let start = Instant::now();
        let Ok(picture) = decode(&file, &LIMITS) else {
            writeln!(output, "refused 0 0")?;
            continue;
        };
        let decoded = start.elapsed();
        let hole = Mask::from_fn(picture.width(), picture.height(), |x, y| {
            columns.contains(&x) && rows.contains(&y)
        });
        let mut result = picture.rgb.clone();
        for (x, y, pixel) in result.enumerate_pixels_mut() {
            if hole.is_hole(x, y) {
                *pixel = [x as u8 / 4, y as u8 / 4, 128].into();
            }
        }
        let start = Instant::now();
        let options = EncodeOptions::default();
        let changes = Patch::whole(&result, &hole);
        let encoded = encode_patched(&file, &changes, &LIMITS, &options).map_err(io::Error::other)?;
        let kind = encoded.reencoded_quality.map_or("kept", |_| "reencoded");
        writeln!(
            output,
            "{kind} {} {}",
            decoded.as_millis(),
            start.elapsed().as_millis()
        )?;
        fs::write(format!("{path}.edited"), encoded.bytes)?;
    }
    Ok(())
}
