"""One booted display domain that is tested, and the runner of such tests.

The guests are fake ones (painter.c) that paint one colour each, so that a
pixel of theirs in a wrong place is found.
"""
import argparse
import collections
import json
import os
import shutil
import subprocess
import tempfile
import time

import drive
import machine
from drive import Failure, wait

PHRASE = "the heron waits for rain"
# Label, level, frame's colour (of the level), what the guest paints, place.
DOMAINS = {
    "web": ("UNCLASSIFIED", "unclassified", 0x007a33, 0x01fe80, "60,80"),
    "work": ("SECRET", "secret", 0xc8102e, 0xfe0180, "600,80"),
}
CHORD = {29, 97, 56, 100, 111}  # Ctrl, Alt, Delete
TESTS = []


def test(*displays, keyboard="virtio", is_service=False):
    """Run on these; the function's name is a sentence."""
    def add(function):
        for display in displays:
            TESTS.append((function, (is_service, keyboard, display)))
        return function
    return add


def check(is_true, what):
    if not is_true:
        raise Failure(what)


def rgb(colour):
    return colour >> 16, colour >> 8 & 255, colour & 255


class Bench:
    """One booted display domain, with what the tests ask of it."""

    def __init__(self, build, directory, display, keyboard="virtio",
                 is_service=False):
        self.build, self.directory, self.display = build, directory, display
        self.is_service = is_service
        self.config = os.path.join(directory, "config")
        self.m = machine.Machine(directory, display, keyboard)
        self.shots = 0
        self.modules = ""  # besides the display's
        self.archives = []  # laid over the image
        self.before = ""  # lines of shell that run before tdsd
        self.boot_s = None
        self.colours = os.path.join(directory, "colours.json")
        with open(self.colours, "w") as f:
            json.dump({n: ["#%06x" % d[3]] for n, d in DOMAINS.items()}, f)

    def write_config(self):
        domains = os.path.join(self.config, "domains.d")
        os.makedirs(domains, exist_ok=True)
        with open(os.path.join(self.config, "tds.conf"), "w") as f:
            f.write("[tds]\nmode = normal\nphrase = %s\nfocus = work\n" %
                    PHRASE)
        for name, (label, level, _, _, position) in DOMAINS.items():
            with open(os.path.join(domains, name + ".conf"), "w") as f:
                f.write("[domain]\nname = %s\nlabel = %s\nlevel = %s\n"
                        "size = 480x360\nposition = %s\nmemory = 64\n" % (
                            name, label, level, position))

    def start(self):
        self.write_config()
        out = os.path.join(self.directory, "image")
        machine.make_image(
            self.build, self.config, out, ",".join(filter(None, (
                machine.DEFAULT_MODULES, machine.DISPLAYS[self.display][1],
                self.modules))))
        overlay = os.path.join(self.directory, "overlay.cpio")
        with open(overlay, "wb") as f:
            f.write(machine.agent_overlay(
                self.build, self.is_service, self.before).cpio())
        self.kernel = os.path.join(out, "vmlinuz")
        self.archives = [os.path.join(out, "initramfs.cpio.gz"), overlay,
                         *self.archives]
        self.boot()

    def boot(self):
        self.m.start(self.kernel, self.archives, wait_agent=None)
        self.wait_ready()

    def wait_ready(self):
        if not self.is_service:
            self.m.wait_serial("tds-test: tdsd begins", 60)
            begin = time.monotonic()
            self.m.wait_serial("tdsd: the display is ready", 60)
            self.boot_s = time.monotonic() - begin
        self.m.agent.take(None, 60)
        wait("tdsd to answer", self.m.try_status, 30)

    def start_painters(self, period_ms=""):
        for name in DOMAINS:
            self.m.run("painter /run/tds %s %06x %s >/run/agent/%s.keys 2>&1 "
                       "& echo" % (name, DOMAINS[name][3], period_ms, name))
        wait("the guests to be shown", self.all_shown, 30)

    def all_shown(self):
        status = self.m.try_status()
        return status and {w["domain"] for w in status["windows"]
                           if w.get("picture")} == set(DOMAINS) and status

    def keys(self, name):
        """[(code, value)] that a domain's guest got so far."""
        said = self.m.run("cat /run/agent/%s.keys" % name).split("\n")
        return [tuple(int(v) for v in line.split()[1:])
                for line in said if line.startswith("key ")]

    def pid(self, name):
        """Of a process of ours inside, or None."""
        for line in self.m.run("ps -o pid,args").splitlines():
            words = line.split()
            if len(words) > 1 and os.path.basename(words[1]) == name:
                return int(words[0])
        return None

    def is_on(self, index, status=None):
        outputs = (status or self.m.status())["outputs"]
        return index < len(outputs) and outputs[index].get("on", True)

    def output(self, status, head):
        """Where the status has a virtual card's head."""
        for index, out in enumerate(status["outputs"]):
            if out["name"] == "Virtual-%d" % (head + 1):
                return index
        raise Failure("no output Virtual-%d" % (head + 1))

    @staticmethod
    def same(one, two):
        """The same but for counters, which guests that draw move."""
        counters = ("frames", "wakeups", "dropped")
        return {k: v for k, v in one.items() if k not in counters} == \
            {k: v for k, v in two.items() if k not in counters}

    def shot(self, head=0):
        """What is scanned out, judged by the label checker; image, status."""
        self.shots += 1
        path = os.path.join(self.directory, "shot-%04d.png" % self.shots)
        last = [None]

        def still():
            before = self.m.status()
            picture = self.m.screendump(path, head)
            after = self.m.status()
            if self.same(before, after) and self.same(
                    before, last[0] or before):
                return picture, after
            last[0] = after
            return None
        picture, status = wait("the screen to rest", still, 20)
        judged = dict(status)
        if status["pointer"]["plane"]:
            del judged["pointer"]  # screendump shows no cursor plane
        with open(path[:-4] + ".json", "w") as f:
            json.dump(judged, f)
        result = subprocess.run(
            [os.path.join(drive.TREE, "tests/labels/check"), path,
             path[:-4] + ".json", "--output", str(self.output(status, head)),
             "--guest-colours", self.colours],
            capture_output=True, text=True, timeout=60)
        check(result.returncode == 0, "labels of %s: %s" % (
            path, (result.stdout + result.stderr).strip()[-400:]))
        return picture, status

    def guest_pixels(self, picture):
        """How many pixels each guest has in a picture."""
        colours = collections.Counter(
            {c: n for n, c in picture.getcolors(1 << 24)})
        return {name: colours[rgb(d[3])] for name, d in DOMAINS.items()}

    def check_framed(self, picture):
        """Wherever a guest's pixels are, its frame is around all of them."""
        for name, count in self.guest_pixels(picture).items():
            if not count:
                continue
            colour = rgb(DOMAINS[name][3])
            mask = picture.convert("RGB").point(lambda v: v)
            data = mask.load()
            width, height = picture.size
            xs = [x for x in range(width)
                  if any(data[x, y] == colour for y in range(0, height, 16))]
            ys = [y for y in range(height)
                  if any(data[x, y] == colour for x in range(0, width, 16))]
            left, right, top, bottom = xs[0], xs[-1], ys[0], ys[-1]
            frame = rgb(DOMAINS[name][2])
            for at in ((left - 3, (top + bottom) // 2),
                       (right + 3, (top + bottom) // 2),
                       ((left + right) // 2, bottom + 3),
                       ((left + right) // 2, top - 3)):
                check(data[at] == frame, "%s is without its frame at %s: %s" %
                      (name, at, data[at]))

    def attention(self):
        self.m.attention()
        wait("the trusted panel", lambda: self.m.status()["attention"], 10)

    def leave_panel(self):
        self.m.keys("esc")
        wait("the panel to close", lambda: not self.m.status()["attention"],
             10)

    def stop(self):
        self.m.stop()


# --- run them ---------------------------------------------------------------

def boots(chosen, displays):
    """[(kind of boot, [tests])]: one boot each."""
    plan = {}
    for function, kind in TESTS:
        if kind[2] in displays and (
                not chosen or function.__name__ in chosen):
            plan.setdefault(kind, []).append(function)
    return sorted(plan.items(), key=lambda boot: boot[0])


def run_boot(b, tests, number):
    failed = 0
    dead = None
    try:
        b.start()
    except Failure as failure:
        dead = failure
    for number, function in enumerate(tests, number):
        begin = time.monotonic()
        try:
            if dead:
                raise dead
            function(b)
            word = "ok"
        except (Failure, subprocess.TimeoutExpired, OSError) as failure:
            word = "not ok"
            failed += 1
            print("# %s%s" % (failure, b.m.ended()))
        print("%s %d - %s: %s # %.1f s" % (
            word, number, b.display, function.__name__.replace("_", " "),
            time.monotonic() - begin), flush=True)
    return failed


def main(make=Bench):
    """Boot what make() gives, and run the tests that were declared."""
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--display", action="append")
    parser.add_argument("--keep-logs", metavar="DIR")
    parser.add_argument("tests", nargs="*")
    args = parser.parse_intermixed_args()

    drive.stop_on_signals()
    plan = boots(args.tests, args.display or list(machine.DISPLAYS))
    is_vkms = any(kind[2].startswith("vkms") for kind, _ in plan)
    subprocess.run([os.path.join(drive.HERE, "fetch"), "--quiet"] +
                   is_vkms * ["--vkms"], check=True,
                   stdout=subprocess.DEVNULL)
    print("1..%d" % sum(len(tests) for _, tests in plan))
    failed, number = 0, 1
    for (is_service, keyboard, display), tests in plan:
        directory = tempfile.mkdtemp(prefix="tds-hw-")
        b = make(args.build, directory, display, keyboard, is_service)
        count = len(tests)
        try:
            count = run_boot(b, tests, number)
        finally:
            b.stop()
            if count and args.keep_logs:
                shutil.copytree(
                    directory, os.path.join(args.keep_logs, display),
                    dirs_exist_ok=True, ignore=shutil.ignore_patterns(
                        "*.sock", "initrd", "image", "overlay.cpio"))
            elif count:
                print("# serial line: " + drive.tail(b.m.serial_path, 12))
            shutil.rmtree(directory, ignore_errors=True)
        failed += count
        number += len(tests)
    return 1 if failed else 0

