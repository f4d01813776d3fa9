"""Random texts in many scripts: letters that a font has, whatever its script."""

from __future__ import annotations

import random
import unicodedata
from pathlib import Path

from fontTools.ttLib import TTFont
from PIL import ImageFont

# Fonts of the evaluation scenes (models/eval/text/scenes.py), which training doesn't see.
HELD_OUT = (
    "DejaVuSans.ttf",
    "DejaVuSans-Bold.ttf",
    "DejaVuSerif.ttf",
    "NotoSans-Bold.ttf",
    "NotoSerif-Regular.ttf",
    "NotoNaskhArabic-Regular.ttf",
    "NotoKufiArabic-Bold.ttf",
    "NotoSansArabic-Regular.ttf",
    "NotoSansDevanagari-Regular.ttf",
    "NotoSerifDevanagari-Bold.ttf",
    "NotoSansThai-Regular.ttf",
    "NotoSerifThai-Bold.ttf",
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJK-Bold.ttc",
    "NotoSerifCJK-Regular.ttc",
    "NotoSerifCJK-Bold.ttc",
)
# Formats of font files.
SUFFIXES = (".ttf", ".otf", ".ttc")
# Shares of texts in fonts of Latin, Greek and Cyrillic letters, and in those of Chinese, Japanese and Korean.
WESTERN_SHARE, CJK_SHARE = 0.45, 0.2
# Letters of which a font for Chinese, Japanese or Korean has one.
CJK_LETTERS = "的の한"
# Fewest letters of a usable font.
MIN_LETTERS = 20
# Length of a run of neighbouring characters of a font from which one text takes its letters: about one script.
SCRIPT_RUN = 120


class Face:
    """A font file and the letters that it has."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # Collections hold several fonts, of which the first is used.
        characters = sorted(TTFont(path, lazy=True, fontNumber=0).getBestCmap() or ())
        self.letters = [chr(code) for code in characters if unicodedata.category(chr(code)) in ("Lu", "Ll", "Lo")]
        self.marks = [chr(code) for code in characters if unicodedata.category(chr(code)) in ("Mn", "Mc")]
        self.digits = [letter for letter in "0123456789.,:!?%&@©-/" if ord(letter) in characters]

    def text(self, rng: random.Random) -> str:
        """Returns one to four words."""
        start = rng.randrange(max(1, len(self.letters) - SCRIPT_RUN))
        letters = self.letters[start : start + SCRIPT_RUN]
        words = []
        for _ in range(rng.choice((1, 1, 2, 2, 3, 4))):
            if self.digits and rng.random() < 0.15:
                words.append("".join(rng.choices(self.digits, k=rng.randint(1, 6))))
                continue
            word = rng.choices(letters, k=rng.randint(1, 9))
            if self.marks and rng.random() < 0.5:
                word = [letter + (rng.choice(self.marks) if rng.random() < 0.4 else "") for letter in word]
            joined = "".join(word)
            words.append(rng.choice((joined, joined, joined.upper(), joined.lower())))
        return " ".join(words)


class Fonts:
    """The usable fonts of a folder, by script."""

    def __init__(self, folder: Path) -> None:
        paths = [path for path in sorted(folder.rglob("*")) if path.suffix in SUFFIXES and path.name not in HELD_OUT]
        found = [face for face in map(Face, paths) if len(face.letters) >= MIN_LETTERS]
        self.cjk = [face for face in found if any(letter in face.letters for letter in CJK_LETTERS)]
        found = [face for face in found if face not in self.cjk]
        self.western = [face for face in found if is_western(face)]
        self.others = [face for face in found if face not in self.western]

    def random_text(self, rng: random.Random, size: int) -> tuple[str, ImageFont.FreeTypeFont]:
        share = rng.random()
        western, cjk = share < WESTERN_SHARE, share < WESTERN_SHARE + CJK_SHARE
        face = rng.choice(self.western if western else self.cjk if cjk else self.others)
        return face.text(rng), ImageFont.truetype(str(face.path), size)


def is_western(face: Face) -> bool:
    """Returns true if most letters of a font are Latin, or if it has Latin and Cyrillic ones."""
    latin = sum(unicodedata.name(letter, "").startswith("LATIN") for letter in face.letters)
    return "a" in face.letters and ("я" in face.letters or 2 * latin > len(face.letters))
