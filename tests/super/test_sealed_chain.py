#!/usr/bin/python3
"""test_sealed_chain.py TDSD TDSCTL FACSIMILE SINK CHECKER CARRIER: the whole
way of a sealed output: tdsd, the core, tds-hdcp, a carrier, tds-sink. What the
sink shows is what the core shows, what goes over the wire grows with what
changed, and the carrier, a process of its own, can make nothing of it.

Time is real, with HDCP's limits: a connection that fails is tried again.
"""
import importlib.util
import os
import pwd
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

from PIL import Image, ImageChops

import stack
from stack import Stack, wait_for

FACSIMILE, SINK, CHECKER, CARRIER = None, None, None, None
CONTENT, HEADERS, TAG = 2, 16 + 26, 16  # of a record of the wire
W, H = 640, 480
WHOLE = 4 * W * H
SECONDS = 30


class Counter(threading.Thread):
    """A carrier that counts what it forwards."""

    def __init__(self, wire, sink):
        super().__init__(daemon=True)
        self.paths, self.seen, self.over = (wire, sink), 0, False
        self.start()

    def run(self):
        while not self.over:
            ends = [socket.socket(socket.AF_UNIX) for _ in self.paths]
            try:
                for end, path in zip(ends, self.paths):
                    end.connect(path)
                self.forward(*ends)
            except OSError:
                select.select([], [], [], 0.05)  # nobody is there yet
            for end in ends:
                end.close()

    def forward(self, wire, sink):
        while not self.over:
            for end in select.select([wire, sink], [], [], 0.1)[0]:
                data = end.recv(1 << 16)
                if not data:
                    return
                if end is wire:
                    self.seen += len(data)
                (sink if end is wire else wire).sendall(data)


class Base(unittest.TestCase):
    carrier_user = None

    def setUp(self):
        self.stack = s = Stack()
        self.addCleanup(s.remove)
        self.keys = keys = {}
        for end, names in (('hdcp', FACSIMILE.SOURCE),
                           ('sink', FACSIMILE.SINK)):
            keys[end] = os.path.join(s.dir, end)
            FACSIMILE.write_keys(keys[end], names=names)
        s.write('tds.conf', '[tds]\nmode = try-out\nphrase = a phrase\n'
                'run-dir = %s\nfocus = web\nhdcp-facsimile = yes\n'
                '[output one]\ntype = headless\nsize = 800x600\n'
                '[output wall]\ntype = sealed\nsize = %dx%d\nkeys = %s\n%s' %
                (s.run, W, H, keys['hdcp'], 'carrier = %s\n' %
                 self.carrier_user if self.carrier_user else ''))
        for name, text in stack.DOMAINS.items():
            s.write('domains.d/' + name, text.replace(
                'size = 400x300', 'size = 320x200\noutputs = wall'))
        s.start(n_children=4)
        self.png = os.path.join(s.dir, 'sink.png')
        socket_of_sink = os.path.join(s.dir, 'sink.wire')
        with open(os.path.join(s.dir, 'sink.log'), 'w') as log:
            sink = subprocess.Popen(
                [SINK, '--facsimile', '--keys', keys['sink'], '--size',
                 '%dx%d' % (W, H), '--wire', socket_of_sink, '--png',
                 self.png, *(['--carrier', self.carrier_user]
                             if self.carrier_user else [])],
                stdin=subprocess.DEVNULL, stderr=log)
        self.addCleanup(sink.wait)
        self.addCleanup(sink.kill)
        self.begin_carrier(os.path.join(s.run, 'wall.wire'), socket_of_sink)
        wait_for(lambda: self.wall()['sink'], SECONDS)

    def wall(self):
        status = self.stack.status()
        return next((o for o in status['outputs'] if o['name'] == 'wall'),
                    None) if status else {'sink': False}

    def core_shows(self):
        path = os.path.join(self.stack.dir, 'core.png')
        self.status = os.path.join(self.stack.dir, 'core.json')
        done = self.stack.ctl('screenshot', path, '--status', self.status,
                              '--output', 'wall')
        self.assertEqual(done.returncode, 0, done.stderr)
        with Image.open(path) as image:
            return image.convert('RGB')

    def sink_shows(self):
        try:
            with Image.open(self.png) as image:
                return image.convert('RGB')
        except OSError:  # not yet
            return None

    def wait_same(self):
        """The sink's picture, when it is the core's."""
        def same():
            core, sink = self.core_shows(), self.sink_shows()
            return sink and core.tobytes() == sink.tobytes() and sink
        return wait_for(same, SECONDS)

    def pointer(self, x, y):
        # the layout: output one is 800 wide, the wall stands right of it
        self.assertEqual(
            self.stack.ctl('pointer', str(800 + x), str(y)).returncode,
            0)


