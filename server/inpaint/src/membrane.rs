//! Differences that are known around a hole, continued smoothly into it.
//!
//! The continuation is the harmonic one, whose colours have no gradient of their own: added to a filling, it is
//! gradient-domain compositing (Pérez, Gangnet, Blake 2003, "Poisson Image Editing", section 3, in its membrane
//! form). It is solved by cascadic multigrid (Bornemann and Deuflhard 1996): solved on a grid of half the size,
//! brought up, relaxed. Time and memory are linear in the pixels.

/// Relaxations of the finest grid; every coarser one gets twice as many, up to a limit.
const SWEEPS: usize = 6;
const MOST_SWEEPS: usize = 96;
/// More than a full step per relaxation, which speeds up long waves (Young 1954).
const STEP: f32 = 1.5;

/// What a cell is to the membrane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    /// Not there: nothing flows across its edge.
    Outside,
    /// Has a value that stays.
    Held,
    /// Gets a value.
    Free,
}

/// A grid of cells with a colour difference each.
#[derive(Clone, Debug)]
pub(crate) struct Membrane {
    width: usize,
    height: usize,
    cells: Vec<Cell>,
    values: Vec<[f32; 3]>,
}

impl Membrane {
    /// `cells` and `values` are `width` columns a row; the values of cells that aren't held are ignored.
    pub(crate) fn new(width: usize, cells: Vec<Cell>, mut values: Vec<[f32; 3]>) -> Self {
        for (value, cell) in values.iter_mut().zip(&cells) {
            if *cell != Cell::Held {
                *value = [0.0; 3];
            }
        }
        Self {
            width,
            height: cells.len() / width.max(1),
            cells,
            values,
        }
    }

    /// The values of all cells after stretching the membrane over the free ones. Free cells that reach no held one
    /// are 0.
    pub(crate) fn stretched(mut self) -> Vec<[f32; 3]> {
        self.stretch(SWEEPS);
        self.values
    }

    fn stretch(&mut self, sweeps: usize) {
        if !self.cells.contains(&Cell::Free) {
            return;
        }
        if self.width.max(self.height) > 1 {
            let mut coarse = self.halved();
            coarse.stretch((2 * sweeps).min(MOST_SWEEPS));
            self.start_from(&coarse);
        }
        for _ in 0..sweeps {
            self.relax(0);
            self.relax(1);
        }
    }

    fn at(&self, x: usize, y: usize) -> (Cell, [f32; 3]) {
        let index = y * self.width + x;
        let inside = x < self.width && y < self.height;
        match (self.cells.get(index), self.values.get(index)) {
            (Some(cell), Some(value)) if inside => (*cell, *value),
            _ => (Cell::Outside, [0.0; 3]),
        }
    }

    /// Four cells become one: held, with their mean, if one of them is, else free if one of them is.
    fn halved(&self) -> Self {
        let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        let (mut cells, mut values) = (Vec::new(), Vec::new());
        for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
            let children =
                [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(right, down)| self.at(2 * x + right, 2 * y + down));
            let held = children.iter().filter(|(cell, _)| *cell == Cell::Held);
            let (value, weight) = mean(held.map(|(_, value)| (*value, 1.0)));
            let free = children.iter().any(|(cell, _)| *cell == Cell::Free);
            cells.push(match (weight > 0.0, free) {
                (true, _) => Cell::Held,
                (false, true) => Cell::Free,
                (false, false) => Cell::Outside,
            });
            values.push(value);
        }
        Self {
            width,
            height,
            cells,
            values,
        }
    }

    /// Gives every free cell the bilinear mean of the coarse cells around its centre.
    fn start_from(&mut self, coarse: &Self) {
        let width = self.width.max(1);
        for (index, (value, _)) in free(&mut self.values, &self.cells) {
            let (x, y) = (index % width, index / width);
            // The nearest coarse cell and, on the side on which the centre lies, its neighbour.
            let near = |position: usize| {
                let (own, odd) = (position / 2, position % 2 == 1);
                let neighbour = if odd { own + 1 } else { own.wrapping_sub(1) };
                [(own, 0.75), (neighbour, 0.25)]
            };
            let (columns, rows) = (near(x), near(y));
            let around = rows
                .iter()
                .flat_map(|&(y, down)| columns.iter().map(move |&(x, right)| (x, y, right * down)));
            let known = around.filter(|(x, y, _)| *x < coarse.width && *y < coarse.height);
            let known = known.map(|(x, y, weight)| (coarse.at(x, y), weight));
            let known = known.filter(|((cell, _), _)| *cell != Cell::Outside);
            *value = mean(known.map(|((_, value), weight)| (value, weight))).0;
        }
    }

    /// Moves every free cell of one colour of a chessboard towards the mean of its neighbours.
    fn relax(&mut self, colour: usize) {
        for y in 0..self.height {
            for x in ((y + colour) % 2..self.width).step_by(2) {
                let (Cell::Free, value) = self.at(x, y) else {
                    continue;
                };
                let neighbours = [
                    (x.wrapping_sub(1), y),
                    (x + 1, y),
                    (x, y.wrapping_sub(1)),
                    (x, y + 1),
                ];
                let neighbours = neighbours
                    .iter()
                    .filter(|(x, y)| *x < self.width && *y < self.height);
                let neighbours = neighbours.map(|&(x, y)| self.at(x, y));
                let neighbours = neighbours.filter(|(cell, _)| *cell != Cell::Outside);
                let (target, weight) = mean(neighbours.map(|(_, value)| (value, 1.0)));
                if weight > 0.0
                    && let Some(own) = self.values.get_mut(y * self.width + x)
                {
                    *own = std::array::from_fn(|channel| {
                        STEP.mul_add(target[channel] - value[channel], value[channel])
                    });
                }
            }
        }
    }
}

