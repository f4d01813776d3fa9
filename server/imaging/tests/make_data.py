"""Writes tests/data: a small file of each supported kind of image, by Pillow and OpenCV.

Needed only to regenerate the files: python make_data.py (Pillow 9.5, OpenCV 4.11, NumPy 1.26; profile-cmyk.jpg with
Pillow 13.0). The pixels follow the formulas of tests/common/mod.rs.
"""

import io
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

DATA = Path(__file__).parent / "data"
W, H = 13, 9
Y, X = np.mgrid[0:H, 0:W]

rgb = np.stack([X * 19 % 256, Y * 28 % 256, (X + Y) * 11 % 256], -1).astype(np.uint8)
alpha = (255 - X * Y * 2 % 256).astype(np.uint8)
gray = ((X * 19 + Y * 3) % 256).astype(np.uint8)
deep = np.stack([X * 4999 % 65536, Y * 7001 % 65536, (X + Y) * 3001 % 65536], -1).astype(np.uint16)
deep_alpha = (65535 - X * Y * 600 % 65536).astype(np.uint16)
index = ((X + Y) % 7).astype(np.uint8)
bits = ((X ^ Y) & 1).astype(np.uint8)
palette = [value for i in range(7) for value in (i * 40 % 256, 255 - i * 30, i * 17 % 256)]

RGB, GRAY = Image.fromarray(rgb), Image.fromarray(gray)
RGBA = Image.fromarray(np.dstack([rgb, alpha]), "RGBA")
LA = Image.merge("LA", [GRAY, Image.fromarray(alpha)])
GRAY16 = Image.fromarray(deep[..., 0])
PALETTE = Image.fromarray(index, "P")
PALETTE.putpalette(palette)
ONE = Image.fromarray(bits * 255).convert("1", dither=Image.Dither.NONE)
SECOND = Image.fromarray(255 - rgb)


def save(image, name, **options):
    image.save(DATA / name, **options)


def opencv(image, name, parameters=()):
    """Writes a file by OpenCV, which supports 16-bit colour and expects BGR."""
    order = [2, 1, 0] + ([3] if image.shape[2] == 4 else [])
    (DATA / name).write_bytes(cv2.imencode(Path(name).suffix, image[..., order], list(parameters))[1].tobytes())


def png():
    save(RGB, "rgb.png")
    save(RGBA, "rgba.png")
    save(GRAY, "gray.png")
    save(LA, "gray-alpha.png")
    save(GRAY16, "gray16.png")
    save(PALETTE, "palette.png", bits=4)
    save(PALETTE, "palette-alpha.png", transparency=bytes([0, 128, 255, 255, 255, 64]))
    save(ONE, "one-bit.png")
    save(GRAY, "gray-key.png", transparency=int(gray[0, 3]))
    save(RGB, "rgb-key.png", transparency=tuple(int(v) for v in rgb[2, 3]))
    save(RGB, "animated.png", save_all=True, append_images=[SECOND])
    opencv(deep, "rgb16.png")
    opencv(np.dstack([deep, deep_alpha]), "rgba16.png")
    text = PngImagePlugin.PngInfo()
    text.add_text("parameters", "a prompt, Größe 3", zip=True)
    text.add_text("Author", "somebody")
    text.add_itxt("Title", "Straße")
    text.add_itxt("XML:com.adobe.xmp", '<x:xmpmeta xmlns:x="adobe:ns:meta/" a:b="c" tiff:Orientation="3"/>')
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    save(RGB, "metadata.png", pnginfo=text, exif=exif, icc_profile=srgb, dpi=(300, 150))


def exif_with_thumbnail(orientation):
    thumbnail = io.BytesIO()
    RGB.save(thumbnail, "JPEG")
    jpeg = thumbnail.getvalue()
    first = [(0x010F, 2, 8, 80), (0x0112, 3, 1, orientation), (0x8769, 4, 1, 96)]
    exif = [(0x9003, 2, 20, 132), (0xA002, 4, 1, W), (0xA003, 4, 1, H)]
    second = [(0x0103, 3, 1, 6), (0x0201, 4, 1, 200), (0x0202, 4, 1, len(jpeg))]

    def directory(entries, following):
        body = b"".join(
            tag.to_bytes(2, "little") + kind.to_bytes(2, "little") + count.to_bytes(4, "little") + value.to_bytes(4, "little")
            for tag, kind, count, value in entries
        )
        return len(entries).to_bytes(2, "little") + body + following.to_bytes(4, "little")

    block = bytearray(b"II*\0\x08\0\0\0" + directory(first, 154))
    block = block.ljust(80, b"\0") + b"Cameras\0"
    block = block.ljust(96, b"\0") + directory(exif, 0)
    # The EXIF directory ends at 138, followed by its date.
    block = bytearray(bytes(block).replace((132).to_bytes(4, "little"), (224 + len(jpeg)).to_bytes(4, "little")))
    block = block.ljust(154, b"\0") + directory(second, 0)
    return b"Exif\0\0" + bytes(block.ljust(200, b"\0") + jpeg).ljust(224 + len(jpeg), b"\0") + b"2024:05:06 07:08:09\0"


