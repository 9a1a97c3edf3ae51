"""rules: judge one frame. pixels[y, x] is XRGB, status is what tdsctl said.

Geometry as drawn in /shared/ui/ui.md and the comments of protocol/control.h
and compositor/scene.h: everything in physical pixels; s is the scale.
"""
import functools

import numpy as np

import ink
import theme

OUTLINE, BAND, BAND_THIN, TITLE = 2, 6, 4, 34
CHIP = 360
CURSOR = (16, 24)
LEVELS = ("none", "type0", "type1")  # protection of a cable (HDCP)


def box(r):
    return r["x"], r["y"], r["x"] + r["width"], r["y"] + r["height"]


def colour_of(domain):
    return int(domain["colour"].lstrip("#"), 16)


class Memo:
    """Verdicts on pieces of text that were seen before, by their pixels."""

    def __init__(self):
        self.texts, self.palettes = {}, {}

    def text(self, region, mask, *what):
        key = (what, region.shape, np.round(region * 31).astype(np.uint8)
               .tobytes(), mask.tobytes())
        if key not in self.texts:
            if len(self.texts) > 200000:
                self.texts.clear()
            self.texts[key] = ink.find(region, mask, *what)
        return self.texts[key]

    def palette(self, *what):
        if what not in self.palettes:
            self.palettes[what] = theme.mixed_palette(*what)
        return self.palettes[what]


