#!/usr/bin/python3
"""The part of ./demo --sealed that runs everything and takes the pictures.

    guests -> core -> tds-hdcp -> carrier (its own user) -> tds-sink

The keys are the published facsimile ones: this shows the machinery, and
protects nothing.
"""
import argparse
import os
import pwd
import select
import shutil
import subprocess
import sys
import tempfile
import time

import drive
import show
from drive import TREE, Failure, stop, tail, wait
from show import say

sys.path.insert(0, os.path.join(TREE, "tests/hdcp"))
import facsimile  # noqa: E402

W, H = 1920, 1080
USER = "nobody"


class Sealed(drive.Session):
    """tds with one output, which is sealed; its carrier; its sink."""

    def __init__(self, build, directory, geometry, phrase):
        self.directory = directory
        self.is_root = os.geteuid() == 0
        self.user = USER if self.is_root else pwd.getpwuid(
            os.geteuid()).pw_name
        self.png = os.path.join(directory, "sink.png")
        self.log_of_sink = os.path.join(directory, "sink.log")
        self.seen = os.path.join(directory, "seen")
        self.sink = self.carrier = None
        super().__init__(build, directory, geometry, phrase)

    def write_config(self):
        super().write_config()
        secret = os.urandom(32)  # both ends share it, the carrier does not
        for end in ("source", "sink"):
            facsimile.write_keys(
                os.path.join(self.directory, end),
                names=facsimile.SOURCE if end == "source" else facsimile.SINK,
                source_key=secret)
        with open(os.path.join(self.config_dir, "tds.conf"), "w") as f:
            f.write("[tds]\nmode = try-out\nphrase = %s\nfocus = work\n"
                    "run-dir = %s\nhdcp-facsimile = yes\n\n[output wall]\n"
                    "type = sealed\nsize = %dx%d\nkeys = %s/source\n"
                    "carrier = %s\n" % (self.phrase, self.run_dir, W, H,
                                        self.directory, self.user))
        os.mkdir(self.seen, 0o700)
        if self.is_root:
            # the carrier may pass, and write where it is told; nothing else
            os.chown(self.seen, pwd.getpwnam(USER).pw_uid, -1)
            os.chmod(self.directory, 0o711)
            os.chmod(self.run_dir, 0o711)

    def start_line(self):
        wire = os.path.join(self.directory, "sink.wire")
        with open(self.log_of_sink, "ab") as log:
            self.sink = subprocess.Popen(
                [os.path.join(self.build, "hdcp/sink/tds-sink"),
                 "--facsimile", "--keys", os.path.join(self.directory, "sink"),
                 "--wire", wire, "--carrier", self.user, "--size",
                 "%dx%d" % (W, H), "--png", self.png],
                stdin=subprocess.DEVNULL, stderr=log, start_new_session=True)
        wait("tds-sink to begin", lambda: "receiver" in self.sink_said(), 20)
        self.carrier = subprocess.Popen(
            [sys.executable, os.path.join(TREE, "tests/hdcp/carrier.py"),
             os.path.join(self.run_dir, "wall.wire"), wire, self.seen,
             self.user], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            bufsize=0, start_new_session=True, cwd="/")

    def sink_said(self):
        if self.sink.poll() is not None:
            raise Failure("tds-sink ended: " + tail(self.log_of_sink))
        with open(self.log_of_sink, errors="replace") as f:
            return f.read()

    def sink_is(self, state):
        """The newest of what it said of its picture."""
        lines = [line.split(": ", 1)[-1] for line in
                 self.sink_said().splitlines()]
        found = [line for line in lines if line in (
            "authentic", "not authentic", "no picture yet")]
        return bool(found) and found[-1] == state

    def order(self, words, limit=30):
        """Tell the carrier, and wait for its answer to this."""
        self.tell(words)
        end, said = time.monotonic() + limit, b""
        while time.monotonic() < end:
            if select.select([self.carrier.stdout], [], [], 0.1)[0]:
                more = os.read(self.carrier.stdout.fileno(), 4096)
                if not more:
                    raise Failure("the carrier ended")
                said += more
                if b"\n" + words.split()[0].encode() in b"\n" + said:
                    return
        raise Failure("the carrier does not answer: " + words)

    def tell(self, words):
        self.carrier.stdin.write(words.encode() + b"\n")

    def settled(self):
        """The sink's picture when it is what the core shows, twice."""
        core = os.path.join(self.directory, "core.png")
        last = [b""]

        def is_still():
            self.ctl("screenshot", core)
            with open(core, "rb") as f:
                now = f.read()
            is_same, last[0] = now == last[0], now
            # both are written by the same code: equal pixels, equal files
            with open(self.png, "rb") as f:
                return is_same and f.read() == now
        wait("the sink to show what the core shows", is_still, 40)
        return last[0]

    def notice(self):
        """The sink's picture after it was left alone for a while."""
        last = [b"", 0]

        def is_still():
            with open(self.png, "rb") as f:
                now = f.read()
            if now != last[0]:
                last[:] = now, time.monotonic()
            return time.monotonic() - last[1] > 1 and now
        return wait("the sink's picture to rest", is_still, 20)

    def stop(self):
        for process in (self.carrier, self.sink):
            if process:
                stop(process)
        super().stop()


