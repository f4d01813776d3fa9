//! Detects text in images: `detect_text DETECTOR STROKES OUT IMAGE...`. Writes `OUT/NAME.png`, the text mask,
//! for each image, and prints a JSON array with its size, its regions, and the seconds of the selection.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use iopaint_imaging::{DecodeLimits, decode};
use iopaint_inpaint::Unmonitored;
use iopaint_onnx::OnnxNetwork;
use iopaint_vision::{TextNetworks, TextOptions, select_text};
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
    let detector = OnnxNetwork::load_file(Path::new(model), threads)?;
    let strokes = OnnxNetwork::load_file(Path::new(strokes), threads)?;
    let mut network = TextNetworks::new(Box::new(detector), Box::new(strokes));
    let options = TextOptions::default();
    let mut results = Vec::new();
    for path in images {
        let path = Path::new(path);
        let image = decode(&std::fs::read(path)?, &LIMITS)?.rgb;
        let start = Instant::now();
        let (regions, mask) = select_text(&mut network, &image, &options, &Unmonitored)?;
        let elapsed = start.elapsed();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let file = Path::new(out).join(format!("{name}.png"));
        mask.into_coverage().into_gray().save(file)?;
        results.push(json!({
            "name": name,
            "size": image.dimensions(),
            "seconds": elapsed.as_secs_f64(),
            "regions": regions
                .iter()
                .map(|region| json!({"polygon": region.polygon, "score": region.score}))
                .collect::<Vec<_>>(),
        }));
    }
    println!("{}", serde_json::to_string_pretty(&results)?);
    Ok(())
}
