//! The chunks of a WebP file (RFC 9649, section 2).

/// Flags of the `VP8X` chunk.
pub(super) const ANIMATION: u8 = 0x02;
pub(super) const XMP: u8 = 0x04;
pub(super) const EXIF: u8 = 0x08;
pub(super) const ALPHA: u8 = 0x10;
pub(super) const ICC: u8 = 0x20;

const RIFF_HEADER: usize = 12;
const FRAME_HEADER: usize = 16;

/// Name and payload of a chunk.
type Chunk<'a> = ([u8; 4], &'a [u8]);

/// Returns the file's complete chunks, up to the size in its header unless that is invalid.
pub(super) fn chunks(bytes: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    let size = bytes.get(4..).and_then(<[u8]>::first_chunk);
    let end = size.map_or(0, |size| (u32::from_le_bytes(*size) as usize).saturating_add(8));
    let end = if (RIFF_HEADER + 8..bytes.len()).contains(&end) {
        end
    } else {
        bytes.len()
    };
    sequence(bytes.get(RIFF_HEADER..end).unwrap_or_default())
}

fn sequence(mut rest: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    std::iter::from_fn(move || {
        let (header, after) = rest.split_first_chunk::<8>()?;
        let [name @ .., s0, s1, s2, s3] = header;
        let length = u32::from_le_bytes([*s0, *s1, *s2, *s3]) as usize;
        let payload = after.get(..length)?;
        rest = after.get(length + length % 2..).unwrap_or_default();
        Some((*name, payload))
    })
}

/// The `VP8X` chunk: feature flags and the size of the canvas.
#[derive(Clone, Copy)]
pub(super) struct ExtendedHeader {
    pub flags: u8,
    pub canvas: (u32, u32),
}

impl ExtendedHeader {
    /// Reads the first chunk; `None` for files without a `VP8X` chunk.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (_, payload) = chunks(bytes).next().filter(|(name, _)| name == b"VP8X")?;
        Some(Self {
            flags: *payload.first()?,
            canvas: (le24(payload, 4)? + 1, le24(payload, 7)? + 1),
        })
    }
}

/// Returns the payload of the first chunk called `name`, if the file declares it by `flag`. `libwebp` ignores
/// chunks without their flag.
pub(super) fn declared(bytes: &[u8], flag: u8, name: [u8; 4]) -> Option<&[u8]> {
    ExtendedHeader::read(bytes).filter(|extended| extended.flags & flag != 0)?;
    chunks(bytes)
        .find(|(found, _)| *found == name)
        .map(|(_, payload)| payload)
}

/// One compressed image.
#[derive(Clone, Copy)]
pub(super) struct EncodedImage<'a> {
    /// `VP8 ` or `VP8L`, with payload.
    bitstream: Chunk<'a>,
    /// The payload of `ALPH`, which accompanies `VP8 ` only.
    alpha: Option<&'a [u8]>,
}

impl<'a> EncodedImage<'a> {
    /// Returns the first image among `chunks`. Ignores an alpha plane if the file lacks the flag for it, as
    /// `libwebp` does.
    fn first(chunks: impl Iterator<Item = Chunk<'a>>, has_alpha: bool) -> Option<Self> {
        let mut alpha = None;
        for (name, payload) in chunks {
            match &name {
                b"ALPH" => alpha = alpha.or(Some(payload)),
                b"VP8 " | b"VP8L" => {
                    return Some(Self {
                        bitstream: (name, payload),
                        alpha: alpha.filter(|_| has_alpha && &name == b"VP8 "),
                    });
                }
                _ => {}
            }
        }
        None
    }

    /// Returns width and height from the bitstream's header (RFC 6386, 9.1; RFC 9649, 3.4).
    pub fn size(&self) -> Option<(u32, u32)> {
        let (name, payload) = self.bitstream;
        if &name == b"VP8L" {
            let packed = u32::from_le_bytes(*payload.get(1..)?.first_chunk()?);
            return Some(((packed & 0x3fff) + 1, (packed >> 14 & 0x3fff) + 1));
        }
        let [w0, w1, h0, h1] = *payload.get(6..)?.first_chunk()?;
        let side = |bytes| u32::from(u16::from_le_bytes(bytes) & 0x3fff);
        Some((side([w0, w1]), side([h0, h1])))
    }

    /// Returns a file that contains only this image, without metadata and animation.
    pub fn to_file(self, (width, height): (u32, u32)) -> Vec<u8> {
        let mut file = b"RIFF\0\0\0\0WEBP".to_vec();
        if let Some(alpha) = self.alpha {
            let side = |length: u32| length.wrapping_sub(1).to_le_bytes();
            let ([w0, w1, w2, _], [h0, h1, h2, _]) = (side(width), side(height));
            append(&mut file, *b"VP8X", &[ALPHA, 0, 0, 0, w0, w1, w2, h0, h1, h2]);
            append(&mut file, *b"ALPH", alpha);
        }
        append(&mut file, self.bitstream.0, self.bitstream.1);
        let size = (file.len() - 8) as u32;
        if let Some(stored_size) = file.get_mut(4..8) {
            stored_size.copy_from_slice(&size.to_le_bytes());
        }
        file
    }
}

fn append(file: &mut Vec<u8>, name: [u8; 4], payload: &[u8]) {
    file.extend(name);
    file.extend((payload.len() as u32).to_le_bytes());
    file.extend(payload);
    file.resize(file.len() + payload.len() % 2, 0);
}

/// An image and its position on the canvas: the file's still image, or an animation's first frame.
#[derive(Clone, Copy)]
pub(super) struct CanvasFrame<'a> {
    pub image: EncodedImage<'a>,
    /// The size in the container; `None` for a still image without a `VP8X` chunk.
    pub size: Option<(u32, u32)>,
    pub offset: (u32, u32),
    /// False for a frame of an animation without the alpha flag, whose alpha is ignored.
    pub has_alpha: bool,
}

impl<'a> CanvasFrame<'a> {
    pub fn first(bytes: &'a [u8]) -> Option<Self> {
        let extended = ExtendedHeader::read(bytes);
        let has_alpha = extended.is_none_or(|extended| extended.flags & ALPHA != 0);
        let still = || {
            Some(Self {
                image: EncodedImage::first(chunks(bytes), has_alpha)?,
                size: extended.map(|extended| extended.canvas),
                offset: (0, 0),
                has_alpha: true,
            })
        };
        let animated = || {
            let (_, payload) = chunks(bytes).find(|(name, _)| name == b"ANMF")?;
            Some(Self {
                image: EncodedImage::first(sequence(payload.get(FRAME_HEADER..)?), has_alpha)?,
                size: Some((le24(payload, 6)? + 1, le24(payload, 9)? + 1)),
                offset: (le24(payload, 0)? * 2, le24(payload, 3)? * 2),
                has_alpha,
            })
        };
        if extended.is_some_and(|extended| extended.flags & ANIMATION != 0) {
            animated().or_else(still)
        } else {
            still().or_else(animated)
        }
    }
}

fn le24(bytes: &[u8], at: usize) -> Option<u32> {
    let [a, b, c] = *bytes.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes([a, b, c, 0]))
}
