#!/usr/bin/python3
"""The part of ./demo --vm that boots the display domain and takes pictures."""
import argparse
import os
import shutil
import sys
import tempfile

import drive
import machine
from drive import Failure, wait

chain = machine.load_script(os.path.join(drive.HERE, "chain"), "chain")


def say(text):
    print(text, flush=True)


def settled(c):
    """A picture that equals the one before it: what was typed is drawn."""
    last = [None]

    def is_still():
        picture, _ = c.shot()
        is_same = last[0] == picture.tobytes()
        last[0] = picture.tobytes()
        return picture if is_same else None
    return wait("the screen to come to rest", is_still, 60)


def show(c, out):
    say("4/5 booting it: a screen, a keyboard, KVM, all emulated")
    c.start()
    say("  trust bar after %.1f s; starting two stock guests in it" % c.boot_s)
    chain.two_stock_guests_boot_under_kvm(c)
    say("  typing on the virtual keyboard")
    c.m.type("ls reports\n")
    settled(c).save(os.path.join(out, "vm-desktop.png"))
    say("  pressing Ctrl+Alt+Delete, the secure attention key")
    c.attention()
    settled(c).save(os.path.join(out, "vm-attention.png"))
    c.leave_panel()
    say("5/5 done. What the virtual graphics card scanned out:")
    for name in ("vm-desktop.png", "vm-attention.png"):
        say("  " + os.path.relpath(os.path.join(out, name)))
    say("docs/display-domain.md tells how to build and install it.")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    drive.stop_on_signals()
    directory = tempfile.mkdtemp(prefix="tds-vm-")
    c = chain.Chain(args.build, directory)
    try:
        show(c, args.out)
        return 0
    except Failure as failure:
        logs = os.path.join(args.out, "logs")
        os.makedirs(logs, exist_ok=True)
        for name in ("serial.log", "qemu.log"):
            if os.path.exists(os.path.join(directory, name)):
                shutil.copy(os.path.join(directory, name), logs)
        print("demo: %s; logs are in %s" % (failure, logs), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("\nstopping")
        return 130
    finally:
        c.stop()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
