//! Cleaning of XMP packets (ISO 16684-1): properties that contradict the edited picture are removed, all
//! other bytes are kept. Properties are matched by namespace URI, under any prefix.

use std::{borrow::Cow, ops::Range};

use roxmltree::{Document, Error, Node, ParsingOptions};

const TIFF: &str = "http://ns.adobe.com/tiff/1.0/";
const EXIF: &str = "http://ns.adobe.com/exif/1.0/";
const XMP: &str = "http://ns.adobe.com/xap/1.0/";
const NOTE: &str = "http://ns.adobe.com/xmp/note/";
const PREVIEW: &str = "http://ns.adobe.com/xap/1.0/g/img/";
const GAIN_MAP: &str = "http://ns.adobe.com/hdr-gain-map/1.0/";
/// Properties of the original file that don't apply to the result: orientation, size, embedded previews, and
/// the reference to the extended packet, which is not written.
const STALE: [(&str, &str); 7] = [
    (TIFF, "Orientation"),
    (TIFF, "ImageWidth"),
    (TIFF, "ImageLength"),
    (EXIF, "PixelXDimension"),
    (EXIF, "PixelYDimension"),
    (XMP, "Thumbnails"),
    (NOTE, "HasExtendedXMP"),
];
/// Namespaces that describe data after the picture in the file (gain maps, depth maps, further pictures),
/// which is not written.
const STALE_NAMESPACES: [&str; 7] = [
    PREVIEW,
    GAIN_MAP,
    "http://ns.apple.com/HDRGainMap/1.0/",
    "http://ns.apple.com/pixeldatainfo/1.0/",
    "http://ns.apple.com/depthData/1.0/",
    "http://ns.apple.com/depthBlurEffect/1.0/",
    "http://ns.apple.com/portraitEffectsMatte/1.0/",
];
/// A substring of the URIs of Google's schemas for motion photos, containers and depth, and of schemas
/// derived from them, such as `http://ns.google.com/photos/1.0/camera/`.
const PHOTOS: &str = "/photos/";
/// Schemas among these that remain valid after an edit: the projection of a panorama, the type of a collage.
const PHOTOS_KEPT: [&str; 2] = [
    "http://ns.google.com/photos/1.0/panorama/",
    "http://ns.google.com/photos/1.0/creations/",
];
/// Namespaces of prefixes that packets use without a declaration.
const USUAL_PREFIXES: [(&str, &str); 13] = [
    ("tiff", TIFF),
    ("exif", EXIF),
    ("xmp", XMP),
    ("xap", XMP),
    ("xmpNote", NOTE),
    ("xmpGImg", PREVIEW),
    ("xapGImg", PREVIEW),
    ("GImage", "http://ns.google.com/photos/1.0/image/"),
    ("GDepth", "http://ns.google.com/photos/1.0/depthmap/"),
    ("GCamera", "http://ns.google.com/photos/1.0/camera/"),
    ("Camera", "http://ns.google.com/photos/1.0/camera/"),
    ("Container", "http://ns.google.com/photos/1.0/container/"),
    ("hdrgm", GAIN_MAP),
];
/// The most undeclared prefixes in a packet; packets with more are dropped.
const MAX_UNDECLARED: usize = 32;
/// The most elements and texts in a packet, each of which takes about 100 bytes of memory; packets with more
/// are dropped.
const MAX_NODES: u32 = 250_000;

/// Returns the value of `tiff:Orientation`, 1 to 8, from an attribute or an element. In packets that aren't
/// well-formed, searches for the prefix `tiff`, as Pillow does.
pub(crate) fn orientation(packet: &[u8]) -> Option<u64> {
    let text = decoded(packet)?;
    let declared = DeclaredPacket::new(&text);
    let document = declared.as_ref().and_then(|declared| parse(&declared.text).ok());
    let value = match document {
        Some(document) => document.descendants().find_map(|node| {
            if node.has_tag_name((TIFF, "Orientation")) {
                return digit(node.text()?);
            }
            digit(node.attribute((TIFF, "Orientation"))?)
        }),
        None => text.split("tiff:Orientation").skip(1).find_map(|after| {
            let value = after.trim_start().strip_prefix(['=', '>'])?.trim_start();
            digit(value.trim_start_matches(['"', '\'']).get(..1)?)
        }),
    };
    value.filter(|value| (1..=8).contains(value))
}

