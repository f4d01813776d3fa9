//! The bit writer of entropy-coded data (ITU-T T.81, F.1.2.3).

/// Writes bits, most significant first, with a zero byte stuffed after each 0xFF.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// Pending bits, from the top.
    buffer: u64,
    /// Number of pending bits, below 32.
    count: u32,
}

impl BitWriter {
    /// Appends the lowest `count` bits of `bits`, at most 32; the others must be 0.
    #[inline]
    pub fn put(&mut self, bits: u32, count: u32) {
        self.buffer |= u64::from(bits) << (32 - count) << (32 - self.count);
        self.count += count;
        if self.count >= 32 {
            let four = ((self.buffer >> 32) as u32).to_be_bytes();
            if four.contains(&0xff) {
                for byte in four {
                    self.byte(byte);
                }
            } else {
                self.bytes.extend_from_slice(&four);
            }
            self.buffer <<= 32;
            self.count -= 32;
        }
    }

    fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
        if byte == 0xff {
            self.bytes.push(0);
        }
    }

    /// Pads with one-bits to a whole byte (T.81, F.1.2.3).
    fn align(&mut self) {
        let padding = (8 - self.count % 8) % 8;
        self.put((1 << padding) - 1, padding);
        while self.count > 0 {
            self.byte((self.buffer >> 56) as u8);
            self.buffer <<= 8;
            self.count -= 8;
        }
    }

    /// Pads to a whole byte and appends the restart marker `number`, 0..=7.
    pub fn restart(&mut self, number: u8) {
        self.align();
        self.bytes.extend([0xff, 0xd0 + number]);
    }

    /// Pads to a whole byte and returns the data.
    pub fn finish(mut self) -> Vec<u8> {
        self.align();
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ones_are_stuffed_and_padding_is_ones() {
        let mut writer = BitWriter::default();
        writer.put(0xffff, 16);
        writer.put(0, 3);
        assert_eq!(writer.finish(), [0xff, 0, 0xff, 0, 0x1f]);
    }

    proptest! {
        #[test]
        fn bits_are_written_in_order(parts in prop::collection::vec((any::<u32>(), 0..=32_u32), 0..60)) {
            let mut writer = BitWriter::default();
            let mut expected = Vec::new();
            for (bits, count) in parts {
                let bits = (u64::from(bits) & ((1 << count) - 1)) as u32;
                writer.put(bits, count);
                expected.extend((0..count).rev().map(|bit| bits >> bit & 1));
            }
            let mut unstuffed = Vec::new();
            let mut bytes = writer.finish().into_iter();
            while let Some(byte) = bytes.next() {
                unstuffed.push(byte);
                if byte == 0xff {
                    prop_assert_eq!(bytes.next(), Some(0));
                }
            }
            let written = unstuffed.iter().flat_map(|byte| (0..8).rev().map(move |bit| u32::from(byte >> bit & 1)));
            let written: Vec<_> = written.collect();
            prop_assert_eq!(&written[..expected.len()], &expected[..]);
            prop_assert!(written[expected.len()..].iter().all(|bit| *bit == 1));
        }
    }
}
