//! Copies the surroundings into the hole at full size by the offset labels of a coarser level.

use super::feature_image::FeatureImage;
use super::features::{COLOUR_CHANNELS, Colour, Features, colour_of};
use super::level::PyramidLevel;
use super::offset_candidates::Offset;
use super::offset_labels::OffsetLabels;
use super::parallel::{PIXELS_PER_PIECE, for_each_piece};
use super::piece_blending::{BlockCorrections, MeanStep};

/// Pixels compared per refined offset, at most.
const MAX_COMPARED: usize = 2000;
/// Limit of the squared colour difference of compared pixels: an edge that can't be matched doesn't decide.
const MAX_DIFFERENCE: i32 = 3000;
/// Standard deviation of the Gaussian that smooths the labels' outlines, in blocks.
const OUTLINE_BLOCKS: f32 = 0.75;
/// Blocks around a pixel's that the Gaussian covers.
const OUTLINE_REACH: usize = 2;
/// Exponent of the smoothed labels' weights: pieces change into each other within about one pixel.
const OUTLINE_SHARPNESS: i32 = 8;
/// Marks blocks without a label.
const NO_LABEL: u16 = u16::MAX;

/// The copied pieces: a label per block of the finest level, and an offset per label.
pub(super) struct CopiedPieces<'a> {
    image: &'a FeatureImage,
    /// Side of a block, in pixels.
    side: usize,
    /// Blocks per row.
    columns: usize,
    labels: Vec<u16>,
    offsets: Vec<Offset>,
    /// Colour correction per block.
    corrections: Vec<Colour>,
}

impl<'a> CopiedPieces<'a> {
    /// Aligns the pieces: each offset of `labels`, which belong to `level`, is refined by less than a block
    /// of the finest level so that the piece fits the known pixels and earlier pieces next to it; pieces with
    /// more known neighbours come first. `image` is `halvings` levels finer than `level`. Returns `None` if
    /// an offset leads outside the known pixels.
    pub(super) fn align(
        image: &'a FeatureImage,
        level: &PyramidLevel,
        halvings: usize,
        labels: &OffsetLabels,
    ) -> Option<Self> {
        let side = 1 << halvings;
        let mut block_labels = vec![NO_LABEL; level.image.hole.len()];
        let mut pieces: Vec<Vec<u32>> = vec![Vec::new(); labels.offsets.len()];
        for (at, label) in level.hole_pixels.iter().zip(&labels.labels) {
            block_labels[*at as usize] = *label;
            pieces[usize::from(*label)].push(*at);
        }
        let scaled = labels.offsets.iter().map(|offset| Offset {
            x: offset.x * side as i32,
            y: offset.y * side as i32,
        });
        let mut copied = Self {
            image,
            side,
            columns: level.image.width,
            labels: block_labels,
            offsets: scaled.collect(),
            corrections: vec![[0.0; COLOUR_CHANNELS]; level.image.hole.len()],
        };
        let mut filled: Vec<Option<Features>> = image
            .pixels
            .iter()
            .zip(&image.hole)
            .map(|(pixel, hole)| (!hole).then_some(*pixel))
            .collect();
        let mut order: Vec<usize> = (0..pieces.len())
            .filter(|label| !pieces[*label].is_empty())
            .collect();
        let known = |label: &usize| {
            let around = copied.pixels_around(&pieces[*label]);
            around.iter().filter(|at| !image.hole[**at]).count()
        };
        order.sort_by_cached_key(|label| std::cmp::Reverse(known(label)));
        for label in order {
            let own: Vec<usize> = copied
                .pixels_of(&pieces[label])
                .filter(|at| image.hole[*at])
                .collect();
            let around = copied.pixels_around(&pieces[label]);
            let fixed: Vec<(usize, Features)> =
                around.iter().filter_map(|at| Some((*at, filled[*at]?))).collect();
            let offset = copied.refined(copied.offsets[label], &own, &fixed)?;
            copied.offsets[label] = offset;
            for at in own {
                filled[at] = Some(image.pixels[copied.source(at, offset)?]);
            }
        }
        Some(copied)
    }

