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
)
# Share of texts in fonts of Latin, Greek and Cyrillic letters.
WESTERN_SHARE = 0.4
# Fewest letters of a usable font.
MIN_LETTERS = 20
# Length of a run of neighbouring characters of a font from which one text takes its letters: about one script.
SCRIPT_RUN = 120


class Face:
    """A font file and the letters that it has."""

    def __init__(self, path: Path) -> None:
        self.path = path
        characters = sorted(TTFont(path, lazy=True).getBestCmap())
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


def faces(folder: Path) -> tuple[list[Face], list[Face]]:
    """Returns the fonts for Western scripts, and all others."""
    paths = [path for path in sorted(folder.rglob("*.ttf")) if path.name not in HELD_OUT]
    found = [face for face in map(Face, paths) if len(face.letters) >= MIN_LETTERS]
    western = [face for face in found if "a" in face.letters and "я" in face.letters]
    return western, [face for face in found if face not in western]


def random_text(
    rng: random.Random, western: list[Face], others: list[Face], size: int
) -> tuple[str, ImageFont.FreeTypeFont]:
    face = rng.choice(western if rng.random() < WESTERN_SHARE else others)
    return face.text(rng), ImageFont.truetype(str(face.path), size)