fn digit(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// Returns the packet, as UTF-8, without stale properties; `None` if it is not well-formed.
pub(crate) fn cleaned(packet: &[u8]) -> Option<Vec<u8>> {
    let DeclaredPacket { text, inserted } = DeclaredPacket::new(&decoded(packet)?)?;
    let document = parse(&text).ok()?;
    let mut cuts = vec![inserted];
    for node in document.descendants().filter(Node::is_element) {
        let name = node.tag_name();
        if is_stale(name.namespace(), name.name()) {
            cuts.push(node.range());
            continue;
        }
        for attribute in node.attributes() {
            if is_stale(attribute.namespace(), attribute.name()) {
                cuts.push(with_space_before(&text, attribute.range()));
            }
        }
        declarations(&text, node, &mut cuts);
    }
    cuts.sort_by_key(|cut| (cut.start, cut.end));
    let mut kept = Vec::with_capacity(text.len());
    let mut at = 0;
    for cut in cuts {
        // Empty for a cut inside an element that is removed as a whole.
        kept.extend_from_slice(text.get(at..cut.start).unwrap_or_default().as_bytes());
        at = at.max(cut.end);
    }
    kept.extend_from_slice(text.get(at..)?.as_bytes());
    Some(kept)
}

fn is_stale(namespace: Option<&str>, name: &str) -> bool {
    namespace.is_some_and(|uri| is_stale_namespace(uri) || STALE.contains(&(uri, name)))
}

fn is_stale_namespace(uri: &str) -> bool {
    STALE_NAMESPACES.contains(&uri) || (uri.contains(PHOTOS) && !PHOTOS_KEPT.contains(&uri))
}

/// Adds the ranges of an element's declarations of stale namespaces to `cuts`. The parser doesn't return
/// their positions.
fn declarations(text: &str, node: Node<'_, '_>, cuts: &mut Vec<Range<usize>>) {
    let mut at = node.range().start;
    while let Some(found) = next_attribute(text, at) {
        let attribute = text.get(found.clone()).unwrap_or_default();
        at = found.end;
        let declared = attribute
            .strip_prefix("xmlns:")
            .and_then(|declaration| declaration.split_once('='))
            .map(|(_prefix, value)| value.trim().trim_matches(['"', '\'']));
        if declared.is_some_and(is_stale_namespace) {
            cuts.push(with_space_before(text, found));
        }
    }
}

/// Returns the range of the next attribute at or after `at` in a well-formed start tag.
fn next_attribute(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = text.get(at..)?;
    let space = rest.find(|c: char| c.is_ascii_whitespace() || c == '>')?;
    let start = space + rest.get(space..)?.find(|c: char| !c.is_ascii_whitespace())?;
    let attribute = rest.get(start..)?;
    if attribute.starts_with(['>', '/']) {
        return None;
    }
    let open = attribute.find(['"', '\''])?;
    let quote = attribute.get(open..)?.chars().next()?;
    let close = open + 1 + attribute.get(open + 1..)?.find(quote)?;
    Some(at + start..at + start + close + 1)
}

fn with_space_before(text: &str, range: Range<usize>) -> Range<usize> {
    let before = text.get(..range.start).unwrap_or_default();
    before.trim_end().len()..range.end
}

/// A well-formed packet with declarations for all prefixes.
struct DeclaredPacket {
    text: String,
    /// The range of declarations that were missing and were inserted into the root element.
    inserted: Range<usize>,
}

impl DeclaredPacket {
    fn new(packet: &str) -> Option<Self> {
        let mut text = packet.to_owned();
        let mut inserted = 0..0;
        for _ in 0..=MAX_UNDECLARED {
            let prefix = match parse(&text) {
                Ok(_) => return Some(Self { text, inserted }),
                Err(Error::UnknownNamespace(prefix, _)) => prefix,
                Err(_) => return None,
            };
            if inserted.is_empty() {
                let at = end_of_root_name(&text)?;
                inserted = at..at;
            }
            let usual = USUAL_PREFIXES.iter().find(|(name, _)| *name == prefix);
            let uri = usual.map_or_else(
                || format!("urn:undeclared:{prefix}"),
                |(_, uri)| (*uri).to_owned(),
            );
            let declaration = format!(" xmlns:{prefix}=\"{uri}\"");
            text.insert_str(inserted.end, &declaration);
            inserted.end += declaration.len();
        }
        None
    }
}

fn end_of_root_name(text: &str) -> Option<usize> {
    let is_name = |c: char| c.is_alphabetic() || c == '_';
    let start = text
        .match_indices('<')
        .map(|(at, _)| at + 1)
        .find(|at| text.get(*at..).is_some_and(|rest| rest.starts_with(is_name)))?;
    let length = text
        .get(start..)?
        .find(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/'))?;
    Some(start + length)
}

fn parse(text: &str) -> Result<Document<'_>, Error> {
    let options = ParsingOptions {
        nodes_limit: MAX_NODES,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options)
}

/// Returns the packet as text, without trailing zero bytes. Supports UTF-8 and UTF-16, but not UTF-32.
fn decoded(packet: &[u8]) -> Option<Cow<'_, str>> {
    let units = |read: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = packet.as_chunks().0.iter().map(|pair| read(*pair)).collect();
        String::from_utf16(&units).ok()
    };
    match packet {
        [0xfe, 0xff, ..] | [0, b'<', ..] => units(u16::from_be_bytes).map(Cow::Owned),
        [0xff, 0xfe, ..] | [b'<', 0, ..] => units(u16::from_le_bytes).map(Cow::Owned),
        _ => std::str::from_utf8(packet).ok().map(Cow::Borrowed),
    }
    .map(|text| match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_end_matches('\0')),
        Cow::Owned(text) => Cow::Owned(text.trim_end_matches('\0').to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: &str = r#"<x:xmpmeta xmlns:x="adobe:ns:meta/"
   xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
   xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
   xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmlns:xapGImg="http://ns.adobe.com/xap/1.0/g/img/"><rdf:RDF>
 <rdf:Description rdf:about="" tiff:Orientation="6" dc:format='image/jpeg'
   xmpNote:HasExtendedXMP = '0123'>
  <xmp:Thumbnails><rdf:Alt><rdf:li xapGImg:image="/9j/4AAQ"/></rdf:Alt></xmp:Thumbnails>
  <dc:title>Straße</dc:title><tiff:ImageWidth>12</tiff:ImageWidth><tiff:ImageLength/>
 </rdf:Description></rdf:RDF></x:xmpmeta>"#;

    #[test]
    fn stale_properties_are_removed() {
        let kept = String::from_utf8(cleaned(PACKET.as_bytes()).unwrap()).unwrap();
        for gone in [
            "Orientation",
            "Thumbnails",
            "/9j/",
            "ImageWidth",
            "ImageLength",
            "HasExtendedXMP",
        ] {
            assert!(!kept.contains(gone), "{gone} in {kept}");
        }
        for stays in [
            "dc:format='image/jpeg'",
            "<dc:title>Straße</dc:title>",
            "rdf:about=\"\"",
            "</x:xmpmeta>",
        ] {
            assert!(kept.contains(stays), "{stays} not in {kept}");
        }
    }

    #[test]
    fn orientation_is_read_from_attribute_or_element() {
        assert_eq!(orientation(PACKET.as_bytes()), Some(6));
        assert_eq!(orientation(b"<tiff:Orientation>8</tiff:Orientation>"), Some(8));
        assert_eq!(orientation(b"<tiff:Orientation>9</tiff:Orientation>"), None);
        assert_eq!(orientation(b""), None);
    }

    #[test]
    fn invalid_packet_is_dropped() {
        assert_eq!(cleaned(b"<xmp:Thumbnails><rdf:Alt>"), None);
        assert_eq!(cleaned(&[0xff, 0xfe, b'<']), None);
    }
}
