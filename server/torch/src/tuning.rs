//! Selection of the image sizes for which cuDNN benchmarks its algorithms.

/// Recurring sizes have sides that are multiples of this, in pixels: 512, 768, 1024.
const GRID: i64 = 64;

/// Maximum number of benchmarked sizes. Each takes some seconds once, and some memory permanently.
const MAX_SIZES: usize = 32;

/// The benchmarked sizes of one model. cuDNN keeps the first algorithm of a size, whether benchmarked or
/// chosen by heuristics, so the decision is made on a size's first pass. Crops around holes have sizes that
/// don't recur, for which heuristics are faster.
#[derive(Debug, Default)]
pub(crate) struct Tuning {
    sizes: Vec<(i64, i64)>,
}

impl Tuning {
    /// Returns true if a pass of this (height, width) should benchmark.
    pub fn is_worthwhile(&mut self, size: (i64, i64)) -> bool {
        if size.0 % GRID != 0 || size.1 % GRID != 0 {
            return false;
        }
        let known = self.sizes.contains(&size);
        if !known && self.sizes.len() < MAX_SIZES {
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
    fn recurring_sizes_are_benchmarked() {
        let mut tuning = Tuning::default();
        for size in [(512, 512), (512, 768), (1024, 1024), (512, 512)] {
            assert!(tuning.is_worthwhile(size), "{size:?}");
        }
        for size in [(512, 520), (504, 512), (517, 389)] {
            assert!(!tuning.is_worthwhile(size), "{size:?}");
        }
    }

    #[test]
    fn benchmarked_sizes_are_limited() {
        let mut tuning = Tuning::default();
        let measured = (1..=100)
            .filter(|side| tuning.is_worthwhile((side * GRID, GRID)))
            .count();
        assert_eq!(measured, MAX_SIZES);
        assert!(tuning.is_worthwhile((GRID, GRID)), "benchmarked before");
    }
}
