//! Saliency maps of parts of an image, kept for further prompts on the same image.

use std::{collections::VecDeque, ops::ControlFlow, sync::Arc};

use iopaint_imaging::{Coverage, Rect, RgbImage};
use iopaint_inpaint::{ForwardError, Monitor};

use super::image_cache::ImageResults;
use crate::{Network, SaliencySpec, saliency};

/// Maps that are kept: 16 of 320 x 320 bytes are 1.6 MB. A click takes at most 4.
const CAPACITY: usize = 16;

/// The saliency maps of one image. A caller that keeps them between prompts on the same image and network
/// saves forward passes: a further click, or a preview under the pointer, reuses the map of the whole image
/// and those of crops in the same place. Maps of another image give wrong selections.
#[derive(Clone, Debug, Default)]
pub struct SaliencyMaps {
    /// The latest map is last.
    entries: VecDeque<(Rect, Arc<Coverage>)>,
    passes: usize,
}

impl SaliencyMaps {
    /// Returns the number of forward passes that were run for these maps.
    #[must_use]
    pub fn passes(&self) -> usize {
        self.passes
    }

    /// Returns the map of the whole image, i.e. of its main object, at the network's resolution.
    ///
    /// # Errors
    /// [`ForwardError`] if the network fails or the monitor stops the run.
    pub fn main_object(
        &mut self,
        network: &mut dyn Network,
        spec: &SaliencySpec,
        image: &RgbImage,
        monitor: &dyn Monitor,
    ) -> Result<Arc<Coverage>, ForwardError> {
        let mut source = Source {
            network,
            spec,
            image,
            maps: self,
            monitor,
            limit: 1,
            used: 0,
        };
        source.map(Rect::whole(image.dimensions()))
    }
}

impl ImageResults for SaliencyMaps {
    /// Those of 20 images with 16 maps of 320 x 320 pixels, the most per image.
    const MAX_BYTES: usize = 32 << 20;

    fn bytes(&self) -> usize {
        self.entries.iter().map(|(_, map)| map.values().len()).sum()
    }
}

/// A network, an image and its maps.
pub(super) struct Source<'a> {
    pub network: &'a mut dyn Network,
    pub spec: &'a SaliencySpec,
    pub image: &'a RgbImage,
    pub maps: &'a mut SaliencyMaps,
    pub monitor: &'a dyn Monitor,
    /// Forward passes that the prompt can take, for the progress.
    pub limit: usize,
    /// Maps that the prompt has used.
    pub used: usize,
}

impl Source<'_> {
    /// Returns the saliency map of a non-empty rectangle of the image, at the network's resolution.
    ///
    /// # Errors
    /// [`ForwardError`] if the network fails or the monitor stops the run.
    pub fn map(&mut self, rect: Rect) -> Result<Arc<Coverage>, ForwardError> {
        if let ControlFlow::Break(stop) = self.monitor.crop(self.used.min(self.limit), self.limit) {
            return Err(stop.into());
        }
        self.used += 1;
        let entries = &mut self.maps.entries;
        if let Some((_, map)) = entries.iter().find(|(known, _)| *known == rect) {
            return Ok(Arc::clone(map));
        }
        let map = Arc::new(if rect == Rect::whole(self.image.dimensions()) {
            saliency(self.network, self.spec, self.image)?
        } else {
            saliency(self.network, self.spec, &cropped(self.image, rect))?
        });
        self.maps.passes += 1;
        if entries.len() == CAPACITY {
            entries.pop_front();
        }
        entries.push_back((rect, Arc::clone(&map)));
        Ok(map)
    }
}

/// Returns a copy of a rectangle within the image.
fn cropped(image: &RgbImage, rect: Rect) -> RgbImage {
    let stride = image.width() as usize * 3;
    let rows = (rect.y..rect.y + rect.height).filter_map(|y| {
        let start = y as usize * stride + rect.x as usize * 3;
        image.as_raw().get(start..start + rect.width as usize * 3)
    });
    let samples = rows.flatten().copied().collect();
    RgbImage::from_raw(rect.width, rect.height, samples).unwrap_or_default()
}
