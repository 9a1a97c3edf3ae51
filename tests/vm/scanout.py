"""A display domain on vkms, and what it really scans out.

vkms composes its planes as hardware does and tells the CRC of what comes out,
in the pace of its vblanks.
"""
import io
import json
import os
import subprocess
import zlib

import numpy as np
from PIL import Image

import bench
import drive
from bench import check
from drive import wait

CRTC = "/run/debug/dri/0/crtc-0/crc"


def crc_of(picture):
    """As vkms computes it: 16 bits for each of A, R, G, B, no inversion."""
    pixels = np.asarray(picture, "<u2")
    wide = np.full(pixels.shape[:2] + (4,), 0xffff, "<u2")
    wide[..., 1:] = pixels * 257
    return zlib.crc32(wide.tobytes(), 0xffffffff) ^ 0xffffffff


class Vkms(bench.Bench):
    def start(self):
        super().start()
        self.m.run("mkdir -p /run/debug && mount -t debugfs d /run/debug && "
                   "echo auto >%s/control" % CRTC)

    def scanned_out(self):
        """(vblank, CRC) of a frame that began after now."""
        said = self.m.run("dd if=%s/data bs=64 count=3 2>/dev/null" % CRTC)
        lines = said.replace("\0", "").splitlines()
        return tuple(int(v, 16) for v in lines[-1].split())

    def planes_on(self):
        return int(self.m.run(
            "grep -c '^.fb=[1-9]' /run/debug/dri/0/state || true"))

    def screenshot(self):
        """tdsctl's picture and the status of the same moment."""
        status, png = self.m.agent.run(
            "tdsctl screenshot /run/agent/s.png --status /run/agent/s.json "
            ">/dev/null && cat /run/agent/s.png", 60)
        check(status == 0, "no screenshot")
        said = self.m.run("cat /run/agent/s.json")
        path = os.path.join(self.directory, "picture")
        with open(path + ".json", "w") as f:
            f.write(said)
        with open(path + ".png", "wb") as f:
            f.write(png)
        self.picture = Image.open(io.BytesIO(png)).convert("RGB")
        return self.picture, json.loads(said)

    def check_resting(self):
        """The guests stand still: what is scanned out is what should be."""
        self.m.run("touch /run/agent/hold")

        def compare():
            before = self.m.status()
            picture, status = self.screenshot()
            _, crc = self.scanned_out()
            after = self.m.status()
            return before["frames"] == after["frames"] and (
                picture, status, crc)
        picture, status, crc = wait("the screen to rest", compare, 60)
        check(crc == crc_of(picture), "something else is scanned out than "
              "%s/picture.png: CRC %08x, not %08x" % (
                  self.directory, crc, crc_of(picture)))
        self.m.run("rm /run/agent/hold")
        return status

    def check_labels(self):
        path = os.path.join(self.directory, "picture")
        result = subprocess.run(
            [os.path.join(drive.TREE, "tests/labels/check"), path + ".png",
             path + ".json", "--guest-colours", self.colours],
            capture_output=True, text=True, timeout=60)
        check(result.returncode == 0, "labels: " + result.stdout[-400:])

    def drag(self, status, name, x, y):
        """A window, by its frame, so that its corner comes to x, y."""
        window = {w["domain"]: w for w in status["windows"]}[name]
        frame, content = window["frame"], window["content"]
        out = status["outputs"][0]
        size = out["width"], out["height"]
        grip = frame["width"] // 2, (content["y"] - frame["y"]) // 2
        self.m.move(frame["x"] + grip[0], frame["y"] + grip[1], *size)
        self.m.button(True)
        self.m.move(x + grip[0] - 40, y + grip[1] + 20, *size)
        self.m.move(x + grip[0], y + grip[1], *size)
        self.m.button(False)