def save(data, path):
    with open(path, "wb") as f:
        f.write(data)


def story(s, out):
    say("  the sink waits until it has authenticated tds, and tds the sink")
    wait("an authentic picture", lambda: s.sink_is("authentic"), 60)
    show.wait_for_guests(s)
    say("  typing into work")
    s.ctl("focus", "work")
    s.type_line("cat reports/q3-summary.txt")
    s.move(1520, 900)
    save(s.settled(), os.path.join(out, "sink.png"))
    s.order("save carrier.png %d %d" % (W, H))
    shutil.copy(os.path.join(s.seen, "carrier.png"), out)
    say("  sink.png: what the sink shows, pixel by pixel what the core shows")
    say("  carrier.png: what the carrier (user %s) got of it" % s.user)

    say("  the carrier flips one bit")
    s.tell("flip")
    s.ctl("key", "CTRL+ALT+DELETE")  # the whole screen changes
    wait("the sink to refuse it", lambda: s.sink_is("not authentic"), 20)
    save(s.notice(), os.path.join(out, "refused.png"))
    say("  refused.png: the sink shows no part of it")
    s.ctl("key", "ESC")
    s.order("go")
    wait("a new session", lambda: s.sink_is("authentic"), 60)
    s.settled()
    say("  a new session brought the picture back")


def tell(s, keep):
    say("5/5 done. Look at carrier.png, sink.png and refused.png.")
    if keep:
        ctl = os.path.relpath(os.path.join(s.build, "tds/ctl/tdsctl"))
        say("It keeps running: %s is replaced by each new picture." % s.png)
        say("In another terminal: %s --run-dir %s key CTRL+ALT+DELETE" % (
            ctl, s.run_dir))
        say("Ctrl-C stops everything.")
    else:
        say("Next: docs/hdcp.md, 'How to use it'; the keys here are published "
            "ones and protect nothing.")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--keep", action="store_true")
    args = parser.parse_args()

    drive.stop_on_signals()
    directory = tempfile.mkdtemp(prefix="tds-demo-")
    s = None
    try:
        s = Sealed(args.build, directory, show.GEOMETRY, show.PHRASE)
        say("4/5 starting tds, two guests, a carrier and a sink")
        s.start()
        s.start_line()
        s.start_guests()
        story(s, args.out)
        tell(s, args.keep)
        if args.keep:
            s.process.wait()
            raise Failure("tdsd ended: " + drive.tail(s.log))
        code = 0
    except Failure as failure:
        shutil.copytree(directory, os.path.join(args.out, "logs"),
                        dirs_exist_ok=True, ignore=show.only_logs)
        print("demo: %s; logs are in %s/logs" % (failure, args.out),
              file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        say("\nstopping")
        code = 0 if args.keep else 130
    finally:
        if s:
            s.stop()
        shutil.rmtree(directory, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
