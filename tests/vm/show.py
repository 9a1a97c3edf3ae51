#!/usr/bin/python3
"""The part of ./demo that runs tds and its guests, and takes the pictures."""
import argparse
import errno
import json
import os
import shutil
import sys
import tempfile
import time

import drive
from drive import Failure, wait

# Frame position and content size on a screen of 1920x1080.
GEOMETRY = {
    "web": (96, 92, 1000, 640),
    "work": (800, 350, 1000, 640),
}
PHRASE = "the heron waits for rain"


def say(text):
    print(text, flush=True)


def wait_for_guests(session):
    """Until both consoles are up, telling how long it takes."""
    begin = time.monotonic()
    for name, guest in session.guests.items():
        guest.wait_console()
        say("  %s has its console (%d s)" % (name, time.monotonic() - begin))

    def all_shown():
        windows = {w["domain"] for w in session.status()["windows"]
                   if w.get("picture", True)}
        return windows == set(session.guests)
    wait("both windows to be shown", all_shown, 20)


def settled(session, picture, status):
    """A screenshot that equals the one before it: what was typed is drawn."""
    last = [b""]

    def is_still():
        session.screenshot(picture, status)
        with open(picture, "rb") as f:
            now = f.read()
        is_same = now == last[0]
        last[0] = now
        return is_same
    wait("the screen to come to rest", is_still, 20)
    with open(status) as f:
        return json.load(f)


def show(session, out):
    """The story of the demo; leaves the pictures in out."""
    desktop = os.path.join(out, "desktop.png")
    status_file = os.path.join(out, "status.json")
    attention = os.path.join(out, "attention.png")

    say("  typing into work")
    session.ctl("focus", "work")
    session.type_line("ls reports")
    settled(session, desktop, status_file)  # the prompt is back
    session.type_line("cat reports/q3-summary.txt")
    session.move(1520, 900)  # out of the text's way
    status = settled(session, desktop, status_file)
    if status["keyboard"] != "work":
        raise Failure("the keyboard is with %s, not work" % status["keyboard"])

    say("  pressing Ctrl+Alt+Delete, the secure attention key")
    session.ctl("key", "CTRL+ALT+DELETE")
    wait("the trusted panel", lambda: session.status()["attention"], 10)
    settled(session, attention, os.path.join(session.run_dir, "status.json"))
    session.ctl("key", "ESC")
    wait("the panel to close", lambda: not session.status()["attention"], 10)


def tell(session, out, keep):
    ctl = os.path.relpath(os.path.join(session.build, "tds/ctl/tdsctl"))
    say("5/5 done. Look at:")
    for name in ("desktop.png", "attention.png", "status.json"):
        say("  " + os.path.relpath(os.path.join(out, name)))
    if keep:
        say("It keeps running. In another terminal try:")
        say("  alias tdsctl='%s --run-dir %s'" % (ctl, session.run_dir))
        say("  tdsctl focus web && tdsctl type 'cat news/today.txt' && "
            "tdsctl key ENTER")
        say("  tdsctl key CTRL+ALT+DELETE   # then: tdsctl key 1, key ESC")
        say("  tdsctl screenshot now.png; tdsctl status")
        say("Ctrl-C stops everything.")
    else:
        say("Next: ./demo --keep leaves it running for you to drive; "
            "./check runs the tests;")
        say("  README.md and docs/guests.md tell how to connect your own VM.")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--keep", action="store_true")
    args = parser.parse_args()

    drive.stop_on_signals()
    shutil.rmtree(os.path.join(args.out, "logs"), ignore_errors=True)
    # A short path: a socket's name holds 107 bytes.
    directory = tempfile.mkdtemp(prefix="tds-demo-")
    session = drive.Session(args.build, directory, GEOMETRY, PHRASE)
    try:
        say("4/5 starting tds and two guests")
        session.start()
        session.start_guests()
        wait_for_guests(session)
        show(session, args.out)
        tell(session, args.out, args.keep)
        if args.keep:
            session.process.wait()
            raise Failure("tdsd ended: " + drive.tail(session.log))
        code = 0
    except Failure as failure:
        shutil.copytree(directory, os.path.join(args.out, "logs"),
                        dirs_exist_ok=True, ignore=only_logs)
        print("demo: %s; logs are in %s/logs" % (failure, args.out),
              file=sys.stderr)
        code = 1
    except OSError as error:
        remedy = "free disk space or choose another --out" \
            if error.errno == errno.ENOSPC else \
            "remove %s and run ./demo again" % args.build
        print("demo: %s; %s" % (error, remedy), file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        say("\nstopping")
        code = 0 if args.keep else 130
    finally:
        session.stop()
        shutil.rmtree(directory, ignore_errors=True)
    return code


def only_logs(directory, names):
    """copytree's filter: sockets cannot be copied."""
    return [n for n in names if not n.endswith((".log", ".conf"))
            and not os.path.isdir(os.path.join(directory, n))]


if __name__ == "__main__":
    sys.exit(main())