/// The values of free cells with their index, to be changed.
fn free<'a>(
    values: &'a mut [[f32; 3]],
    cells: &'a [Cell],
) -> impl Iterator<Item = (usize, (&'a mut [f32; 3], &'a Cell))> {
    values
        .iter_mut()
        .zip(cells)
        .enumerate()
        .filter(|(_, (_, cell))| **cell == Cell::Free)
}

/// The mean of weighted values and the sum of the weights; 0 where there is nothing.
fn mean(values: impl Iterator<Item = ([f32; 3], f32)>) -> ([f32; 3], f32) {
    let (mut sum, mut total) = ([0.0; 3], 0.0);
    for (value, weight) in values {
        for (sum, value) in sum.iter_mut().zip(value) {
            *sum += value * weight;
        }
        total += weight;
    }
    if total > 0.0 {
        (sum.map(|sum| sum / total), total)
    } else {
        ([0.0; 3], 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disc of free cells with a held rim, whose values `at` gives.
    fn disc(side: usize, at: impl Fn(f32, f32) -> f32) -> (Membrane, Vec<f32>) {
        let middle = side as f32 / 2.0;
        let (mut cells, mut values) = (Vec::new(), Vec::new());
        for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y as f32, x as f32))) {
            let distance = (x - middle).hypot(y - middle);
            cells.push(match distance - middle {
                d if d < -4.0 => Cell::Free,
                d if d < -1.0 => Cell::Held,
                _ => Cell::Outside,
            });
            values.push(at(x, y));
        }
        let membrane = Membrane::new(side, cells, values.iter().map(|&v| [v, -v, 1.0]).collect());
        (membrane, values)
    }

    fn worst(side: usize, at: impl Fn(f32, f32) -> f32) -> f32 {
        let (membrane, expected) = disc(side, at);
        let cells = membrane.cells.clone();
        let found = membrane.stretched();
        let inside = found.iter().zip(&expected).zip(&cells);
        inside
            .filter(|(_, cell)| **cell == Cell::Free)
            .map(|((found, expected), _)| (found[0] - expected).abs().max((found[1] + expected).abs()))
            .fold(0.0, f32::max)
    }

    #[test]
    fn a_plane_is_continued_as_a_plane() {
        for side in [16, 65, 200, 513] {
            let error = worst(side, |x, y| 100.0 * (x - 0.3 * y) / side as f32);
            assert!(error < 2.0, "{side}: {error}");
        }
    }

    #[test]
    fn a_saddle_is_continued_as_a_saddle() {
        for side in [16, 65, 200, 513] {
            let middle = side as f32 / 2.0;
            let error = worst(side, |x, y| {
                100.0 * ((x - middle).powi(2) - (y - middle).powi(2)) / middle.powi(2)
            });
            assert!(error < 2.0, "{side}: {error}");
        }
    }
}