def jpeg():
    smooth = Image.fromarray(np.stack([X * 15 + 20, Y * 20 + 30, 200 - X * 5], -1).astype(np.uint8))
    save(smooth, "rgb.jpg", quality=95, subsampling=0, dpi=(240, 240))
    save(smooth, "progressive.jpg", quality=95, progressive=True)
    save(Image.fromarray((X * 15 + Y * 5).astype(np.uint8)), "gray.jpg", quality=95)
    inks = np.stack([X * 15 + 20, Y * 20 + 30, 200 - X * 5, X * 3 + Y * 4], -1).astype(np.uint8)
    save(Image.fromarray(inks, "CMYK"), "cmyk.jpg", quality=95)
    for orientation in range(1, 9):
        save(smooth, f"orientation-{orientation}.jpg", quality=95, subsampling=0, exif=exif_with_thumbnail(orientation))


def webp():
    save(RGB, "rgb.webp", lossless=True)
    save(RGBA, "rgba.webp", lossless=True, exact=True)
    save(RGB, "animated.webp", lossless=True, save_all=True, append_images=[SECOND])
    save(Image.fromarray(np.stack([X * 15 + 20, Y * 20 + 30, 200 - X * 5], -1).astype(np.uint8)), "lossy.webp", quality=90)


def bmp_and_gif():
    save(RGB, "rgb.bmp", dpi=(300, 300))
    save(RGBA, "no-alpha.bmp")
    save(PALETTE, "palette.bmp")
    save(ONE, "one-bit.bmp")
    save(PALETTE, "palette.gif")
    save(PALETTE, "palette-alpha.gif", transparency=3)
    other = PALETTE.copy()
    other.putdata(list((6 - index).flatten()))
    save(PALETTE, "animated.gif", save_all=True, append_images=[other])


def tiff():
    save(RGB, "rgb.tiff", dpi=(300, 300))
    save(RGB, "rgb-lzw.tiff", compression="tiff_lzw")
    save(RGBA, "rgba.tiff", compression="tiff_adobe_deflate")
    save(GRAY, "gray.tiff", tiffinfo={274: 6, 315: "Somebody", 270: "A picture"})
    save(LA, "gray-alpha.tiff")
    save(GRAY16, "gray16.tiff")
    save(PALETTE, "palette.tiff")
    save(ONE, "one-bit.tiff")
    save(ONE, "fax.tiff", compression="group4")
    save(Image.merge("CMYK", [RGB.getchannel(0), RGB.getchannel(1), RGB.getchannel(2), GRAY]), "cmyk.tiff")
    smooth = np.stack([X * 15 + 20, Y * 20 + 30, 200 - X * 5], -1).astype(np.uint8)
    save(Image.fromarray(smooth), "jpeg.tiff", compression="jpeg")
    ycc = Image.fromarray(smooth).convert("YCbCr")
    save(ycc, "ycbcr.tiff")
    save(RGB, "pages.tiff", save_all=True, append_images=[SECOND])
    opencv(deep, "rgb16.tiff", (cv2.IMWRITE_TIFF_COMPRESSION, 1))
    opencv(np.dstack([deep, deep_alpha]), "rgba16.tiff")


def profile(space, tags):
    """Returns an ICC profile of version 2 (ICC.1:2001) from the bytes of its tags."""
    table, body, offset = b"", b"", 132 + 12 * len(tags)
    for name, data in tags:
        data += b"\0" * (-len(data) % 4)
        table += name + offset.to_bytes(4, "big") + len(data).to_bytes(4, "big")
        body, offset = body + data, offset + len(data)
    pcs = b"Lab " if space == b"CMYK" else b"XYZ "
    header = offset.to_bytes(4, "big") + b"\0" * 4 + b"\x02\x10\0\0" + (b"prtr" if space == b"CMYK" else b"mntr")
    header += space + pcs + bytes.fromhex("07e800010001000000000000") + b"acsp" + b"\0" * 28
    header += bytes.fromhex("0000f6d6000100000000d32d")
    return header.ljust(128, b"\0") + len(tags).to_bytes(4, "big") + table + body


def text(value):
    return b"desc\0\0\0\0" + (len(value) + 1).to_bytes(4, "big") + value + b"\0" * 79


WHITE = b"XYZ \0\0\0\0" + bytes.fromhex("0000f6d6000100000000d32d")


def gray_profile():
    """Returns a profile with gamma 1.0, which differs clearly from sRGB."""
    return profile(b"GRAY", [(b"desc", text(b"linear gray")), (b"wtpt", WHITE), (b"kTRC", b"curv" + b"\0" * 8)])


