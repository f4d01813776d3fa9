//! Times `patchmatch` with an initial guess: `time_patches THREADS ROUNDS OUT_DIR NAME...`, with `NAME.png`,
//! `NAME.mask.png` and `NAME.guess.png`.

use std::error::Error;
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Instant;

use iopaint_classical::PatchMatch;
use iopaint_imaging::{DecodeLimits, EncodeOptions, Threshold, decode, decode_mask};
use iopaint_inpaint::Unmonitored;

fn main() -> Result<(), Box<dyn Error>> {
    let limits = DecodeLimits {
        max_pixels: 1 << 27,
        max_side: 1 << 15,
    };
    let mut arguments = std::env::args().skip(1);
    let threads: NonZeroUsize = arguments.next().ok_or("THREADS")?.parse()?;
    let rounds: usize = arguments.next().ok_or("ROUNDS")?.parse()?;
    let out = arguments.next().ok_or("OUT_DIR")?;
    let mut total = 0.0;
    for name in arguments {
        let picture = decode(&fs::read(format!("{name}.png"))?, &limits)?;
        let mask = decode_mask(&fs::read(format!("{name}.mask.png"))?, &limits)?.binarized(Threshold::ANY);
        let guess = decode(&fs::read(format!("{name}.guess.png"))?, &limits)?;
        let mut times = Vec::new();
        for round in 0..rounds {
            let start = Instant::now();
            let filled = PatchMatch::new(threads, 0)
                .fill(&picture.rgb, &mask, Some(&guess.rgb), &Unmonitored)
                .map_err(|stop| format!("Stopped: {stop:?}."))?;
            times.push(start.elapsed().as_secs_f64());
            if round == 0 && out != "-" {
                let encoded = picture
                    .preserved
                    .encode(&filled, &mask, &EncodeOptions::default())?;
                let stem = Path::new(&name).file_name().ok_or("name")?.to_string_lossy();
                fs::write(format!("{out}/{stem}.png"), encoded.bytes)?;
            }
        }
        times.sort_by(f64::total_cmp);
        let median = times[times.len() / 2];
        total += median;
        println!("{name} {:.1} ms", median * 1e3);
    }
    println!("sum {:.1} ms", total * 1e3);
    Ok(())
}
