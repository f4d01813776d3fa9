//! Pictures one after the other: while one is in the model, the next is decoded and the last is written.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use futures_util::{Stream, StreamExt, stream};
use iopaint_engine::{ClientKey, Engine, JobInput};
use iopaint_imaging::{
    DecodeLimits, EncodeOptions, GrayImage, ImageFormat, Picture, RgbImage, decode, decode_mask, threshold,
};

use super::pairing::Pair;
use super::report::Outcome;
use super::resume::is_done;
use super::write::write_whole;
use crate::codec::CodecPool;
use crate::request::InpaintRequest;

/// A mask pixel of at least this is to be filled, as in IOPaint's `run`. (Its API begins one above.)
const HOLE: u8 = 127;

/// What all pictures of a batch have in common.
pub struct Batch {
    pub engine: Engine,
    pub codecs: CodecPool,
    pub fields: InpaintRequest,
    pub max_forward_pixels: u64,
    pub limits: DecodeLimits,
    pub encode: EncodeOptions,
    /// Whether picture, mask and result are written side by side.
    pub concat: bool,
    /// Whether pictures whose result is there are passed over.
    pub resume: bool,
    pub images: PathBuf,
    pub masks: PathBuf,
    pub output: PathBuf,
}

/// A decoded picture and its mask, of one size.
struct Decoded {
    picture: Picture,
    mask: GrayImage,
}

impl Batch {
    /// Fills pictures, `at_a_time` of them on their way at once; outcomes come in the order of `pairs`.
    pub fn fill_all(
        self: &Arc<Self>,
        pairs: Vec<Pair>,
        at_a_time: usize,
    ) -> impl Stream<Item = (Pair, Outcome)> {
        let batch = Arc::clone(self);
        stream::iter(pairs)
            .map(move |pair| {
                let batch = Arc::clone(&batch);
                async move {
                    let outcome = batch.outcome(&pair).await;
                    (pair, outcome)
                }
            })
            .buffered(at_a_time)
    }

    async fn outcome(self: &Arc<Self>, pair: &Pair) -> Outcome {
        let Some(mask) = &pair.mask else {
            return Outcome::NoMask;
        };
        let (image, mask) = (self.images.join(&pair.image), self.masks.join(mask));
        let result = self.output.join(&pair.result);
        if self.resume {
            let (image, mask, result) = (image.clone(), mask.clone(), result.clone());
            if let Ok(true) = self.codecs.run(move || is_done(&result, &image, &mask)).await {
                return Outcome::Skipped;
            }
        }
        match self.fill(image, mask, result).await {
            Ok(scaled) => Outcome::Filled { scaled },
            Err(error) => Outcome::Failed(format!("{error:#}")),
        }
    }

    /// Returns whether a part ran scaled down.
    async fn fill(self: &Arc<Self>, image: PathBuf, mask: PathBuf, result: PathBuf) -> anyhow::Result<bool> {
        let limits = self.limits;
        let Decoded { mut picture, mask } = self.codecs.run(move || read(&image, &mask, &limits)).await??;
        let mask = Arc::new(mask);
        let ticket = self.engine.admit(ClientKey::new("run"), None)?;
        let original = self.concat.then(|| picture.rgb.clone());
        let work = JobInput {
            image: std::mem::take(&mut picture.rgb),
            mask: Arc::clone(&mask),
            options: self.fields.options(self.max_forward_pixels),
            deadline: None,
        };
        let outcome = ticket.run(work).await?.outcome;
        picture.rgb = outcome.image;
        let own = Arc::clone(self);
        self.codecs
            .run(move || own.write(&picture, original.as_ref(), &mask, &result))
            .await??;
        Ok(outcome.scaled)
    }

    /// Writes a filled picture; with the original one, picture, mask and result side by side.
    fn write(
        &self,
        picture: &Picture,
        original: Option<&RgbImage>,
        mask: &GrayImage,
        path: &Path,
    ) -> anyhow::Result<()> {
        let encoded = match original {
            Some(original) => {
                let wide = picture.side_by_side(&[original, &as_rgb(mask), &picture.rgb]);
                let everything = GrayImage::from_pixel(wide.width(), wide.height(), [255].into());
                wide.encode_as(ImageFormat::Png, &wide.rgb, &everything, &self.encode)?
            }
            None => picture.encode_as(
                ImageFormat::Png,
                &picture.rgb,
                &self.fields.changed(mask),
                &self.encode,
            )?,
        };
        write_whole(path, &encoded.bytes).with_context(|| format!("{} can't be written", path.display()))
    }
}

fn read(image: &Path, mask: &Path, limits: &DecodeLimits) -> anyhow::Result<Decoded> {
    let picture = decode(&std::fs::read(image)?, limits)?;
    let mask_of = || -> anyhow::Result<GrayImage> { Ok(decode_mask(&std::fs::read(mask)?, limits)?) };
    let name = mask.file_name().unwrap_or_default().to_string_lossy();
    let mut mask = picture.fitted_mask(mask_of().with_context(|| format!("its mask {name}"))?);
    threshold(&mut mask, HOLE);
    Ok(Decoded { picture, mask })
}

fn as_rgb(mask: &GrayImage) -> RgbImage {
    RgbImage::from_fn(mask.width(), mask.height(), |x, y| {
        [mask.get_pixel(x, y)[0]; 3].into()
    })
}