def cmyk_profile():
    """Returns a profile with a table of 3^4 points: lightness falls with every ink, a and b follow the inks' hues."""
    ramp = bytes(range(256))
    table = b"mft1\0\0\0\0" + bytes([4, 3, 3, 0])
    table += b"".join(int(v * 65536).to_bytes(4, "big") for v in (1, 0, 0, 0, 1, 0, 0, 0, 1)) + ramp * 4
    for c, m, y, k in np.ndindex(3, 3, 3, 3):
        c, m, y, k = c / 2, m / 2, y / 2, k / 2
        light = 255 * (1 - 0.35 * c) * (1 - 0.45 * m) * (1 - 0.08 * y) * (1 - 0.9 * k)
        a, b = (1 - k) * (70 * m - 35 * c), (1 - k) * (85 * y - 45 * c - 5 * m)
        table += bytes(int(round(min(max(v, 0), 255))) for v in (light, a + 128, b + 128))
    table += ramp * 3
    return profile(b"CMYK", [(b"desc", text(b"inks")), (b"wtpt", WHITE), (b"A2B0", table)])


# Linear sRGB to XYZ with the white point D50 (IEC 61966-2-1, adapted by Bradford's method), and D50.
TO_XYZ = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])
D50 = np.array([0.9642, 1.0, 0.8249])


def lab_of_rgb(rgb):
    """Converts sRGB, 0 to 1, to CIELab."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    ratio = linear @ TO_XYZ.T / D50
    x, y, z = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def rgb_of_lab(lab):
    """Converts CIELab to sRGB, clipped to 0 to 1."""
    y = (lab[:, 0] + 16) / 116
    root = np.stack([y + lab[:, 1] / 500, y, y - lab[:, 2] / 200], -1)
    ratio = np.where(root > 6 / 29, root**3, (116 * root - 16) * 27 / 24389)
    linear = (ratio * D50 @ np.linalg.inv(TO_XYZ).T).clip(0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def lut8(inputs, outputs, points, values):
    """Returns a `lut8Type` of `points` per input, from values 0 to 255."""
    ramp = bytes(range(256))
    table = b"mft1\0\0\0\0" + bytes([inputs, outputs, points, 0])
    table += b"".join(int(v * 65536).to_bytes(4, "big") for v in (1, 0, 0, 0, 1, 0, 0, 0, 1)) + ramp * inputs
    return table + values.round().clip(0, 255).astype(np.uint8).tobytes() + ramp * outputs


def both_ways_profile():
    """Returns a CMYK profile with tables in both directions: R = (1 - C)(1 - K), with 80 % of the possible black."""
    inks = np.stack(np.meshgrid(*[np.linspace(0, 1, 7)] * 4, indexing="ij"), -1).reshape(-1, 4)
    lab = lab_of_rgb((1 - inks[:, :3]) * (1 - inks[:, 3:]))
    to_lab = lut8(4, 3, 7, lab * [2.55, 1, 1] + [0, 128, 128])
    grid = np.stack(np.meshgrid(*[np.linspace(0, 255, 13)] * 3, indexing="ij"), -1).reshape(-1, 3)
    rgb = rgb_of_lab((grid - [0, 128, 128]) / [2.55, 1, 1])
    black = 0.8 * (1 - rgb.max(axis=1, keepdims=True))
    to_inks = lut8(3, 4, 13, 255 * np.concatenate([1 - rgb / (1 - black), black], axis=1))
    return profile(b"CMYK", [(b"desc", text(b"inks")), (b"wtpt", WHITE), (b"A2B0", to_lab), (b"B2A0", to_inks)])


def managed():
    """Writes files with profiles that RGB output can't contain, and Little CMS's conversion of the CMYK file as PNG."""
    for kind in ("png", "tiff"):
        save(GRAY, f"profile-gray.{kind}", icc_profile=gray_profile())
    icc = cmyk_profile()
    inks = np.stack([X * 20, Y * 30, (X + Y) * 11, X * 7], -1).astype(np.uint8)
    image = Image.fromarray(inks, "CMYK")
    save(image, "profile-cmyk.tiff", icc_profile=icc)
    source, srgb = ImageCms.ImageCmsProfile(io.BytesIO(icc)), ImageCms.createProfile("sRGB")
    transform = ImageCms.buildTransform(source, srgb, "CMYK", "RGB", renderingIntent=0)
    save(ImageCms.applyTransform(image, transform), "profile-cmyk.srgb.png")
    y, x = np.mgrid[0:34, 0:45]
    inks = np.stack([x * 4, y * 5, 120 + (x + y), 30 + x], -1).astype(np.uint8)
    save(Image.fromarray(inks, "CMYK"), "profile-cmyk.jpg", quality=92, icc_profile=both_ways_profile())


if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    for make in (png, jpeg, webp, bmp_and_gif, tiff, managed):
        make()
