//! Connected components of a hole with their surroundings, and the majority vote over colours.

use crate::Mask;

/// Calls `visit` for every 8-connected component of the hole, in raster
/// order of first pixels, with the component's pixels and the known pixels within `reach` pixels of it
/// (Chebyshev distance), both as row-major indices.
///
/// A known pixel near several components is passed with each of them. Memory: at most 12 bytes per pixel in
/// and near the hole.
pub fn for_each_component(mask: &Mask, reach: u32, mut visit: impl FnMut(&[usize], &[usize])) {
    let (width, height) = (mask.width() as usize, mask.height() as usize);
    let values = mask.values();
    // By pixel, the number of the last component that reached it. Only its own component reaches a hole
    // pixel.
    let mut reached_by = vec![0_u32; values.len()];
    let mut reached: Vec<usize> = Vec::new();
    let mut component = 0;
    for start in 0..values.len() {
        if values[start] == 0 || reached_by[start] > 0 {
            continue;
        }
        component += 1;
        reached.clear();
        reached.push(start);
        reached_by[start] = component;
        let mut next = 0;
        while let Some(&at) = reached.get(next) {
            next += 1;
            for neighbour in neighbours(at, width, height) {
                if values[neighbour] > 0 && reached_by[neighbour] != component {
                    reached_by[neighbour] = component;
                    reached.push(neighbour);
                }
            }
        }
        let size = reached.len();
        let mut layer = 0..size;
        for _ in 0..reach {
            for index in layer.clone() {
                for neighbour in neighbours(reached[index], width, height) {
                    if values[neighbour] == 0 && reached_by[neighbour] != component {
                        reached_by[neighbour] = component;
                        reached.push(neighbour);
                    }
                }
            }
            layer = layer.end..reached.len();
        }
        let (hole, surroundings) = reached.split_at(size);
        visit(hole, surroundings);
    }
}

/// Returns the value that makes up more than half of `values`, if there is one: a majority vote (Boyer and
/// Moore 1981), confirmed by a count.
pub fn majority<T: Copy + PartialEq>(values: impl Iterator<Item = T> + Clone) -> Option<T> {
    let (mut candidate, mut lead) = (None, 0_usize);
    for value in values.clone() {
        if lead == 0 {
            candidate = Some(value);
        }
        lead = if candidate == Some(value) {
            lead + 1
        } else {
            lead - 1
        };
    }
    let (mut count, mut total) = (0_usize, 0_usize);
    for value in values {
        count += usize::from(candidate == Some(value));
        total += 1;
    }
    candidate.filter(|_| 2 * count > total)
}

/// Iterates over the pixel's 3x3 window within the image, including the pixel itself.
fn neighbours(at: usize, width: usize, height: usize) -> impl Iterator<Item = usize> {
    let (x, y) = (at % width, at / width);
    let columns = x.saturating_sub(1)..(x + 2).min(width);
    let rows = y.saturating_sub(1)..(y + 2).min(height);
    rows.flat_map(move |row| columns.clone().map(move |column| row * width + column))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn components(width: u32, rows: &[&str], reach: u32) -> Vec<(Vec<usize>, usize)> {
        let text = rows.concat();
        let flags = text.bytes().map(|byte| byte == b'#');
        let mask = Mask::from_flags(width, rows.len() as u32, flags).unwrap();
        let mut found = Vec::new();
        for_each_component(&mask, reach, |hole, surroundings| {
            let mut hole = hole.to_vec();
            hole.sort_unstable();
            found.push((hole, surroundings.len()));
        });
        found
    }

    #[test]
    fn diagonal_neighbours_connect() {
        let found = components(6, &["#.....", ".#..#.", "....#."], 0);
        assert_eq!(found, [(vec![0, 7], 0), (vec![10, 16], 0)]);
    }

    #[test]
    fn surroundings_are_a_square_ring() {
        let rows = ["......", "......", "..#...", "......", "......"];
        assert_eq!(components(6, &rows, 1), [(vec![14], 8)]);
        assert_eq!(components(6, &rows, 2), [(vec![14], 24)]);
        assert_eq!(components(6, &rows, 9), [(vec![14], 29)]);
    }

    #[test]
    fn components_share_surroundings() {
        let rows = [".....", ".#.#.", "....."];
        assert_eq!(components(5, &rows, 1), [(vec![6], 8), (vec![8], 8)]);
        assert_eq!(components(5, &rows, 2), [(vec![6], 10), (vec![8], 10)]);
    }

    #[test]
    fn majority_is_more_than_half() {
        let [red, blue] = [[255, 0, 0], [0, 0, 255]];
        assert_eq!(majority([red, blue, red].into_iter()), Some(red));
        assert_eq!(majority([red, red, blue, blue].into_iter()), None);
        assert_eq!(majority([red, blue, [0; 3]].into_iter()), None);
        assert_eq!(majority(std::iter::empty::<u8>()), None);
    }

    #[test]
    fn empty_masks_have_no_components() {
        assert!(components(3, &["...", "..."], 2).is_empty());
        for_each_component(&Mask::empty(0, 0), 2, |_, _| unreachable!());
    }
}
