"""theme: which colours trusted pixels may have, from /shared/ui/ui.md.

A trusted pixel is a ground, an ink, or an even mix of one ground and one ink
(the edge of a letter or a rounded corner).
"""
import numpy as np

BACKGROUND = 0x1F2227
OUTLINE = 0x0B0C0E
BAR = 0x16181C
BAR_LIGHT = 0xE8EAED
PANEL = 0x121417
PHRASE = 0xFDD663

GROUNDS = (BAR, 0x2A2D33, PANEL, 0x1B1E23, 0x22252B, 0x2B3038, 0x3C4046,
           OUTLINE)
INKS = (0xE8EAED, 0x9AA0A6, 0xFFFFFF, 0x8AB4F8, PHRASE, 0xF28B82, 0x5F6368)
ALARM = 0xB3261E  # behind white: "not sealed in"
TOLERANCE = 3


def rgb(colour):
    return np.array([colour >> 16 & 255, colour >> 8 & 255, colour & 255],
                    np.float32)


def channels(pixels):
    return np.stack([pixels >> 16 & 255, pixels >> 8 & 255, pixels & 255],
                    -1).astype(np.float32)


def luminance(colour):
    c = rgb(colour) / 255
    c = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return float(c @ np.array([0.2126, 0.7152, 0.0722]))


def contrast(a, b):
    a, b = sorted((luminance(a) + 0.05, luminance(b) + 0.05))
    return b / a


def text_on(colour):
    """Text colours that can be read on this one."""
    return [t for t in (0xFFFFFF, 0x000000) if contrast(colour, t) >= 4.5]


def darker(colour):
    """The darkest pattern tone that is still 'about 25 % below'."""
    r = np.round(rgb(colour) * 0.70).astype(int)
    return int(r[0]) << 16 | int(r[1]) << 8 | int(r[2])


def between(c, a, b, tolerance=TOLERANCE):
    """Which of the pixels c[n, 3] lie on the way from a to b."""
    a, b = rgb(a), rgb(b)
    d = b - a
    dd = float(d @ d)
    t = np.clip(((c - a) @ d) / dd, 0, 1) if dd else np.zeros(len(c))
    off = np.abs(c - a - t[:, None] * d)
    return off.max(1) <= tolerance if len(c) else np.zeros(0, bool)


def cover(pixels, ground, ink):
    """How far each pixel is from ground to ink, 0..1."""
    a, d = rgb(ground), rgb(ink) - rgb(ground)
    t = ((channels(pixels) - a) @ d) / float(d @ d)
    return np.clip(t, 0, 1)


class Palette:
    """A set of allowed colours and mixes, with a memory of verdicts."""

    def __init__(self, flats, segments):
        self.flats = np.array(list(dict.fromkeys(flats)), np.uint32)
        segments = list(dict.fromkeys(segments))
        self.a = np.array([rgb(a) for a, _ in segments])
        self.d = np.array([rgb(b) for _, b in segments]) - self.a
        self.dd = np.maximum((self.d * self.d).sum(1), 1)
        self.known = {}

    def is_mix(self, c):
        """Which of the colours c[n, 3] lie on one of the segments."""
        off = c[:, None, :] - self.a
        t = np.clip((off * self.d).sum(2) / self.dd, 0, 1)
        off = np.abs(off - t[..., None] * self.d).max(2)
        return (off <= TOLERANCE).any(1)

    def foreign(self, pixels):
        """The colours in pixels[n] that are not allowed (unique)."""
        for f in self.flats[:6]:
            pixels = pixels[pixels != f]
        if not len(pixels):
            return []
        runs = np.ones(len(pixels), bool)
        np.not_equal(pixels[1:], pixels[:-1], out=runs[1:])
        seen = np.unique(pixels[runs])
        new = np.array([c for c in seen.tolist() if c not in self.known],
                       np.uint32)
        if len(new):
            ok = np.isin(new, self.flats)
            for i in range(0, len(new), 256):  # bounded memory
                ok[i:i + 256] |= self.is_mix(channels(new[i:i + 256]))
            self.known.update(zip(new.tolist(), ok.tolist()))
        return [c for c in seen.tolist() if not self.known[c]]


def domain_segments(colour):
    s = [(colour, darker(colour))]
    s += [(colour, t) for t in text_on(colour)]
    return s


def mixed_palette(domains, first, extra=()):
    """Panel, tiles and the right of the bar: everything of ours."""
    grounds = GROUNDS + (ALARM,) + tuple(extra)
    seg = [(g, i) for g in grounds for i in INKS]
    seg += [(a, b) for a in grounds for b in grounds if a < b]
    for d in domains:
        seg += domain_segments(d)
        seg += [(d, g) for g in grounds]
        seg += [(darker(d), g) for g in grounds]
        seg += [(d, i) for i in INKS[3:4]]
    return Palette(list(first) + list(grounds) + list(INKS), seg)