class Frame:
    def __init__(self, pixels, status, output, poison, memo):
        self.p = pixels & np.uint32(0xFFFFFF)
        self.h, self.w = pixels.shape
        self.status, self.poison, self.memo = status, poison, memo
        self.out = status["outputs"][output]
        self.index = output
        self.s = self.out["scale"]
        self.domains = {d["name"]: d for d in status["domains"]}
        self.colours = tuple(sorted({colour_of(d) for d in
                                     status["domains"]}))
        self.windows = [w for w in status["windows"]
                        if w["output"] == self.out["name"]]
        self.wrong = []

    def say(self, what):
        self.wrong.append(what)

    def clip(self, b):
        x0, y0, x1, y1 = b
        return (max(0, min(self.w, x0)), max(0, min(self.h, y0)),
                max(0, min(self.w, x1)), max(0, min(self.h, y1)))

    def cut(self, a, b):
        x0, y0, x1, y1 = self.clip(b)
        return a[y0:y1, x0:x1]

    # ---------------------------------------------------------- who is on top

    def layout(self):
        """zone: 0 background, 2i+1 frame, 2i+2 content of window i, -1 bar."""
        zone = np.zeros((self.h, self.w), np.int16)
        if not self.status["attention"]:
            for i, w in enumerate(self.windows):
                self.cut(zone, box(w["frame"]))[:] = 2 * i + 1
                self.cut(zone, box(w["content"]))[:] = 2 * i + 2
        self.bar = box(self.out["trust_bar"])
        self.cut(zone, self.bar)[:] = -1
        self.zone = zone
        self.mark_cursor()

    def mark_cursor(self):
        """Our own arrow may cover anything: those pixels become zone -2."""
        pointer = self.status.get("pointer")
        if not pointer or not pointer["ours"]:
            return
        if pointer["output"] not in (self.index, self.out["name"]):
            return
        x, y = pointer["x"], pointer["y"]
        b = self.clip((x, y, x + CURSOR[0] * self.s, y + CURSOR[1] * self.s))
        p = self.cut(self.p, b)
        dark, light = p == theme.OUTLINE, p == 0xFFFFFF
        whole = p.size == CURSOR[0] * CURSOR[1] * self.s ** 2
        if whole and (dark.sum() < 16 or light.sum() < 24):
            self.say("our pointer is not where the status says")
        self.cut(self.zone, b)[dark | light] = -2

    # ------------------------------------------------------------- the pieces

    def exact(self, b, zone, colour, what):
        """All of b that belongs to zone has this colour."""
        bad = (self.cut(self.zone, b) == zone) & (self.cut(self.p, b) != colour)
        if bad.any():
            y, x = np.argwhere(bad)[0]
            x0, y0, _, _ = self.clip(b)
            self.say("%s: %d wrong pixels, first #%06x at %d,%d" % (
                what, bad.sum(), self.p[y0 + y, x0 + x], x0 + x, y0 + y))

    def along(self, b, zone, pairs, what, plain=None):
        """All of b in zone lies between the colours of one of the pairs.
        plain: also, at least a quarter has exactly this colour."""
        z = self.cut(self.zone, b) == zone
        p = self.cut(self.p, b)[z]
        rest = p
        for flat in {x for pair in pairs for x in pair}:
            rest = rest[rest != flat]
        c = theme.channels(rest)
        ok = np.zeros(len(rest), bool)
        for a, e in pairs:
            ok |= theme.between(c, a, e)
        if not ok.all():
            self.say("%s: %d pixels of foreign colours, such as #%06x" % (
                what, (~ok).sum(), rest[~ok][0]))
        if plain is not None and len(p) > 200 and (p == plain).mean() < 0.25:
            self.say("%s is not in the colour #%06x" % (what, plain))

    def mixed(self, b, zone, palette, what):
        p = self.cut(self.p, b)[self.cut(self.zone, b) == zone]
        bad = palette.foreign(p)
        if bad:
            self.say("%s: foreign colour #%06x (%d colours, %d pixels)" % (
                what, bad[0], len(bad), np.isin(p, bad).sum()))

    def sizes(self, *px):
        """At the output's scale, then at smaller ones where room is short."""
        return tuple(k * scale for scale in range(self.s, 0, -1) for k in px)

    def label(self, b, zone, domain, room, what):
        """The domain's label, then its name, stand in b. room: px of text."""
        colour = colour_of(domain)
        region = self.cut(self.p, b)
        mask = (self.cut(self.zone, b) == zone)
        if mask.mean() < 0.5:
            return  # covered by another window or the pointer
        if mask.all(1).sum() < 20 * self.s and mask.all(0).sum() < 60 * self.s:
            return
        why, end = "no text colour can be read on its colour", 0
        for text in theme.text_on(colour):
            c = theme.cover(region, colour, text).astype(np.float32)
            why, end = self.words(c, mask, domain["label"], room)
            if why is None:
                self.name(c, mask, domain, end, room, what)
                return
        if mask.all():
            self.say("%s: label %r is not there: %s" % (
                what, domain["label"], why))
        elif self.label_is_clear(mask, domain["label"]):
            self.say("%s: visible label is not %r: %s" % (
                what, domain["label"], why))

    def label_is_clear(self, mask, text):
        """Enough of the left is visible for the label to be readable."""
        width = 60 * self.s + ink.template(text, "Bold", 15 * self.s, 0,
                                           1.0).ink.shape[1]
        return mask[:, :width].all()

    def words(self, c, mask, text, room):
        big = ink.template(text, "Bold", 15 * self.s, 0, 1.0).ink.shape[1]
        c, m = c[:, :big + 64 * self.s], mask[:, :big + 64 * self.s]
        m = m.astype(np.float32)
        why, end = self.memo.text(c, m, text, "Bold", self.sizes(15, 13))
        if why is None:
            return why, end
        small = ink.template(text, "Bold", 13 * self.s, 0, 1.0).ink.shape[1]
        if small < 0.75 * room:
            return why, end  # no reason to have squeezed it
        if not why.startswith(("nothing", "correlation")):
            return why, end  # it is not squeezed, but wrong
        steps = tuple(k / 256 for k in range(250, 127, -1))
        return self.memo.text(c, m, text, "Bold", self.sizes(15, 13), steps)

    def name(self, c, mask, domain, end, room, what):
        width = ink.template(domain["name"], "Regular", 15 * self.s, 0,
                             1.0).ink.shape[1]
        if end + 24 * self.s + width > room or not mask.all():
            return
        why, _ = self.memo.text(
            c[:, end + 1:end + 24 * self.s + width],
            mask[:, end + 1:end + 24 * self.s + width].astype(np.float32),
            domain["name"], "Regular", self.sizes(15))
        if why:
            self.say("%s: name %r is not there: %s" % (
                what, domain["name"], why))

    # --------------------------------------------------------------- windows

    def window(self, i, w):
        s, d = self.s, self.domains[w["domain"]]
        frame, content = box(w["frame"]), box(w["content"])
        x0, y0, x1, y1 = frame
        cx0, cy0, cx1, cy1 = content
        o, b = OUTLINE * s, (OUTLINE + BAND) * s
        what = "window %d (%s)" % (i, w["domain"])
        if (cx0 - x0, x1 - cx1, y1 - cy1, cy0 - y0) != (
                b, b, b, (OUTLINE + TITLE) * s):
            self.say(what + ": frame and content do not fit each other")
            return
        zone, colour = 2 * i + 1, colour_of(d)
        if not (self.cut(self.zone, frame) == zone).any():
            self.content(i, w, d, what)
            return
        for side, r in (("top", (x0, y0, x1, y0 + o)),
                        ("bottom", (x0, y1 - o, x1, y1)),
                        ("left", (x0, y0, x0 + o, y1)),
                        ("right", (x1 - o, y0, x1, y1))):
            self.exact(r, zone, theme.OUTLINE,
                       "%s: %s outline" % (what, side))
        thin = BAND_THIN * s if w["domain"] != self.status["keyboard"] \
            else BAND * s
        tones = [(colour, theme.darker(colour))]
        for side, r in (
                ("left", (x0 + o, cy0, x0 + o + thin, y1 - o)),
                ("right", (x1 - o - thin, cy0, x1 - o, y1 - o)),
                ("bottom", (x0 + o, y1 - o - thin, x1 - o, y1 - o))):
            self.along(r, zone, tones, "%s: %s band" % (what, side))
        if thin < BAND * s:
            k = o + thin
            for side, r in (("left", (x0 + k, cy0, cx0, cy1)),
                            ("right", (cx1, cy0, x1 - k, cy1)),
                            ("bottom", (x0 + k, cy1, x1 - k, y1 - k))):
                self.exact(r, zone, theme.OUTLINE,
                           "%s: %s inner line" % (what, side))
        # a pattern never hides the colour
        self.along((x0 + o, cy1, x1 - o, y1 - o), zone,
                   tones + [(theme.OUTLINE, theme.OUTLINE)],
                   what + ": band")
        title = (x0 + o, y0 + o, x1 - o, cy0)
        inks = [(colour, t) for t in theme.text_on(colour)]
        self.along(title, zone, inks, what + ": title bar", colour)
        end = cx0 + (cx1 - cx0) - 60 * s
        self.label((x0 + o, y0 + o, end, cy0), zone, d, end - cx0, what)
        self.content(i, w, d, what)

    def content(self, i, w, d, what):
        if LEVELS.index(d.get("hdcp", "none")) > LEVELS.index(
                self.out.get("protection", "none")) and w.get("picture", True):
            self.say(what + ": is shown over a cable that is not protected")
        if w.get("picture", True):
            return
        palette = self.memo.palette((colour_of(d),), (theme.BAR,))
        self.mixed(box(w["content"]), 2 * i + 2, palette, what + ": tile")

    # ------------------------------------------------------------- trust bar

    def bar_scale(self):
        """A screen of few logical pixels may have its bar drawn smaller."""
        k = self.s
        while k > 1 and (self.w < 640 * k or self.h < 400 * k):
            k -= 1
        return k

    def chip(self):
        """The left end, which is all the domain's."""
        width = min(CHIP * self.bar_scale(),
                    (self.bar[2] - self.bar[0]) * 9 // 16)
        return self.bar[0], self.bar[1], self.bar[0] + width, self.bar[3]

    def trust_bar(self):
        keyboard = self.status["keyboard"]
        chip = self.chip()
        right = (chip[2], self.bar[1], self.bar[2], self.bar[3])
        self.mixed(right, -1, self.memo.palette(
            self.colours, (theme.BAR, 0x2A2D33)), "trust bar")
        if keyboard is None:
            self.mixed(chip, -1, self.memo.palette((), (theme.BAR, 0x2B3038)),
                       "trust bar while nobody has the keyboard")
            return
        d = self.domains[keyboard]
        colour = colour_of(d)
        pairs = [(colour, t) for t in theme.text_on(colour)]
        pairs.append((colour, theme.darker(colour)))
        self.along(chip, -1, pairs, "trust bar's chip", colour)
        room = chip[2] - chip[0] - 88 * self.bar_scale()
        self.label(chip, -1, d, room, "trust bar")

    def attention(self):
        if self.status["keyboard"] is not None:
            self.say("attention, but %r has the keyboard" %
                     self.status["keyboard"])
        grounds = (theme.BAR_LIGHT,)
        bar = self.cut(self.p, self.bar)
        if (bar == theme.BAR_LIGHT).mean() < 0.4:
            self.say("the trust bar is not light")
        self.mixed(self.bar, -1, theme_light(self.memo), "trust bar")
        dark = theme.cover(bar, theme.BAR_LIGHT, theme.BAR).astype(np.float32)
        mask = self.cut(self.zone, self.bar) == -1
        why, _ = self.memo.text(
            dark, mask.astype(np.float32),
            "Trusted panel — no domain has the keyboard", "Bold",
            self.sizes(15, 13))
        if why and mask.mean() > 0.98:
            self.say("the trust bar does not say that this is the panel: " +
                     why)
        palette = self.memo.palette(
            self.colours, (theme.PANEL, 0x1B1E23, 0x22252B), grounds)
        self.mixed((0, 0, self.w, self.h), 0, palette, "trusted panel")
        if not (self.p == theme.PHRASE).any():
            self.say("the panel shows no phrase")

    # ------------------------------------------------------- poison of guests

    def guest_colours(self):
        """Where guests paint known colours only: none outside its content."""
        owner, of_zone = owner_table(), np.zeros(
            2 * len(self.windows) + 4, np.uint8)  # -1, -2: nobody
        number = {name: i + 1 for i, name in enumerate(self.poison)}
        for name, cs in self.poison.items():
            owner[cs] = number[name]
        for i, w in enumerate(self.windows):
            if w.get("picture", True):
                of_zone[2 * i + 2] = number.get(w["domain"], 0)
        found = owner.take(self.p)
        bad = found != 0
        bad &= found != of_zone.take(self.zone, mode="wrap")
        for cs in self.poison.values():
            owner[cs] = 0
        if bad.any():
            y, x = np.argwhere(bad)[0]
            self.say("%d guest pixels where they may not be, first #%06x "
                     "at %d,%d" % (bad.sum(), self.p[y, x], x, y))

    def judge(self):
        if (self.w, self.h) != (self.out["width"], self.out["height"]):
            self.say("picture is %dx%d, the output %dx%d" % (
                self.w, self.h, self.out["width"], self.out["height"]))
            return self.wrong
        bar = self.out["trust_bar"]
        if (bar["x"], bar["y"], bar["width"], bar["height"]) != (
                0, 0, self.w, 36 * self.s):
            self.say("the trust bar is not at the top")
        self.layout()
        if self.status["attention"]:
            self.attention()
        else:
            self.exact((0, 0, self.w, self.h), 0, theme.BACKGROUND,
                       "background")
            for i, w in enumerate(self.windows):
                self.window(i, w)
            self.trust_bar()
        if self.poison:
            self.guest_colours()
        return self.wrong


@functools.lru_cache(maxsize=None)
def owner_table():
    """Whose poison a colour is; all 0 between frames."""
    return np.zeros(1 << 24, np.uint8)


def theme_light(memo):
    if "light" not in memo.palettes:
        light, dark = theme.BAR_LIGHT, theme.BAR
        memo.palettes["light"] = theme.Palette(
            (light, dark), [(light, dark), (theme.ALARM, 0xFFFFFF),
                            (light, theme.ALARM)])
    return memo.palettes["light"]
