"""ink: how a text looks, drawn by PIL from the font file, and whether a piece
of a picture holds exactly that text.

Nothing here comes from the core: glyphs are drawn eight times too large,
placed by the font's own advances, and averaged down.
"""
import functools
import os

import numpy as np
from PIL import Image, ImageDraw, ImageFont

FONTS = os.environ.get("TDS_FONT_INTER", "/usr/share/fonts/opentype/inter")
SS = 8  # oversampling
EM = 2048

# What the verdicts hang on; tests/labels/selftest shows that they separate.
WHOLE = 0.93   # correlation of the whole text
LETTER = 0.85  # of the worst letter
BLOT = 0.30    # mean difference in any square of a stroke's width
PAD = 0.05     # mean ink that may lie directly before and after the text


@functools.lru_cache(maxsize=None)
def face(weight, size):
    path = os.path.join(FONTS, "Inter-%s.otf" % weight)
    return ImageFont.truetype(path, size, layout_engine=ImageFont.LAYOUT_BASIC)


@functools.lru_cache(maxsize=None)
def advance(weight, char):
    return face(weight, EM).getlength(char) / EM


class Template:
    """ink[y, x] in 0..1; cells: (x0, x1, is_blank) of each letter, px."""

    def __init__(self, ink, cells, pad, stroke):
        self.ink, self.cells, self.pad = ink, cells, pad
        self.stroke = stroke


@functools.lru_cache(maxsize=None)
def template(text, weight, px, phase, squeeze):
    """phase: eighths of a pixel to the right. pad px of nothing all around."""
    pad = max(3, round(px * 0.5))  # more than a space is wide
    f = face(weight, px * SS)
    pens, pen = [], 0.0
    for c in text:
        pens.append(pen)
        pen += advance(weight, c) * px * squeeze
    pens.append(pen)
    width = int(np.ceil(pen)) + 2 * pad + 1
    height = int(np.ceil(px * 1.1)) + 2
    big = Image.new("L", (int(width * SS / squeeze) + SS, height * SS), 0)
    draw = ImageDraw.Draw(big)
    for c, p in zip(text, pens):
        x = round((p + pad) * SS / squeeze + phase)
        draw.text((x, px * SS), c, 255, font=f, anchor="ls")
    if squeeze != 1:
        big = big.resize((round(big.width * squeeze), big.height), Image.BOX)
    a = np.asarray(big, np.float32)[:, :width * SS] / 255
    a = a.reshape(height, SS, -1, SS).mean((1, 3))
    cells = [(int(pad + pens[i]), int(np.ceil(pad + pens[i + 1] + phase / SS)),
              text[i] == " ") for i in range(len(text))]
    return Template(a, cells, pad, max(2, round(px / 6)))


def correlate(a, b, m):
    n = m.sum()
    if n < 4:
        return 0.0
    a = (a - (a * m).sum() / n) * m
    b = (b - (b * m).sum() / n) * m
    d = float((a * a).sum()) * float((b * b).sum())
    return float((a * b).sum()) / d ** 0.5 if d > 1e-9 else 0.0


def smooth(n):
    """The next size of which an FFT is quick."""
    while True:
        m = n
        for p in (2, 3, 5):
            while m % p == 0:
                m //= p
        if m == 1:
            return n
        n += 1


@functools.lru_cache(maxsize=4096)
def spectra(key, shape):
    t = template(*key).ink
    return tuple(np.conj(np.fft.rfft2(x, shape)) for x in (t, t * t))


def box_sums(a, h, w):
    c = np.zeros((a.shape[0] + 1, a.shape[1] + 1))
    c[1:, 1:] = a.cumsum(0).cumsum(1)
    return c[h:, w:] - c[:-h, w:] - c[h:, :-w] + c[:-h, :-w]


