//! A level of the pyramid: the image at its size, and the solution of its equations in tiles.

use std::ops::Range;

use iopaint_imaging::{Coverage, RgbImage};

/// Weight of the squared difference of neighbours (the paper's `epsilon_r`).
const REGULARISATION: f32 = 1e-5;
/// Weight of the difference of the neighbours' alpha in the weight of their squared difference (omega).
const GRADIENT_WEIGHT: f32 = 1.0;
/// Levels of at most this many pixels a side run [`SMALL_ITERATIONS`], as in the paper.
const SMALL_SIDE: usize = 32;
/// Iterations on small levels.
const SMALL_ITERATIONS: usize = 10;
/// Iterations on all other levels.
const LARGE_ITERATIONS: usize = 2;
/// Side of a tile in pixels.
pub(super) const TILE: usize = 64;

/// Foreground and background of a pixel, RGB, 0 to 255.
pub(super) type Colours = [f32; 6];

/// A solved level.
pub(super) struct Level {
    pub width: usize,
    pub height: usize,
    pub colours: Vec<Colours>,
}

/// Image and alpha at the size of a level, by nearest neighbour, so that each sample is a true mixture.
pub(super) struct Source<'a> {
    image: &'a [[u8; 3]],
    alpha: &'a [u8],
    /// Width of the full-size image.
    stride: usize,
    pub width: usize,
    pub height: usize,
    /// Full-size columns and rows of the level's pixels.
    columns: Vec<usize>,
    rows: Vec<usize>,
    /// The level before, and the columns and rows of its pixels that this level's pixels start from.
    before: &'a Level,
    columns_before: Vec<usize>,
    rows_before: Vec<usize>,
    iterations: usize,
}

/// A rectangle of a level's pixels.
pub(super) struct Tile {
    pub columns: Range<usize>,
    pub rows: Range<usize>,
}

/// The solution of a tile.
pub(super) enum TileContent {
    /// Everything in and around the tile is opaque: the foreground is the image.
    Opaque,
    /// Everything in and around the tile is transparent: the background is the image.
    Transparent,
    /// The solution.
    Solved(Patch),
}

/// The colours of a rectangle.
pub(super) struct Patch {
    columns: Range<usize>,
    rows: Range<usize>,
    colours: Vec<Colours>,
}

impl Patch {
    /// Returns the colours of row `y` of the level, which is in the rectangle.
    pub fn row(&self, y: usize) -> &[Colours] {
        let width = self.columns.len();
        &self.colours[(y - self.rows.start) * width..][..width]
    }

    /// Returns the colours of pixel (x, y) of the level, which is in the rectangle.
    fn at(&self, x: usize, y: usize) -> &Colours {
        &self.colours[(y - self.rows.start) * self.columns.len() + x - self.columns.start]
    }
}

impl<'a> Source<'a> {
    /// Reduces each side by 2^`shift`, rounded up.
    pub fn new(image: &'a RgbImage, alpha: &'a Coverage, shift: usize, before: &'a Level) -> Self {
        let positions = |length: u32| -> Vec<usize> {
            let length = length as usize;
            let step = 1 << shift;
            (0..length.div_ceil(step))
                .map(|at| (at * step + step / 2).min(length - 1))
                .collect()
        };
        let (columns, rows) = (positions(image.width()), positions(image.height()));
        let (width, height) = (columns.len(), rows.len());
        let iterations = if width.max(height) <= SMALL_SIDE {
            SMALL_ITERATIONS
        } else {
            LARGE_ITERATIONS
        };
        let nearest = |from: usize, to: usize| (0..to).map(|at| at * from / to).collect();
        Self {
            image: image.as_raw().as_chunks::<3>().0,
            alpha: alpha.values(),
            stride: image.width() as usize,
            width,
            height,
            columns,
            rows,
            columns_before: nearest(before.width, width),
            rows_before: nearest(before.height, height),
            before,
            iterations,
        }
    }

    /// Divides `count` rows from `first` on into tiles.
    pub fn tiles(&self, first: usize, count: usize) -> impl Iterator<Item = Tile> + use<> {
        let width = self.width;
        (0..width).step_by(TILE).map(move |start| Tile {
            columns: start..(start + TILE).min(width),
            rows: first..first + count,
        })
    }

    /// Returns the colours of the level before at the pixels of a tile's row `y`: the start of the
    /// iterations.
    pub fn row_before(&self, tile: &Tile, y: usize) -> impl Iterator<Item = &Colours> {
        let row = &self.before.colours[self.rows_before[y] * self.before.width..][..self.before.width];
        self.columns_before[tile.columns.clone()]
            .iter()
            .map(move |x| &row[*x])
    }

    /// Writes the colours of a tile's row `y` away from edges of alpha: one layer is the image, and the other
    /// stays as the coarser level has it.
    pub fn write_flat(&self, tile: &Tile, y: usize, opaque: bool, targets: &mut [Colours]) {
        let row = &self.image[self.rows[y] * self.stride..][..self.stride];
        let pixels = self.columns[tile.columns.clone()]
            .iter()
            .map(|x| row[*x].map(f32::from));
        for ((target, colours), pixel) in targets.iter_mut().zip(self.row_before(tile, y)).zip(pixels) {
            *target = with_layer(colours, pixel, opaque);
        }
    }

