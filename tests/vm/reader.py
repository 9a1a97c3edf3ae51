"""Reads what stands on the screen: our words and digits, from pixels alone.

Shares nothing with the code that draws them but the font's files: each
character is drawn by PIL, much larger, and made small again at every fraction
of a pixel; the one that fits the ink best is what was read.
"""
import functools

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from drive import Failure

INTER = "/usr/share/fonts/opentype/inter/Inter-%s.otf"
FINE = 8  # fractions of a pixel
DIGITS = "0123456789"


def rgb(colour):
    return np.array([colour >> 16, colour >> 8 & 255, colour & 255], float)


def ink_of(picture, box, ground, ink):
    """How much ink each pixel of box has, 0..1; others than these two: 0."""
    pixels = np.asarray(picture.crop(box), float)
    way = rgb(ink) - rgb(ground)
    cover = (pixels - rgb(ground)) @ way / (way @ way)
    off = np.abs(pixels - rgb(ground) - cover[..., None] * way).max(-1)
    return np.where((off <= 6) & (cover > 0.02), np.clip(cover, 0, 1), 0)


def lowest_line(picture, ink):
    """The box of the lowest line in a colour that nothing grey is near."""
    pixels = np.asarray(picture, float)
    is_grey = np.ptp(pixels, -1) < 24
    way = np.abs(pixels - rgb(ink)).max(-1)
    ys, _ = np.nonzero(~is_grey & (way < 64))
    if not len(ys):
        raise Failure("there is nothing in this colour")
    rows = np.unique(ys)
    top = rows[np.flatnonzero(np.diff(rows, prepend=-9) > 2)[-1]]
    xs = np.nonzero((~is_grey & (way < 64))[top:rows[-1] + 1].any(0))[0]
    return (int(xs[0]) - 2, int(top) - 2, int(xs[-1]) + 3, int(rows[-1]) + 3)


def tight(cover):
    """The part that has ink, or None."""
    ys, xs = np.nonzero(cover > 0.05)
    if not len(ys):
        return None
    return cover[ys.min():ys.max() + 1, xs.min():xs.max() + 1]


@functools.lru_cache(None)
def drawn(word, weight, size):
    """A word as it looks at every fraction of a pixel."""
    font = ImageFont.truetype(INTER % weight, size * FINE)
    left, top, right, bottom = font.getbbox(word)
    width, height = (right - left) // FINE + 3, (bottom - top) // FINE + 3
    looks = []
    for dy in range(FINE):
        for dx in range(FINE):
            big = Image.new("L", (width * FINE, height * FINE))
            ImageDraw.Draw(big).text(
                (FINE + dx - left, FINE + dy - top), word, 255, font)
            small = np.asarray(big, float).reshape(
                height, FINE, width, FINE).mean((1, 3)) / 255
            looks.append(tight(small))
    return looks


def likeness(cover, word, weight, size):
    """0..1: how well the ink fits the word."""
    best = 0
    for look in drawn(word, weight, size):
        height = max(look.shape[0], cover.shape[0])
        width = max(look.shape[1], cover.shape[1])
        if width - min(look.shape[1], cover.shape[1]) > 3:
            continue
        a, b = np.zeros((height, width)), np.zeros((height, width))
        a[:cover.shape[0], :cover.shape[1]] = cover
        b[:look.shape[0], :look.shape[1]] = look
        best = max(best, (a * b).sum() / np.sqrt((a * a).sum() *
                                                 (b * b).sum()))
    return best


def which(cover, words, weight, size):
    """The word that it is; a Failure if it is none, or might be another."""
    cover = tight(cover)
    if cover is None:
        raise Failure("there is nothing to read")
    scores = sorted((likeness(cover, w, weight, size), w) for w in words)
    if scores[-1][0] < 0.85 or scores[-1][0] - scores[-2][0] < 0.02:
        raise Failure("cannot be read: %s" % [
            (w, round(s, 3)) for s, w in scores[-3:]])
    return scores[-1][1]


def digits(cover, weight, size):
    """A number that stands in ink, one digit apart from the next."""
    has_ink = (cover > 0.05).any(0)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], has_ink, [0]))))
    return "".join(which(cover[:, a:b], DIGITS, weight, size)
                   for a, b in zip(edges[::2], edges[1::2]))