    /// Returns the pixels of some blocks.
    fn pixels_of(&self, blocks: &[u32]) -> impl Iterator<Item = usize> {
        let (side, columns) = (self.side, self.columns);
        let (width, height) = (self.image.width, self.image.height);
        blocks.iter().flat_map(move |block| {
            let (x, y) = (*block as usize % columns * side, *block as usize / columns * side);
            (y..(y + side).min(height))
                .flat_map(move |y| (x..(x + side).min(width)).map(move |x| y * width + x))
        })
    }

    /// Returns the pixels of some blocks and of all blocks next to them.
    fn pixels_around(&self, blocks: &[u32]) -> Vec<usize> {
        let rows = self.labels.len() / self.columns.max(1);
        let mut around: Vec<u32> = blocks
            .iter()
            .flat_map(|block| {
                let (x, y) = (*block as usize % self.columns, *block as usize / self.columns);
                let xs = x.saturating_sub(1)..(x + 2).min(self.columns);
                let ys = y.saturating_sub(1)..(y + 2).min(rows);
                ys.flat_map(move |y| xs.clone().map(move |x| (y * self.columns + x) as u32))
            })
            .collect();
        around.sort_unstable();
        around.dedup();
        self.pixels_of(&around).collect()
    }

    /// Returns the known pixel that is copied to `at`, if there is one.
    fn source(&self, at: usize, offset: Offset) -> Option<usize> {
        let (width, height) = (self.image.width as i32, self.image.height as i32);
        let (x, y) = (at as i32 % width + offset.x, at as i32 / width + offset.y);
        let inside = 0 <= x && x < width && 0 <= y && y < height;
        let source = inside.then_some((y * width + x) as usize)?;
        (!self.image.hole[source]).then_some(source)
    }

    /// Returns the offset within less than a block of `offset` whose copy differs least from `fixed`; the
    /// nearest one if several do. `None` if none fills all pixels of `own`.
    fn refined(&self, offset: Offset, own: &[usize], fixed: &[(usize, Features)]) -> Option<Offset> {
        let reach = self.side as i32 - 1;
        let steps = -reach..=reach;
        let mut candidates: Vec<Offset> = steps
            .clone()
            .flat_map(|y| steps.clone().map(move |x| Offset { x, y }))
            .collect();
        candidates.sort_by_key(|step| step.x.pow(2) + step.y.pow(2));
        let compared = fixed.iter().step_by(fixed.len().div_ceil(MAX_COMPARED).max(1));
        let mut best: Option<(f32, Offset)> = None;
        for step in candidates {
            let candidate = Offset {
                x: offset.x + step.x,
                y: offset.y + step.y,
            };
            let (mut sum, mut count) = (0, 0);
            for (at, colour) in compared.clone() {
                if let Some(source) = self.source(*at, candidate) {
                    let channels = colour
                        .iter()
                        .zip(&self.image.pixels[source])
                        .take(COLOUR_CHANNELS);
                    let squared: i32 = channels
                        .map(|(a, b)| (i32::from(*a) - i32::from(*b)).pow(2))
                        .sum();
                    sum += i64::from(squared.min(MAX_DIFFERENCE));
                    count += 1;
                }
            }
            let cost = sum as f32 / f32::max(count as f32, 1.0);
            if best.is_none_or(|(least, _)| cost < least)
                && own.iter().all(|at| self.source(*at, candidate).is_some())
            {
                best = Some((cost, candidate));
            }
        }
        best.map(|(_, offset)| offset)
    }