    /// Returns the solution of a tile.
    pub fn content(&self, tile: &Tile) -> TileContent {
        let columns = &self.columns[span(&tile.columns, 1, self.width)];
        let rows = &self.rows[span(&tile.rows, 1, self.height)];
        let all = |value: u8| {
            rows.iter().all(|row| {
                let alphas = &self.alpha[row * self.stride..(row + 1) * self.stride];
                match (columns.first(), columns.last()) {
                    // Counted, since a loop with an early exit isn't vectorised.
                    (Some(first), Some(last)) if last - first + 1 == columns.len() => {
                        let others = alphas[*first..=*last].iter().map(|alpha| *alpha != value);
                        others.map(u32::from).sum::<u32>() == 0
                    }
                    _ => columns.iter().all(|x| alphas[*x] == value),
                }
            })
        };
        match self.alpha(tile.columns.start, tile.rows.start) {
            255 if all(255) => TileContent::Opaque,
            0 if all(0) => TileContent::Transparent,
            _ => TileContent::Solved(self.solve(tile)),
        }
    }

    /// Returns alpha at a pixel of the level.
    fn alpha(&self, x: usize, y: usize) -> u8 {
        self.alpha[self.rows[y] * self.stride + self.columns[x]]
    }

    /// Returns the image's colour at a pixel of the level.
    fn pixel(&self, x: usize, y: usize) -> [f32; 3] {
        self.image[self.rows[y] * self.stride + self.columns[x]].map(f32::from)
    }

    /// Returns the colours of a tile, starting from the level before.
    fn solve(&self, tile: &Tile) -> Patch {
        // Each iteration needs one more pixel on all sides.
        let spans = |halo: usize| {
            let columns = span(&tile.columns, halo, self.width);
            (columns, span(&tile.rows, halo, self.height))
        };
        let (columns, rows) = spans(self.iterations);
        let start = Tile { columns, rows };
        let colours = start
            .rows
            .clone()
            .flat_map(|y| self.row_before(&start, y).copied());
        let mut patch = Patch {
            colours: colours.collect(),
            columns: start.columns.clone(),
            rows: start.rows.clone(),
        };
        for iteration in (0..self.iterations).rev() {
            let (columns, rows) = spans(iteration);
            let mut colours = Vec::with_capacity(columns.len() * rows.len());
            for y in rows.clone() {
                self.update_row(y, columns.clone(), &patch, &mut colours);
            }
            patch = Patch {
                columns,
                rows,
                colours,
            };
        }
        patch
    }

    /// Appends the updated colours of a part of row `y`; `patch` holds one pixel more on all sides.
    fn update_row(&self, y: usize, columns: Range<usize>, patch: &Patch, updated: &mut Vec<Colours>) {
        let (above, below) = (y.saturating_sub(1), (y + 1).min(self.height - 1));
        for x in columns {
            let (left, right) = (x.saturating_sub(1), (x + 1).min(self.width - 1));
            let alphas = [
                self.alpha(left, y),
                self.alpha(right, y),
                self.alpha(x, above),
                self.alpha(x, below),
            ];
            let (alpha, pixel) = (self.alpha(x, y), self.pixel(x, y));
            let flat = (alpha == 0 || alpha == 255) && alphas.iter().all(|&other| other == alpha);
            updated.push(if flat {
                with_layer(patch.at(x, y), pixel, alpha == 255)
            } else {
                update(
                    pixel,
                    alpha,
                    &[
                        (alphas[0], patch.at(left, y)),
                        (alphas[1], patch.at(right, y)),
                        (alphas[2], patch.at(x, above)),
                        (alphas[3], patch.at(x, below)),
                    ],
                )
            });
        }
    }
}

/// Returns a range grown by `halo` at both ends, within `0..length`.
fn span(range: &Range<usize>, halo: usize, length: usize) -> Range<usize> {
    range.start.saturating_sub(halo)..(range.end + halo).min(length)
}

/// Returns the colours with the foreground, if `opaque`, or the background replaced.
fn with_layer(colours: &Colours, pixel: [f32; 3], opaque: bool) -> Colours {
    let mut colours = *colours;
    colours[if opaque { 0..3 } else { 3..6 }].copy_from_slice(&pixel);
    colours
}

/// Minimises a pixel's cost with its neighbours fixed: a system of two equations per channel.
fn update(pixel: [f32; 3], alpha: u8, neighbours: &[(u8, &Colours); 4]) -> Colours {
    let share = f32::from(alpha) / 255.0;
    let rest = 1.0 - share;
    let mut total = 0.0;
    let mut sums = [0.0; 6];
    for (other, colours) in neighbours {
        let weight = REGULARISATION + GRADIENT_WEIGHT * f32::from(alpha.abs_diff(*other)) / 255.0;
        total += weight;
        for (sum, colour) in sums.iter_mut().zip(*colours) {
            *sum += weight * colour;
        }
    }
    let (foreground, background, mixed) = (share * share + total, rest * rest + total, share * rest);
    // foreground x background - mixed^2 without cancellation; positive.
    let scale = 1.0 / (total * (share * share + rest * rest) + total * total);
    let mut result = [0.0; 6];
    for channel in 0..3 {
        let right = [
            share * pixel[channel] + sums[channel],
            rest * pixel[channel] + sums[channel + 3],
        ];
        result[channel] = ((background * right[0] - mixed * right[1]) * scale).clamp(0.0, 255.0);
        result[channel + 3] = ((foreground * right[1] - mixed * right[0]) * scale).clamp(0.0, 255.0);
    }
    result
}