def search(region, mask, key):
    """Where the template fits best: all places at once, by FFT. (score, y, x)
    """
    t = template(*key).ink
    h, w = t.shape
    H, W = region.shape
    if h > H or w > W:
        return (-1.0, 0, 0)
    shape = (smooth(H), smooth(W))
    ft1, ft2 = spectra(key, shape)

    def corr(a, b):  # the places where all of the template lies inside
        return np.fft.irfft2(np.fft.rfft2(a, shape) * b,
                             shape)[:H - h + 1, :W - w + 1]

    r = region * mask
    srt, sr, srr = corr(r, ft1), box_sums(r, h, w), box_sums(r * r, h, w)
    if mask.all():
        n, st, stt = float(h * w), float(t.sum()), float((t * t).sum())
    else:
        n = np.maximum(box_sums(mask, h, w), 1)
        st, stt = corr(mask, ft1), corr(mask, ft2)
    den = (srr - sr * sr / n) * (stt - st * st / n)
    den[den < 1e-3] = np.inf
    score = (srt - sr * st / n) / np.sqrt(den)
    at = int(np.argmax(score))
    return (float(score.flat[at]), *divmod(at, W - w + 1))


def judge_at(region, mask, t, y, x, is_squeezed):
    """None if the text stands there, else what is wrong."""
    # a squeezed letter stands on a whole pixel, up to half a one beside
    # where it belongs
    most = 1.0 if t.stroke < 4 else 0.7  # half a pixel is little in 26 px
    least, letter, most = ((WHOLE, LETTER, BLOT),
                           (0.75, 0.5, most))[is_squeezed]
    h, w = t.ink.shape
    r, m = region[y:y + h, x:x + w], mask[y:y + h, x:x + w]
    whole = correlate(r, t.ink, m)
    if whole < least:
        return "correlation %.2f" % whole
    k = t.stroke
    blot = np.abs(box_sums((r - t.ink) * m, k, k)).max() / (k * k)
    if blot > most:
        return "a stroke differs (%.2f)" % blot
    for i, (x0, x1, is_blank) in enumerate(t.cells):
        mm = m[:, x0:x1]
        if mm.mean() < 0.7:
            continue
        if is_blank:
            k = 1 if is_squeezed else 0
            if x1 - x0 > 2 * k and (r * m)[:, x0 + k:x1 - k].mean() > PAD:
                return "ink where a space belongs"
            continue
        one = max(correlate(r[:, x0 + k:x1 + k], t.ink[:, x0:x1],
                            m[:, x0 + k:x1 + k])
                  for k in ((-1, 0, 1) if is_squeezed else (0,)))
        if one < letter:
            return "letter %d does not match (%.2f)" % (i + 1, one)
    end = t.cells[-1][1]
    for x0, x1 in ((0, t.pad - 1), (end + 1, end + t.pad - 1)):
        if (r[:, x0:x1] * m[:, x0:x1]).mean() > PAD:
            return "more ink directly beside it"
    return None


def places(region, mask, text, weight, sizes, squeezes):
    """Where it may stand, the likeliest first: (score, px, squeeze, y, x)."""
    found = []
    for px in sizes:
        for squeeze in squeezes:
            score, y, x = search(region, mask,
                                 (text, weight, px, 0, squeeze))
            if score >= 0.6:
                found.append((score, px, squeeze, y, x))
    return sorted(found, reverse=True)[:6]


def find(region, mask, text, weight, sizes, squeezes=(1.0,)):
    """
    Is exactly this text somewhere in region? (None, x of its end) or
    (reason, 0). sizes: px. squeezes: how much narrower than natural.
    """
    worst = "nothing like it found"
    for _, px, squeeze, y, x in places(region, mask, text, weight, sizes,
                                       squeezes):
        for phase in (0, 2, 4, 6, 1, 3, 5, 7):
            t = template(text, weight, px, phase, squeeze)
            w = t.ink.shape[1]
            for dx in (0, -1, 1):
                if not 0 <= x + dx <= region.shape[1] - w:
                    continue
                why = judge_at(region, mask, t, y, x + dx, squeeze != 1)
                if why is None:
                    return None, x + dx + t.cells[-1][1]
                if worst.startswith(("nothing", "correlation")):
                    worst = why
    return worst, 0
