"""Drive a whole tds: configuration, tdsd, stock guests, tdsctl.

Used by ./demo and tests/vm/guests. Nothing here sleeps for a fixed time: it
waits for a condition, with a limit, and says what it waited for. Everything
that was started is stopped by its process id.
"""
import json
import os
import signal
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))

DOMAINS = {
    "work": {"label": "SECRET", "level": "secret", "colour": "#c8102e",
             "pattern": "diagonal"},
    "web": {"label": "UNCLASSIFIED", "level": "unclassified",
            "colour": "#007a33", "pattern": "plain"},
}


class Failure(Exception):
    """One line for the user: what failed, and the remedy where there is one."""


def wait(what, condition, limit):
    """The first true value of condition(); a Failure after limit seconds."""
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure("%s: not within %g s" % (what, limit))
        time.sleep(0.1)


def stop(process, seconds=5):
    """Ask, then insist."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def tail(path, lines=1):
    """The last lines of a log, for a message."""
    try:
        with open(path, errors="replace") as f:
            return " | ".join(f.read().strip().splitlines()[-lines:])
    except OSError:
        return ""


def children_of(pid):
    """{pid: name} of a process's children."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % entry) as f:
                stat = f.read()
            with open("/proc/%s/cmdline" % entry) as f:
                name = f.read().split("\0")[0]
        except OSError:
            continue
        if int(stat.rsplit(")", 1)[1].split()[1]) == pid:
            found[int(entry)] = name
    return found


class Guest:
    """One stock virtual machine, in QEMU."""

    def __init__(self, name, run_dir, vm_dir):
        self.name = name
        self.run_dir = run_dir
        self.vm_dir = vm_dir
        self.process = None

    def start(self):
        os.makedirs(self.vm_dir, exist_ok=True)
        for old in ("serial.log", "qemu.log"):
            if os.path.exists(os.path.join(self.vm_dir, old)):
                os.remove(os.path.join(self.vm_dir, old))
        self.process = subprocess.Popen(
            [os.path.join(HERE, "run-guest"), self.name, "--run-dir",
             self.run_dir, "--vm-dir", self.vm_dir],
            stdin=subprocess.DEVNULL, start_new_session=True)

    def serial(self):
        """What the guest has said on its serial line."""
        try:
            with open(os.path.join(self.vm_dir, "serial.log"),
                      errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def wait_serial(self, text, limit, count=1):
        """Until the guest has said text, count times."""
        def said():
            if self.process.poll() is not None:
                log = os.path.join(self.vm_dir, "qemu.log")
                raise Failure("the VM of %s ended: %s" % (
                    self.name, tail(log) or "see " + log))
            return self.serial().count(text) >= count
        wait("%s to say '%s'" % (self.name, text), said, limit)

    def wait_console(self, limit=120, count=1):
        self.wait_serial("%s has its console" % self.name, limit, count)

    def stop(self):
        if self.process:
            stop(self.process)


class Session:
    """A tdsd with its configuration, and the guests that belong to it."""

    def __init__(self, build, directory, geometry, phrase):
        self.build = build
        self.config_dir = os.path.join(directory, "config")
        self.run_dir = os.path.join(directory, "run")
        self.log = os.path.join(directory, "tdsd.log")
        self.geometry = geometry
        self.phrase = phrase
        self.process = None
        self.guests = {
            name: Guest(name, self.run_dir, os.path.join(directory, "vm", name))
            for name in DOMAINS}
        self.write_config()

    def write_config(self):
        domains = os.path.join(self.config_dir, "domains.d")
        os.makedirs(domains, exist_ok=True)
        os.makedirs(self.run_dir, mode=0o700, exist_ok=True)
        with open(os.path.join(self.config_dir, "tds.conf"), "w") as f:
            f.write("[tds]\nmode = try-out\nphrase = %s\nfocus = work\n"
                    "run-dir = %s\n\n[output headless-1]\n"
                    "type = headless\n"
                    "size = 1920x1080\nrefresh = 60\n" % (
                        self.phrase, self.run_dir))
        for name, domain in DOMAINS.items():
            x, y, width, height = self.geometry[name]
            with open(os.path.join(domains, name + ".conf"), "w") as f:
                f.write("[domain]\nname = %s\n" % name)
                for key, value in domain.items():
                    f.write("%s = %s\n" % (key, value))
                f.write("position = %d,%d\nsize = %dx%d\n" % (
                    x, y, width, height))

    def start(self):
        log = open(self.log, "ab")
        self.process = subprocess.Popen(
            [os.path.join(self.build, "tds/super/tdsd"), "--config",
             self.config_dir],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True)
        log.close()

        def answers():
            if self.process.poll() is not None:
                raise Failure("tdsd ended: %s (log: %s)" % (
                    tail(self.log), self.log))
            return self.try_status()
        return wait("tdsd to answer (log: %s)" % self.log, answers, 15)

    def ctl(self, *arguments, check=True):
        """Run tdsctl; its output. A Failure if it fails and check is set."""
        result = subprocess.run(
            [os.path.join(self.build, "tds/ctl/tdsctl"), "--run-dir",
             self.run_dir, *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=20)
        if check and result.returncode:
            raise Failure("tdsctl %s: %s" % (
                " ".join(arguments), result.stderr.strip()))
        return result.stdout if not result.returncode else None

    def status(self):
        return json.loads(self.ctl("status", "--json"))

    def try_status(self):
        """The status, or None while tdsd or its core is starting."""
        try:
            out = self.ctl("status", "--json", check=False)
        except subprocess.TimeoutExpired:
            return None
        return json.loads(out) if out else None

    def screenshot(self, picture, status):
        """A picture and the status of the same moment, into two files."""
        self.ctl("screenshot", picture, "--status", status)

    def move(self, x, y):
        self.ctl("pointer", str(x), str(y))

    def click(self, x, y):
        self.ctl("pointer", str(x), str(y), "left")

    def drag(self, start, end):
        self.ctl("pointer", str(start[0]), str(start[1]), "press")
        self.ctl("pointer", str(end[0]), str(end[1]))
        self.ctl("pointer", str(end[0]), str(end[1]), "release")

    def start_guests(self):
        for name, guest in self.guests.items():
            for device in ("gpu", "keyboard", "tablet", "mouse"):
                path = os.path.join(self.run_dir, name, device + ".sock")
                wait("tdsd to listen on " + path,
                     lambda p=path: os.path.exists(p), 5)
            guest.start()

    def type_line(self, text):
        """Type a line and Enter into the domain that has the keyboard."""
        self.ctl("type", text)
        self.ctl("key", "ENTER")

    def stop(self):
        for guest in self.guests.values():
            guest.stop()
        if self.process:
            stop(self.process)


def on_signal(number, frame):
    """As Ctrl-C: everything is stopped on the way out."""
    raise KeyboardInterrupt


def stop_on_signals():
    signal.signal(signal.SIGINT, on_signal)  # even if a shell ignored it
    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGHUP, on_signal)