class Chain(Base):
    def begin_carrier(self, wire, sink):
        self.carrier = Counter(wire, sink)
        self.addCleanup(self.carrier.join)
        self.addCleanup(setattr, self.carrier, 'over', True)

    def change(self, what):
        """Bytes on the wire and pixels that differ, until both show it."""
        before, seen = self.wait_same(), self.carrier.seen
        what()
        def changed():
            after = self.wait_same()
            difference = ImageChops.difference(before, after)
            return difference.getbbox() and (after, difference)
        after, difference = wait_for(changed, SECONDS)
        pixels = sum(1 for p in difference.convert('L').getdata() if p)
        return self.carrier.seen - seen, pixels

    def test_the_sink_shows_what_the_core_shows(self):
        sink = self.wait_same()
        sink.save(os.path.join(self.stack.dir, 'judged.png'))
        done = subprocess.run(
            [CHECKER, os.path.join(self.stack.dir, 'judged.png'), self.status,
             '--output', '1'], capture_output=True, text=True, timeout=60,
            check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_what_goes_over_the_wire_grows_with_what_changed(self):
        self.pointer(300, 400)
        moved, few = self.change(lambda: self.pointer(306, 404))
        # two cursors' places; and signs of life, 40 bytes each, four a second
        self.assertLess(moved, 16384)
        focused, more = self.change(
            lambda: self.stack.ctl('focus', 'Büro 2'))
        panel, all_of_it = self.change(
            lambda: self.stack.ctl('key', 'ctrl+alt+delete'))
        print('moved %d bytes for %d pixels, focus %d for %d, panel %d for %d'
              % (moved, few, focused, more, panel, all_of_it))
        self.assertLess(moved, focused)
        self.assertLess(focused, panel)
        self.assertGreaterEqual(panel, WHOLE)
        self.assertLess(panel, WHOLE * 5 // 4)

    def test_who_dies_comes_back_and_the_sink_sees_the_present(self):
        self.wait_same()
        for name in ('tds-compositor', 'tds-hdcp@wall'):
            with self.subTest(name):
                before = self.stack.children()
                os.kill(before[name], signal.SIGKILL)
                wait_for(lambda: self.stack.children().get(name) not in
                         (None, before[name]), SECONDS)
                wait_for(lambda: self.wall()['sink'], SECONDS)
                self.pointer(100, 420)
                self.wait_same()


class View(Base):
    """What the carrier has: bytes, and no other way to pixels or keys."""

    # as anybody, if there is a root to become it
    carrier_user = 'nobody' if os.geteuid() == 0 else None

    def begin_carrier(self, wire, sink):
        self.folder = os.path.join(self.stack.dir, 'carrier')
        os.mkdir(self.folder)
        if self.carrier_user:
            os.chown(self.folder, pwd.getpwnam(self.carrier_user).pw_uid, -1)
        self.process = subprocess.Popen(
            [sys.executable, CARRIER, wire, sink, self.folder,
             *([self.carrier_user] if self.carrier_user else [])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for stop in (self.process.stdout.close, self.process.wait,
                     self.process.kill, self.process.stdin.close):
            self.addCleanup(stop)

    def seen(self):
        """The pieces of content of this connection, as they came."""
        self.process.stdin.write('dump seen\n')
        self.process.stdin.flush()
        wait_for(lambda: self.process.stdout.readline().startswith('dump'))
        with open(os.path.join(self.folder, 'seen'), 'rb') as f:
            data = f.read()
        pieces = []
        while len(data) >= 4:
            n = 4 + int.from_bytes(data[1:4], 'big')
            if data[0] == CONTENT and len(data) >= n:
                pieces.append(data[HEADERS:n - TAG])
            data = data[n:]
        return pieces

    def test_it_received_noise(self):
        # labels, frames, sign, then all of it in other places
        pictures = [self.wait_same()]
        self.assertEqual(
            self.stack.ctl('key', 'ctrl+alt+delete').returncode, 0)
        pictures.append(wait_for(lambda: self.panel(pictures[0])))
        data = b''.join(self.seen())
        self.assertGreaterEqual(len(data), WHOLE)

        # runs of eight pixels of each row, as they lie in the frame
        known = set()
        for picture in pictures:
            for spare in (0, 255):
                frame = picture.convert('RGBA')
                frame.putalpha(spare)
                red, green, blue, alpha = frame.split()
                raw = Image.merge('RGBA', (blue, green, red, alpha)).tobytes()
                known |= {raw[at:at + 32] for at in range(0, len(raw), 32)}
        self.assertGreater(len(known), 100)
        everywhere = {data[at:at + 32] for at in range(len(data) - 31)}
        self.assertEqual(known & everywhere, set())

        # 255 degrees of freedom: beyond these in one of 10^9 runs
        expected = len(data) / 256
        chi = sum((data.count(bytes([b])) - expected) ** 2 / expected
                  for b in range(256))
        self.assertTrue(140 < chi < 410, chi)
        blocks = [piece[at:at + 16] for piece in self.seen()
                  for at in range(0, len(piece) - 15, 16)]
        self.assertEqual(len(set(blocks)), len(blocks))

    def panel(self, before):
        now = self.wait_same()
        return now if now.tobytes() != before.tobytes() else None

    @unittest.skipUnless(os.geteuid() == 0, 'a carrier of the same user')
    def test_it_has_no_other_way(self):
        self.wait_same()
        pid = self.process.pid
        held = [os.readlink('/proc/%d/fd/%s' % (pid, fd)).split(':')[0]
                for fd in os.listdir('/proc/%d/fd' % pid) if fd != '2']
        self.assertEqual(sorted(held), ['pipe', 'pipe', 'socket', 'socket'])
        with open('/proc/%d/maps' % pid) as maps:
            text = maps.read()
        self.assertNotIn('memfd', text)
        self.assertNotIn(self.stack.dir, text)

        children = self.stack.children()
        wanted = [os.path.join(self.keys[end], name) for end, names in
                  (('hdcp', FACSIMILE.SOURCE), ('sink', FACSIMILE.SINK))
                  for name in names]
        wanted += ['/proc/%d/%s' % (p, what) for p in children.values()
                   for what in ('mem', 'fd', 'maps')]
        for path in wanted:
            os.stat(path)  # it is there
        ask = ('import os, sys\n'
               'for path in sys.argv[1:]:\n'
               '    try:\n'
               '        os.open(path, os.O_RDONLY)\n'
               '        print(path)\n'
               '    except PermissionError:\n'
               '        pass\n')
        done = subprocess.run(
            [sys.executable, '-c', ask, *wanted], user=self.carrier_user,
            group='nogroup', extra_groups=[], capture_output=True, text=True,
            timeout=20, check=False)
        self.assertEqual((done.stdout, done.stderr), ('', ''))


if __name__ == '__main__':
    CARRIER, CHECKER, SINK = sys.argv.pop(6), sys.argv.pop(5), sys.argv.pop(4)
    spec = importlib.util.spec_from_file_location('facsimile', sys.argv.pop(3))
    FACSIMILE = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(FACSIMILE)
    stack.TDSCTL = sys.argv.pop(2)
    stack.TDSD = sys.argv.pop(1)
    unittest.main()
