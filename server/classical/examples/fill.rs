//! Fills images with `patchmatch` and prints the elapsed time: `fill IMAGE MASK OUT [IMAGE MASK OUT ...]`.

use std::error::Error;
use std::num::NonZeroUsize;
use std::time::Instant;

use iopaint_classical::PatchMatch;
use iopaint_imaging::{DecodeLimits, EncodeOptions, Threshold, decode, decode_mask};
use iopaint_inpaint::Unmonitored;

fn main() -> Result<(), Box<dyn Error>> {
    let limits = DecodeLimits {
        max_pixels: 1 << 27,
        max_side: 1 << 15,
    };
    let files: Vec<String> = std::env::args().skip(1).collect();
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    for [image, mask, out] in files.as_chunks().0 {
        let picture = decode(&std::fs::read(image)?, &limits)?;
        let mask = decode_mask(&std::fs::read(mask)?, &limits)?.binarized(Threshold::ANY);
        let start = Instant::now();
        let filled = PatchMatch::new(threads, 0)
            .fill(&picture.rgb, &mask, None, &Unmonitored)
            .map_err(|stop| format!("Stopped: {stop:?}."))?;
        println!("{out}: {:?}", start.elapsed());
        let encoded = picture
            .preserved
            .encode(&filled, &mask, &EncodeOptions::default())?;
        std::fs::write(out, encoded.bytes)?;
    }
    Ok(())
}
