//! XMP packets: only what lies or leaks is cut out, the rest stays byte for byte (ISO 16684-1).

/// Properties whose value holds for the pixels as they were: orientation, size, embedded pictures and pointers to
/// pictures that followed in the file.
const STALE: [&str; 17] = [
    "tiff:Orientation",
    "tiff:ImageWidth",
    "tiff:ImageLength",
    "exif:PixelXDimension",
    "exif:PixelYDimension",
    "xmp:Thumbnails",
    "xap:Thumbnails",
    "xmpGImg:image",
    "xapGImg:image",
    "GImage:Data",
    "GDepth:Data",
    "GDepth:Confidence",
    "GCamera:MotionPhoto",
    "GCamera:MicroVideo",
    "Container:Directory",
    "xmpNote:HasExtendedXMP",
    "hdrgm:Version",
];

/// The value of `tiff:Orientation`, 1 to 8, written as an attribute or as an element.
pub(crate) fn orientation(packet: &[u8]) -> Option<u8> {
    let packet = std::str::from_utf8(packet).ok()?;
    let (_, after) = packet.split_once("tiff:Orientation")?;
    let value = after.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '=' | '"' | '\'' | '>'));
    let digit = value.bytes().next()?.checked_sub(b'0')?;
    (1..=8).contains(&digit).then_some(digit)
}

/// The packet without stale properties; `None` where it can't be read well enough to clean it.
pub(crate) fn cleaned(packet: &[u8]) -> Option<Vec<u8>> {
    let mut packet = std::str::from_utf8(packet).ok()?.to_owned();
    for name in STALE {
        packet = without_elements(&packet, name)?;
        packet = without_attributes(&packet, name)?;
    }
    Some(packet.into_bytes())
}

/// Cuts `<name ...>...</name>` and `<name .../>`.
fn without_elements(packet: &str, name: &str) -> Option<String> {
    let open = format!("<{name}");
    let close = format!("</{name}>");
    let mut kept = String::with_capacity(packet.len());
    let mut rest = packet;
    while let Some((before, element)) = rest.split_once(open.as_str()) {
        kept.push_str(before);
        if !element.starts_with(|c: char| c.is_whitespace() || matches!(c, '>' | '/')) {
            kept.push_str(&open);
            rest = element;
            continue;
        }
        let (tag, content) = element.split_once('>')?;
        rest = if tag.ends_with('/') {
            content
        } else {
            content.split_once(close.as_str())?.1
        };
    }
    kept.push_str(rest);
    Some(kept)
}

/// Cuts ` name="..."`.
fn without_attributes(packet: &str, name: &str) -> Option<String> {
    let mut kept = String::with_capacity(packet.len());
    let mut rest = packet;
    while let Some((before, attribute)) = rest.split_once(name) {
        let value = attribute.trim_start().strip_prefix('=').map(str::trim_start);
        let quoted = value.filter(|_| before.ends_with(char::is_whitespace));
        if let Some(quote) = quoted
            .and_then(|value| value.chars().next())
            .filter(|c| matches!(c, '"' | '\''))
        {
            kept.push_str(before.trim_end());
            rest = quoted?.get(1..)?.split_once(quote)?.1;
        } else {
            kept.push_str(before);
            kept.push_str(name);
            rest = attribute;
        }
    }
    kept.push_str(rest);
    Some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: &str = r#"<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>
 <rdf:Description rdf:about="" tiff:Orientation="6" dc:format='image/jpeg'
   xmpNote:HasExtendedXMP = '0123'>
  <xmp:Thumbnails><rdf:Alt><rdf:li xapGImg:image="/9j/4AAQ"/></rdf:Alt></xmp:Thumbnails>
  <dc:title>Straße</dc:title><tiff:ImageWidth>12</tiff:ImageWidth><tiff:ImageLength/>
 </rdf:Description></rdf:RDF></x:xmpmeta>"#;

    #[test]
    fn orientation_and_pictures_leave_the_packet_and_the_rest_stays() {
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
    fn orientation_is_read_from_an_attribute_and_from_an_element() {
        assert_eq!(orientation(PACKET.as_bytes()), Some(6));
        assert_eq!(orientation(b"<tiff:Orientation>8</tiff:Orientation>"), Some(8));
        assert_eq!(orientation(b"<tiff:Orientation>9</tiff:Orientation>"), None);
        assert_eq!(orientation(b""), None);
    }

    #[test]
    fn a_packet_that_cannot_be_read_is_dropped_whole() {
        assert_eq!(cleaned(b"<xmp:Thumbnails><rdf:Alt>"), None);
        assert_eq!(cleaned(&[0xff, 0xfe, b'<']), None);
    }
}
