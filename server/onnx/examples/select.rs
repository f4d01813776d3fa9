//! Selects objects by prompts, one JSON object per line of the standard input:
//! `{"image": path, "out": path, "clicks": [[x, y, 1 or 0], ...], "box": [x0, y0, x1, y1], "lasso": [[x, y],
//! ...]}`,
//! all but `image` and `out` optional. Writes each mask as a PNG file, and a line with confidence, seconds
//! and forward passes to the standard output. Consecutive lines with the same image share saliency maps.

use std::{error::Error, io::Write, path::PathBuf, time::Instant};

use iopaint_inpaint::{Rect, Unmonitored};
use iopaint_onnx::OnnxNetwork;
use iopaint_vision::{
    SaliencySpec,
    selection::{Area, Click, Prompt, SaliencyMaps, select},
};

#[derive(serde::Deserialize)]
struct Request {
    image: PathBuf,
    out: PathBuf,
    #[serde(default)]
    clicks: Vec<(u32, u32, u8)>,
    #[serde(rename = "box")]
    bounds: Option<[u32; 4]>,
    lasso: Option<Vec<(f32, f32)>>,
}

impl Request {
    fn prompt(&self) -> Prompt {
        let clicks = self.clicks.iter().map(|&(x, y, label)| Click {
            x,
            y,
            positive: label == 1,
        });
        let rect = self.bounds.map(|[x, y, right, bottom]| Rect {
            x,
            y,
            width: right.saturating_sub(x),
            height: bottom.saturating_sub(y),
        });
        Prompt {
            clicks: clicks.collect(),
            area: self.lasso.clone().map(Area::Lasso).or(rect.map(Area::Box)),
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let model = std::env::args_os()
        .nth(1)
        .ok_or("usage: select MODEL.onnx < prompts")?;
    let threads = std::thread::available_parallelism()?.get();
    let mut network = OnnxNetwork::load_file(&PathBuf::from(model), threads)?;
    let mut last = None;
    let mut maps = SaliencyMaps::default();
    for line in std::io::stdin().lines() {
        let request: Request = serde_json::from_str(&line?)?;
        if last.as_ref() != Some(&request.image) {
            maps = SaliencyMaps::default();
            last = Some(request.image.clone());
        }
        let image = image::open(&request.image)?.into_rgb8();
        let (start, passes) = (Instant::now(), maps.passes());
        let prompt = request.prompt();
        let selection = select(
            &mut network,
            &SaliencySpec::U2NET,
            &image,
            &prompt,
            &mut maps,
            &Unmonitored,
        )?;
        let report = serde_json::json!({
            "confidence": selection.confidence,
            "seconds": start.elapsed().as_secs_f64(),
            "passes": maps.passes() - passes,
        });
        selection.coverage.into_gray().save(&request.out)?;
        writeln!(std::io::stdout().lock(), "{report}")?;
    }
    Ok(())
}
