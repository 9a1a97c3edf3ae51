"""stack: a real tdsd with its children, in a directory of its own."""
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

TDSD, TDSCTL = None, None  # set by the test from its arguments

MAIN = """[tds]
mode = %s
phrase = a phrase
run-dir = %s
[output one]
type = headless
size = 800x600
[output two]
type = headless
size = 640x480
"""
DOMAINS = {
    '10-web.conf': '[domain]\nname = web\nlabel = PUBLIC\n'
                   'level = unclassified\nsize = 400x300\n',
    '20-work.conf': '[domain]\nname = Büro 2\nlabel = SECRET\n'
                    'level = secret\nsize = 400x300\n',
}


def wait_for(what, seconds=10):
    """Poll until what() is true; its value."""
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError('waited %d s in vain' % seconds)
        time.sleep(0.01)


class Stack:
    def __init__(self, mode='try-out'):
        self.dir = tempfile.mkdtemp(prefix='tds-super-')
        os.chmod(self.dir, 0o755)
        self.config = os.path.join(self.dir, 'config')
        self.run = os.path.join(self.dir, 'run')
        self.process = None
        os.makedirs(os.path.join(self.config, 'domains.d'))
        self.write('tds.conf', MAIN % (mode, self.run))
        for name, text in DOMAINS.items():
            self.write('domains.d/' + name, text)

    def write(self, name, text):
        path = os.path.join(self.config, name)
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)
        os.chmod(path, 0o644)
        return path

    def check(self, *more):
        """tdsd --check: its exit status and what it says."""
        done = subprocess.run(
            [TDSD, '--config', self.config, '--check', *more],
            capture_output=True, text=True, timeout=20, check=False)
        return done.returncode, done.stderr + done.stdout

    def start(self, stderr=None, within=(), n_children=3):
        self.log = os.path.join(self.dir, 'log')
        with open(self.log, 'a') as log:
            self.process = subprocess.Popen(
                [*within, TDSD, '--config', self.config], stdin=subprocess.DEVNULL,
                stderr=stderr or log)
        wait_for(lambda: self.ctl('status').returncode == 0)
        wait_for(lambda: len(self.children()) == n_children)
        return self

    def said(self):
        with open(self.log, encoding='utf-8') as f:
            return f.read()

    def ctl(self, *args, **more):
        return subprocess.run(
            [TDSCTL, '--run-dir', self.run, *args], capture_output=True,
            text=True, timeout=20, check=False, **more)

    def status(self):
        done = self.ctl('status', '--json')
        return json.loads(done.stdout) if done.returncode == 0 else None

    def connect(self):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.settimeout(10)
        s.connect(os.path.join(self.run, 'control.sock'))
        return s

    def children(self):
        """{argv[0]: pid}, as the kernel has them."""
        pid = self.process.pid
        try:
            with open('/proc/%d/task/%d/children' % (pid, pid)) as f:
                pids = [int(p) for p in f.read().split()]
        except FileNotFoundError:
            return {}
        found = {}
        for p in pids:
            try:
                with open('/proc/%d/cmdline' % p, 'rb') as f:
                    name = f.read().split(b'\0')[0].decode()
            except OSError:
                continue
            if name.startswith('tds-'):
                found[name] = p
        return found

    def n_fds(self):
        """Only root may look; for others it is 0, before and after."""
        if os.geteuid() != 0:
            return 0
        return len(os.listdir('/proc/%d/fd' % self.process.pid))

    def rss_kib(self):
        with open('/proc/%d/status' % self.process.pid) as f:
            for line in f:
                if line.startswith('VmRSS:'):
                    return int(line.split()[1])
        return 0

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(timeout=20) if self.process else None

    def remove(self):
        self.stop(signal.SIGKILL)
        shutil.rmtree(self.dir, ignore_errors=True)
