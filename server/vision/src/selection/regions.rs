//! Connected regions of cells.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::frame::Frame;

/// Cost of a step to a neighbouring cell, without a change of colour: colours dominate.
const STEP: f32 = 0.002;

/// Returns the members of the 4-connected region around `seed`, all false if the seed isn't a member itself.
pub(super) fn component(frame: &Frame, seed: usize, is_member: impl Fn(usize) -> bool) -> Vec<bool> {
    let mut found = vec![false; frame.len()];
    let mut open = Vec::new();
    let mut visit = |cell: usize, open: &mut Vec<usize>| {
        if !found[cell] && is_member(cell) {
            found[cell] = true;
            open.push(cell);
        }
    };
    visit(seed, &mut open);
    while let Some(cell) = open.pop() {
        for next in neighbours(frame, cell) {
            visit(next, &mut open);
        }
    }
    found
}

/// Returns the cells of each 4-connected region of members, in raster order of the regions' first cells.
pub(super) fn components(frame: &Frame, is_member: impl Fn(usize) -> bool) -> Vec<Vec<usize>> {
    let mut seen = vec![false; frame.len()];
    let mut found = Vec::new();
    for seed in 0..frame.len() {
        if seen[seed] || !is_member(seed) {
            continue;
        }
        seen[seed] = true;
        let mut region = Vec::new();
        let mut open = vec![seed];
        while let Some(cell) = open.pop() {
            region.push(cell);
            for next in neighbours(frame, cell) {
                if !seen[next] && is_member(next) {
                    seen[next] = true;
                    open.push(next);
                }
            }
        }
        found.push(region);
    }
    found
}

/// Iterates over the 4-neighbours of a cell.
pub(super) fn neighbours(frame: &Frame, cell: usize) -> impl Iterator<Item = usize> + use<> {
    let (columns, len) = (frame.columns, frame.len());
    let column = cell % columns;
    let left = (column > 0).then(|| cell - 1);
    let right = (column + 1 < columns).then(|| cell + 1);
    let above = cell.checked_sub(columns);
    let below = (cell + columns < len).then(|| cell + columns);
    [left, right, above, below].into_iter().flatten()
}

/// Returns the geodesic distance of each cell to the nearest seed (Dijkstra): the length of a path is the sum
/// of the changes of colour, a Euclidean distance in RGB of range 0 to 1, and of [`STEP`] per cell. Infinite
/// without seeds.
pub(super) fn geodesic(frame: &Frame, colours: &[[f32; 3]], seeds: &[usize]) -> Vec<f32> {
    let mut distances = vec![f32::INFINITY; frame.len()];
    // Non-negative floats are ordered as their bits.
    let mut open = BinaryHeap::new();
    for &seed in seeds {
        distances[seed] = 0.0;
        open.push(Reverse((0_u32, seed)));
    }
    while let Some(Reverse((bits, cell))) = open.pop() {
        let distance = f32::from_bits(bits);
        if distance > distances[cell] {
            continue;
        }
        for next in neighbours(frame, cell) {
            let length = distance + STEP + change(colours[cell], colours[next]);
            if length < distances[next] {
                distances[next] = length;
                open.push(Reverse((length.to_bits(), next)));
            }
        }
    }
    distances
}

/// Returns the Euclidean distance of two colours.
pub(super) fn change(first: [f32; 3], second: [f32; 3]) -> f32 {
    let squares = first.iter().zip(second).map(|(a, b)| (a - b) * (a - b));
    squares.sum::<f32>().sqrt()
}

#[cfg(test)]
mod tests {
    use iopaint_imaging::Rect;

    use super::*;

    #[test]
    fn components_are_4_connected() {
        let frame = Frame::new(Rect::whole((4, 3)));
        let members = [0, 1, 6, 7, 11];
        let found = component(&frame, 7, |cell| members.contains(&cell));
        let expected: Vec<bool> = (0..12).map(|cell| [6, 7, 11].contains(&cell)).collect();
        assert_eq!(found, expected);
        assert!(
            component(&frame, 2, |cell| members.contains(&cell))
                .iter()
                .all(|found| !found)
        );
    }

    #[test]
    fn every_region_is_found_once() {
        let frame = Frame::new(Rect::whole((4, 3)));
        let mut found = components(&frame, |cell| [0, 1, 6, 7, 11].contains(&cell));
        for region in &mut found {
            region.sort_unstable();
        }
        assert_eq!(found, [vec![0, 1], vec![6, 7, 11]]);
    }

    #[test]
    fn geodesic_distance_avoids_edges() {
        let frame = Frame::new(Rect::whole((5, 3)));
        // A bright wall in column 2, open in the last row.
        let colours: Vec<[f32; 3]> = (0..15)
            .map(|cell| {
                if cell % 5 == 2 && cell < 10 {
                    [1.0; 3]
                } else {
                    [0.0; 3]
                }
            })
            .collect();
        let distances = geodesic(&frame, &colours, &[1]);
        assert!((distances[3] - 6.0 * STEP).abs() < 1e-6);
        assert!(distances[2] > 1.0);
        assert!(
            geodesic(&frame, &colours, &[])
                .iter()
                .all(|distance| distance.is_infinite())
        );
    }
}