    /// Computes the corrections of all blocks from the colour steps between them and at `rim`, the known
    /// pixels next to the hole.
    pub(super) fn blend(&mut self, rim: &[u32]) {
        let mut system = BlockCorrections::new(self.labels.len());
        let mut at_rim = vec![MeanStep::default(); self.labels.len()];
        for at in rim {
            let at = *at as usize;
            for block in self.blocks_next_to(at) {
                if let Some(copied) = self.copied(at, block) {
                    at_rim[block].add(copied, colour_of(&self.image.pixels[at]));
                }
            }
        }
        for (block, step) in at_rim.into_iter().enumerate() {
            system.want_known(block, step);
        }
        for a in (0..self.labels.len()).filter(|block| self.labels[*block] != NO_LABEL) {
            let right = (a % self.columns + 1 < self.columns).then_some(a + 1);
            for b in right.into_iter().chain([a + self.columns]) {
                match self.labels.get(b) {
                    None | Some(&NO_LABEL) => {}
                    Some(label) if *label == self.labels[a] => system.want_equal(a, b),
                    Some(_) => {
                        let mut step = MeanStep::default();
                        for at in self.pixels_of(&[a as u32, b as u32]) {
                            if let (Some(from), Some(to)) = (self.copied(at, a), self.copied(at, b)) {
                                step.add(from, to);
                            }
                        }
                        system.want_continuous(a, b, step);
                    }
                }
            }
        }
        self.corrections = system.solve();
    }

    /// Returns the labelled blocks that contain a pixel or one of its 4-neighbours.
    fn blocks_next_to(&self, at: usize) -> impl Iterator<Item = usize> {
        let (width, height) = (self.image.width, self.image.height);
        let (x, y) = (at % width, at / width);
        let block = |x: usize, y: usize| y / self.side * self.columns + x / self.side;
        let mut blocks = [
            block(x, y),
            block(x.saturating_sub(1), y),
            block((x + 1).min(width - 1), y),
            block(x, y.saturating_sub(1)),
            block(x, (y + 1).min(height - 1)),
        ];
        blocks.sort_unstable();
        let first = |index: usize| index == 0 || blocks[index - 1] != blocks[index];
        let distinct: Vec<usize> = (0..blocks.len())
            .filter(|index| first(*index))
            .map(|index| blocks[index])
            .collect();
        distinct
            .into_iter()
            .filter(|block| self.labels[*block] != NO_LABEL)
    }

    /// Returns the colour that the piece of `block` has at a pixel, if there is one.
    fn copied(&self, at: usize, block: usize) -> Option<Colour> {
        let source = self.source(at, self.offsets[usize::from(self.labels[block])])?;
        Some(colour_of(&self.image.pixels[source]))
    }

    /// Writes the copied colour of every pixel in `pixels`, which lie in the hole or next to it, to
    /// `estimates`: within a piece a copy with the piece's correction, at the outlines a mean with the
    /// weights
    ///
    /// ```text
    /// w_l(p) = (sum over blocks b with label l of exp(-|p - b|^2 / (2 * sigma^2)))^OUTLINE_SHARPNESS
    /// sigma = OUTLINE_BLOCKS * side
    /// ```
    ///
    /// The correction is the mean of the blocks' by the same Gaussian weights.
    pub(super) fn write(&self, threads: usize, pixels: &[u32], estimates: &mut [Colour]) {
        let pieces = pixels
            .chunks(PIXELS_PER_PIECE)
            .zip(estimates.chunks_mut(PIXELS_PER_PIECE));
        let weights = self.outline_weights();
        for_each_piece(threads, pieces.collect(), |(pixels, estimates)| {
            let mut near = Vec::new();
            for (at, estimate) in pixels.iter().zip(estimates) {
                if let Some(colour) = self.colour(*at as usize, &weights, &mut near) {
                    *estimate = colour;
                }
            }
        });
    }

