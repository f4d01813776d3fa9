//! On which sizes cuDNN measures its algorithms.

/// Sizes that come again and again have sides that are multiples of this: 512, 768, 1024.
const GRID: i64 = 64;

/// The most sizes that are measured. Each takes a network's first pass some seconds, and some memory for good.
const MOST: usize = 32;

/// Which passes of one model may measure. cuDNN keeps the first algorithm that it has chosen for a size, measured or
/// guessed, so the choice is made when a size is first seen. Pictures cropped to their hole have sizes that never come
/// again; they are better off with a guess.
#[derive(Debug, Default)]
pub(crate) struct Tuning {
    sizes: Vec<(i64, i64)>,
}

impl Tuning {
    /// Whether a pass of this height and width may measure.
    pub fn is_worthwhile(&mut self, size: (i64, i64)) -> bool {
        if size.0 % GRID != 0 || size.1 % GRID != 0 {
            return false;
        }
        let known = self.sizes.contains(&size);
        if !known && self.sizes.len() < MOST {
            self.sizes.push(size);
            return true;
        }
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_come_again_are_measured() {
        let mut tuning = Tuning::default();
        for size in [(512, 512), (512, 768), (1024, 1024), (512, 512)] {
            assert!(tuning.is_worthwhile(size), "{size:?}");
        }
        for size in [(512, 520), (504, 512), (517, 389)] {
            assert!(!tuning.is_worthwhile(size), "{size:?}");
        }
    }

    #[test]
    fn only_so_many_sizes_are_measured() {
        let mut tuning = Tuning::default();
        let measured = (1..=100)
            .filter(|side| tuning.is_worthwhile((side * GRID, GRID)))
            .count();
        assert_eq!(measured, MOST);
        assert!(tuning.is_worthwhile((GRID, GRID)), "one that was measured before");
    }
}
