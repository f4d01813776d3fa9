//! Huffman tables and the bit reader (ITU-T T.81, annexes C and F.2.2).

/// The length in bits up to which codes are decoded by one table look-up.
const LOOKUP_BITS: u32 = 9;

/// A code and an AC coefficient that together fit into [`LOOKUP_BITS`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ShortCoefficient {
    /// Length in bits of code and value.
    pub length: u8,
    /// The number of zero coefficients before this one.
    pub run: u8,
    pub value: i16,
}

/// A Huffman table with look-up tables for decoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HuffmanTable {
    /// The number of codes of each length, 1..=16 bits.
    pub counts: [u8; 16],
    /// Symbols in the order of their codes.
    pub values: Vec<u8>,
    /// By the next `LOOKUP_BITS` bits: the coefficient, if its code and value fit into them; else length 0.
    short: Vec<ShortCoefficient>,
    /// By the next `LOOKUP_BITS` bits: (length, symbol); length 0 for longer codes.
    lookup: Vec<(u8, u8)>,
    /// By length - 1: the first 16-bit value above the codes of this length.
    limits: [u32; 16],
    /// By length - 1: the index of a code's symbol minus the code.
    offsets: [i32; 16],
}

impl HuffmanTable {
    /// Builds a table; `None` if the counts don't describe a prefix code.
    pub fn new(counts: [u8; 16], values: &[u8]) -> Option<Self> {
        let mut lookup = vec![(0, 0); 1 << LOOKUP_BITS];
        let (mut limits, mut offsets) = ([0; 16], [0; 16]);
        let (mut code, mut index) = (0_u32, 0_usize);
        for (length, count) in (1..=16).zip(counts) {
            offsets[length as usize - 1] = index as i32 - code as i32;
            for _ in 0..count {
                let symbol = *values.get(index)?;
                if code >> length != 0 {
                    return None;
                }
                if length <= LOOKUP_BITS {
                    let first = (code as usize) << (LOOKUP_BITS - length);
                    lookup
                        .get_mut(first..first + (1 << (LOOKUP_BITS - length)))?
                        .fill((length as u8, symbol));
                }
                (code, index) = (code + 1, index + 1);
            }
            limits[length as usize - 1] = code << (16 - length);
            code <<= 1;
        }
        Some(Self {
            counts,
            values: values.get(..index)?.to_vec(),
            short: (0..)
                .zip(&lookup)
                .map(|(bits, entry)| short(bits, *entry))
                .collect(),
            lookup,
            limits,
            offsets,
        })
    }

    /// Returns true if every bit sequence starts with a code. T.81 reserves the code of all ones; some
    /// encoders use it.
    pub fn is_full(&self) -> bool {
        self.limits[15] == 1 << 16
    }

    /// Returns the standard table (T.81, annex K.3.3) of a class (0: DC, 1: AC) and destination, which frames
    /// of motion JPEG omit.
    pub fn standard(class: usize, destination: usize) -> Option<Self> {
        let (counts, values): (_, &[u8]) = match (class, destination) {
            (0, 0) => (K3_COUNTS, &DC_VALUES),
            (0, 1) => (K4_COUNTS, &DC_VALUES),
            (1, 0) => (K5_COUNTS, &K5_VALUES),
            (1, 1) => (K6_COUNTS, &K6_VALUES),
            _ => return None,
        };
        Self::new(counts, values)
    }
}

/// Decodes a coefficient from `LOOKUP_BITS` bits that start with a code of this (length, symbol).
fn short(bits: u32, (length, symbol): (u8, u8)) -> ShortCoefficient {
    let (run, size) = (symbol >> 4, symbol & 15);
    let total = length + size;
    if length == 0 || size == 0 || u32::from(total) > LOOKUP_BITS {
        return ShortCoefficient::default();
    }
    let value = bits >> (LOOKUP_BITS - u32::from(total)) & ((1 << size) - 1);
    ShortCoefficient {
        length: total,
        run,
        value: extended(value as i32, size) as i16,
    }
}

/// Converts `size` bits to a signed coefficient (T.81, F.2.2.1, EXTEND).
#[inline]
fn extended(bits: i32, size: u8) -> i32 {
    if bits < 1 << (size - 1) {
        bits - (1 << size) + 1
    } else {
        bits
    }
}