    /// Returns the Gaussian weights of blocks by the position of a pixel, row by row: its column (row) in its
    /// own block plus the columns (rows) of blocks up to [`OUTLINE_REACH`] beyond, counted from the farthest.
    fn outline_weights(&self) -> Vec<f32> {
        let length = (2 * OUTLINE_REACH + 1) * self.side;
        let from_centre = |index: usize| {
            let blocks = (index / self.side) as f32 - OUTLINE_REACH as f32;
            let centre = blocks * self.side as f32 + (self.side as f32 - 1.0) / 2.0;
            let position = (index % self.side) as f32;
            ((position - centre) / (OUTLINE_BLOCKS * self.side as f32)).powi(2)
        };
        let squares: Vec<f32> = (0..length).map(from_centre).collect();
        let weight = |x: &f32, y: &f32| (-(x + y) / 2.0).exp();
        let weights = squares.iter().flat_map(|y| squares.iter().map(|x| weight(x, y)));
        weights.collect()
    }

    /// Returns the colour of one pixel by the weights of [`Self::outline_weights`]. `near` is memory for the
    /// labels near it.
    fn colour(&self, at: usize, weights: &[f32], near: &mut Vec<NearLabel>) -> Option<Colour> {
        self.weigh_labels(at, weights, near);
        let most = near.iter().map(|label| label.weight).fold(0.0, f32::max);
        let (mut total, mut sums) = (0.0, [0.0; COLOUR_CHANNELS]);
        for label in near {
            let Some(source) = self.source(at, self.offsets[usize::from(label.label)]) else {
                continue;
            };
            let weight = (label.weight / most)
                .powi(OUTLINE_SHARPNESS)
                .max(f32::MIN_POSITIVE);
            total += weight;
            let colour: Colour = colour_of(&self.image.pixels[source]);
            for ((sum, channel), correction) in sums.iter_mut().zip(colour).zip(label.corrections) {
                *sum += weight * (channel + correction / label.weight);
            }
        }
        (total > 0.0).then(|| sums.map(|sum| (sum / total).clamp(0.0, 255.0)))
    }

    /// Collects the labels of the blocks around a pixel with the sums of their Gaussian weights.
    fn weigh_labels(&self, at: usize, weights: &[f32], near: &mut Vec<NearLabel>) {
        near.clear();
        let rows = self.labels.len() / self.columns.max(1);
        let (x, y) = (at % self.image.width, at / self.image.width);
        let (column, row) = (x / self.side, y / self.side);
        let length = (2 * OUTLINE_REACH + 1) * self.side;
        let index = |position: usize, own: usize, block: usize| {
            (block + OUTLINE_REACH - own) * self.side + position % self.side
        };
        for block_y in row.saturating_sub(OUTLINE_REACH)..(row + OUTLINE_REACH + 1).min(rows) {
            for block_x in
                column.saturating_sub(OUTLINE_REACH)..(column + OUTLINE_REACH + 1).min(self.columns)
            {
                let block = block_y * self.columns + block_x;
                let label = self.labels[block];
                if label == NO_LABEL {
                    continue;
                }
                let weight = weights[index(y, row, block_y) * length + index(x, column, block_x)];
                let index = near
                    .iter()
                    .position(|other| other.label == label)
                    .unwrap_or_else(|| {
                        near.push(NearLabel {
                            label,
                            weight: 0.0,
                            corrections: [0.0; COLOUR_CHANNELS],
                        });
                        near.len() - 1
                    });
                let entry = &mut near[index];
                entry.weight += weight;
                for (sum, correction) in entry.corrections.iter_mut().zip(self.corrections[block]) {
                    *sum += weight * correction;
                }
            }
        }
    }
}

/// A label near a pixel: the sums of its blocks' Gaussian weights and of the weighted corrections.
struct NearLabel {
    label: u16,
    weight: f32,
    corrections: Colour,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patchmatch::features::features_from_rgb;
    use crate::patchmatch::pyramid::downsampled;
    use crate::patchmatch::seam_blending::rim_pixels;

    const SIDE_LENGTH: usize = 128;
    const HOLE: std::ops::Range<usize> = 48..80;

