//! Detects text in images: `detect_text DETECTOR STROKES OUT IMAGE...`. Writes `OUT/NAME.png`, the text mask,
//! for each image, and prints a JSON array with its size, regions, and seconds for detection and mask.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use iopaint_imaging::{DecodeLimits, decode};
use iopaint_inpaint::Unmonitored;
use iopaint_onnx::OnnxNetwork;
use iopaint_vision::{TextOptions, detect_text, text_mask};
use serde_json::json;

/// 100 megapixels.
const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 100_000_000,
    max_side: 20_000,
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, strokes, out, images @ ..] = arguments.as_slice() else {
        return Err("usage: detect_text DETECTOR STROKES OUT IMAGE...".into());
    };
    let threads = std::thread::available_parallelism()?.get();
    let mut network = OnnxNetwork::load_file(Path::new(model), threads)?;
    let mut strokes = OnnxNetwork::load_file(Path::new(strokes), threads)?;
    let options = TextOptions::default();
    let mut results = Vec::new();
    for path in images {
        let path = Path::new(path);
        let image = decode(&std::fs::read(path)?, &LIMITS)?.rgb;
        let start = Instant::now();
        let regions = detect_text(&mut network, &image, &options, &Unmonitored)?;
        let detection = start.elapsed();
        let mask_start = Instant::now();
        let mask = text_mask(&mut strokes, &image, &regions, &options, &Unmonitored)?;
        let masked = mask_start.elapsed();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let file = Path::new(out).join(format!("{name}.png"));
        mask.into_coverage().into_gray().save(file)?;
        results.push(json!({
            "name": name,
            "size": image.dimensions(),
            "detect_s": detection.as_secs_f64(),
            "mask_s": masked.as_secs_f64(),
            "regions": regions
                .iter()
                .map(|region| json!({"polygon": region.polygon, "score": region.score}))
                .collect::<Vec<_>>(),
        }));
    }
    println!("{}", serde_json::to_string_pretty(&results)?);
    Ok(())
}