const K3_COUNTS: [u8; 16] = [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];
const K4_COUNTS: [u8; 16] = [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0];
const DC_VALUES: [u8; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const K5_COUNTS: [u8; 16] = [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d];
const K6_COUNTS: [u8; 16] = [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77];
#[rustfmt::skip]
const K5_VALUES: [u8; 162] = [
    0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22,
    0x71, 0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0, 0x24, 0x33,
    0x62, 0x72, 0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x34,
    0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55,
    0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76,
    0x77, 0x78, 0x79, 0x7a, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96,
    0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5,
    0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4,
    0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf1,
    0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
];
#[rustfmt::skip]
const K6_VALUES: [u8; 162] = [
    0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71, 0x13,
    0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33, 0x52, 0xf0, 0x15, 0x62,
    0x72, 0xd1, 0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1, 0x17, 0x18, 0x19, 0x1a, 0x26, 0x27, 0x28, 0x29,
    0x2a, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54,
    0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75,
    0x76, 0x77, 0x78, 0x79, 0x7a, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94,
    0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3,
    0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2,
    0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea,
    0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
];

/// A reader of bits of entropy-coded data. At markers and at the end of the data it returns zeros and counts
/// them.
#[derive(Debug)]
pub(crate) struct BitReader<'a> {
    data: &'a [u8],
    at: usize,
    /// The next bits, from the top.
    buffer: u64,
    /// Number of bits in `buffer`.
    count: u32,
    /// The number of zero bits that were appended to the data.
    padding: u32,
}

impl<'a> BitReader<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Self {
            data,
            at: 0,
            buffer: 0,
            count: 0,
            padding: 0,
        }
    }

    /// Returns true if bits beyond the data were read.
    pub fn overread(&self) -> bool {
        self.count < self.padding
    }

    /// Continues after the next restart marker. Returns false if that is not RST`number`.
    pub fn restart(&mut self, number: u8) -> bool {
        (self.buffer, self.count, self.padding) = (0, 0, 0);
        let rest = self.data.get(self.at..).unwrap_or_default();
        match super::segments::next_marker(rest) {
            Some((marker, after)) if marker == 0xd0 + number => {
                self.at = self.data.len() - after.len();
                true
            }
            _ => false,
        }
    }

    /// Decodes a symbol; `None` if the next bits are not a code.
    #[inline]
    pub fn symbol(&mut self, table: &HuffmanTable) -> Option<u8> {
        self.need(16);
        let (length, symbol) = *table.lookup.get((self.buffer >> (64 - LOOKUP_BITS)) as usize)?;
        if length > 0 {
            self.drop(u32::from(length));
            return Some(symbol);
        }
        let bits = (self.buffer >> 48) as u32;
        let length = table.limits.iter().position(|limit| bits < *limit)?;
        let code = bits >> (15 - length);
        self.drop(length as u32 + 1);
        let index = code as i32 + table.offsets[length];
        table.values.get(usize::try_from(index).ok()?).copied()
    }

    /// Decodes a coefficient if its code and value fit into [`LOOKUP_BITS`].
    #[inline]
    pub fn short(&mut self, table: &HuffmanTable) -> Option<ShortCoefficient> {
        self.need(16);
        let short = *table.short.get((self.buffer >> (64 - LOOKUP_BITS)) as usize)?;
        if short.length == 0 {
            return None;
        }
        self.drop(u32::from(short.length));
        Some(short)
    }

    /// Reads `count` bits, at most 16, as an unsigned number.
    #[inline]
    pub fn number(&mut self, count: u8) -> i32 {
        if count == 0 {
            return 0;
        }
        self.need(u32::from(count));
        let bits = (self.buffer >> (64 - u32::from(count))) as i32;
        self.drop(u32::from(count));
        bits
    }

    /// Reads a coefficient of `size` bits (T.81, F.2.2.1, RECEIVE and EXTEND).
    #[inline]
    pub fn signed(&mut self, size: u8) -> i32 {
        if size == 0 {
            return 0;
        }
        let bits = self.number(size);
        extended(bits, size)
    }

    #[inline]
    fn drop(&mut self, count: u32) {
        self.buffer <<= count;
        self.count -= count;
    }

    #[inline]
    fn need(&mut self, count: u32) {
        if self.count < count {
            self.fill();
        }
    }

    fn fill(&mut self) {
        if let Some(four) = self.data.get(self.at..).and_then(<[u8]>::first_chunk::<4>)
            && !four.contains(&0xff)
        {
            self.buffer |= u64::from(u32::from_be_bytes(*four)) << (32 - self.count);
            self.count += 32;
            self.at += 4;
            return;
        }
        while self.count <= 32 {
            let byte = self.byte();
            if byte.is_none() {
                self.padding += 8;
            }
            self.buffer |= u64::from(byte.unwrap_or(0)) << (56 - self.count);
            self.count += 8;
        }
    }

    /// Returns the next byte without its stuffing; `None` at a marker and at the end.
    fn byte(&mut self) -> Option<u8> {
        let rest = self.data.get(self.at..)?;
        let fill = rest.iter().take_while(|byte| **byte == 0xff).count();
        match (fill, rest.get(fill)?) {
            (0, byte) => {
                self.at += 1;
                Some(*byte)
            }
            (_, 0) => {
                self.at += fill + 1;
                Some(0xff)
            }
            _ => None,
        }
    }
}