    fn image(grey: impl Fn(usize, usize) -> u8) -> FeatureImage {
        let positions = (0..SIDE_LENGTH * SIDE_LENGTH).map(|at| (at % SIDE_LENGTH, at / SIDE_LENGTH));
        FeatureImage {
            width: SIDE_LENGTH,
            height: SIDE_LENGTH,
            pixels: positions
                .clone()
                .map(|(x, y)| features_from_rgb([grey(x, y); 3]))
                .collect(),
            hole: positions
                .map(|(x, y)| HOLE.contains(&x) && HOLE.contains(&y))
                .collect(),
        }
    }

    /// Returns the hole's colours by labels at a quarter of the size: those left of the middle are copied by
    /// `offsets[0]`, the others by `offsets[1]`.
    fn copied(image: &FeatureImage, offsets: [Offset; 2], threads: usize) -> Option<Vec<f32>> {
        let level = PyramidLevel::new(downsampled(&downsampled(image)));
        let right = |at: &u32| u16::from(*at as usize % level.image.width >= SIDE_LENGTH / 8);
        let labels = OffsetLabels {
            labels: level.hole_pixels.iter().map(right).collect(),
            offsets: offsets.to_vec(),
        };
        let mut pieces = CopiedPieces::align(image, &level, 2, &labels)?;
        pieces.blend(&rim_pixels(image));
        let holes = (0..).zip(&image.hole).filter(|(_, hole)| **hole);
        let pixels: Vec<u32> = holes.map(|(at, _)| at).collect();
        let mut estimates = vec![[-1.0; COLOUR_CHANNELS]; pixels.len()];
        pieces.write(threads, &pixels, &mut estimates);
        Some(estimates.into_iter().map(|colour| colour[0]).collect())
    }

    /// Offsets of about a hole's width to both sides.
    const APART: [Offset; 2] = [Offset { x: -9, y: 0 }, Offset { x: 9, y: 0 }];

    #[test]
    fn offsets_are_refined_to_the_pixel() {
        // The period of 37 pixels is no multiple of four.
        let grey = |x: usize, y: usize| ((x % 37 * 97) ^ (y * 31)) as u8;
        let image = image(grey);
        let colours = copied(&image, APART, 1).unwrap();
        let expected = HOLE.flat_map(|y| HOLE.map(move |x| f32::from(grey(x, y))));
        let wrong = colours
            .iter()
            .zip(expected)
            .filter(|(a, b)| (**a - b).abs() > 1.0);
        assert_eq!(wrong.count(), 0);
    }

    #[test]
    fn gradients_are_continued() {
        let image = image(|x, _| 60 + (x / 4) as u8);
        let colours = copied(&image, [Offset { x: 0, y: -9 }, Offset { x: 9, y: 0 }], 1).unwrap();
        let expected = HOLE.flat_map(|_| HOLE.map(|x| 60.0 + x as f32 / 4.0));
        let most = colours
            .iter()
            .zip(expected)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(most < 4.0, "{most}");
    }

    #[test]
    fn smooth_surfaces_meet_without_a_step() {
        // Both pieces are 18 levels off at the rim, and 36 levels apart in the middle.
        let image = image(|x, _| 60 + (x / 2) as u8);
        let colours = copied(&image, APART, 1).unwrap();
        let rows = colours.chunks(HOLE.len());
        let steps = rows.flat_map(|row| row.windows(2).map(|pair| (pair[1] - pair[0]).abs()));
        let most = steps.fold(0.0, f32::max);
        assert!(most < 6.0, "{most}");
    }

    #[test]
    fn copy_is_independent_of_threads() {
        let image = image(|x, y| (x * x * 7 + y * y * 13 + x * y) as u8);
        assert_eq!(copied(&image, APART, 1), copied(&image, APART, 3));
    }

    #[test]
    fn offsets_into_the_hole_are_rejected() {
        let image = image(|_, _| 100);
        assert!(copied(&image, [Offset { x: 2, y: 0 }, Offset { x: 9, y: 0 }], 1).is_none());
    }
}
