//! Huffman codes for encoding, and tables that are optimal for given frequencies (ITU-T T.81, annexes C
//! and K.2).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::decode::jpeg::huffman::HuffmanTable;

/// The longest code in bits.
const MAX_LENGTH: usize = 16;

/// The number of occurrences of each symbol in a scan.
pub(super) type Frequencies = [u32; 256];

/// The code of each symbol.
#[derive(Debug, Clone)]
pub(super) struct CodeBook {
    /// By symbol: code and length in bits; length 0 for symbols without a code.
    codes: [(u16, u8); 256],
}

impl CodeBook {
    pub fn new(table: &HuffmanTable) -> Self {
        let mut codes = [(0, 0); 256];
        let mut values = table.values.iter();
        let mut code = 0_u32;
        for (length, count) in (1..).zip(table.counts) {
            for symbol in values.by_ref().take(usize::from(count)) {
                // Of a repeated symbol the first, shortest code is used.
                let entry = &mut codes[usize::from(*symbol)];
                if entry.1 == 0 {
                    *entry = (code as u16, length);
                }
                code += 1;
            }
            code <<= 1;
        }
        Self { codes }
    }

    /// Returns a symbol's code and length in bits, 0 if it has no code.
    #[inline]
    pub fn code(&self, symbol: u8) -> (u16, u8) {
        self.codes[usize::from(symbol)]
    }
}

/// Returns the table with the shortest codes for `frequencies`, without a code of ones only.
///
/// Code lengths are Huffman's, limited to 16 bits by the procedure of T.81, figure K.3.
pub(super) fn optimal_table(frequencies: &Frequencies) -> Option<HuffmanTable> {
    let mut symbols: Vec<u8> = (0..=255)
        .filter(|symbol| frequencies[usize::from(*symbol)] > 0)
        .collect();
    symbols.sort_by_key(|symbol| Reverse(frequencies[usize::from(*symbol)]));
    let weights = symbols
        .iter()
        .map(|symbol| u64::from(frequencies[usize::from(*symbol)]));
    // A rarest symbol of weight 0 reserves the code of ones.
    let mut counts = limited(histogram(weights.chain([0]).collect()));
    let longest = counts.iter().rposition(|count| *count > 0)?;
    counts[longest] -= 1;
    let mut table = [0; MAX_LENGTH];
    for (to, count) in table.iter_mut().zip(counts) {
        *to = u8::try_from(count).ok()?;
    }
    HuffmanTable::new(table, &symbols)
}

/// Returns the number of Huffman codes of each length, from 1 bit on, for symbols of these weights.
fn histogram(weights: Vec<u64>) -> Vec<usize> {
    let leaves = weights.len();
    // Nodes are numbered in the order of their creation; a parent comes after its children.
    let mut parents = vec![0; leaves];
    let mut heap: BinaryHeap<_> = weights.into_iter().zip(0..).map(Reverse).collect();
    while let (Some(Reverse((first, left))), Some(Reverse((second, right)))) = (heap.pop(), heap.pop()) {
        let node: usize = parents.len();
        parents.push(node);
        (parents[left], parents[right]) = (node, node);
        heap.push(Reverse((first + second, node)));
    }
    let mut depths = vec![0_usize; parents.len()];
    for node in (0..parents.len()).rev() {
        if parents[node] > node {
            depths[node] = depths[parents[node]] + 1;
        }
    }
    let mut counts = vec![0; leaves.max(MAX_LENGTH)];
    for depth in &depths[..leaves] {
        // A single leaf is its own root.
        counts[depth.saturating_sub(1)] += 1;
    }
    counts
}

/// Moves codes of more than 16 bits up (T.81, figure K.3): of two sibling leaves one takes the place of their
/// parent, and the other becomes the sibling of a shorter code's leaf.
fn limited(mut counts: Vec<usize>) -> Vec<usize> {
    for length in (MAX_LENGTH..counts.len()).rev() {
        while counts[length] > 0 {
            let Some(shorter) = counts[..length - 1].iter().rposition(|count| *count > 0) else {
                break;
            };
            counts[length] -= 2;
            counts[length - 1] += 1;
            counts[shorter + 1] += 2;
            counts[shorter] -= 1;
        }
    }
    counts.truncate(MAX_LENGTH);
    counts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn frequent_symbols_have_short_codes() {
        let mut frequencies = [0; 256];
        (frequencies[7], frequencies[9], frequencies[200]) = (100, 10, 1);
        let table = optimal_table(&frequencies).unwrap();
        let book = CodeBook::new(&table);
        assert_eq!(
            [7, 9, 200].map(|symbol| book.code(symbol)),
            [(0, 1), (0b10, 2), (0b110, 3)]
        );
        assert_eq!(book.code(8).1, 0);
    }

    #[test]
    fn single_symbol_has_one_bit() {
        let mut frequencies = [0; 256];
        frequencies[3] = 5;
        let table = optimal_table(&frequencies).unwrap();
        assert_eq!(CodeBook::new(&table).code(3), (0, 1));
    }

    proptest! {
        /// Fibonacci-like frequencies give the longest codes.
        #[test]
        fn codes_form_a_prefix_code(
            growth in 1.0..1.9_f64,
            chosen in prop::collection::btree_set(any::<u8>(), 1..256),
        ) {
            let mut frequencies = [0; 256];
            for (at, symbol) in chosen.iter().enumerate() {
                frequencies[usize::from(*symbol)] = growth.powi(at as i32).min(1e7) as u32;
            }
            let table = optimal_table(&frequencies).unwrap();
            prop_assert!(!table.is_full());
            let book = CodeBook::new(&table);
            for symbol in 0..=255 {
                prop_assert_eq!(book.code(symbol).1 > 0, chosen.contains(&symbol));
            }
            let share: f64 = chosen.iter().map(|symbol| 0.5_f64.powi(i32::from(book.code(*symbol).1))).sum();
            prop_assert!(share < 1.0);
        }
    }
}
