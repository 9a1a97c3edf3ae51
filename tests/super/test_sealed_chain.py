#!/usr/bin/python3
"""test_sealed_chain.py TDSD TDSCTL FACSIMILE SINK CHECKER: the whole way of a
sealed output: tdsd, the core, tds-hdcp, a carrier (this process, which counts
what it forwards), tds-sink. What the sink shows is what the core shows, and
what goes over the wire grows with what changed.

Time is real, with HDCP's limits: a connection that fails is tried again.
"""
import importlib.util
import os
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

FACSIMILE, SINK, CHECKER = None, None, None
W, H = 640, 480
WHOLE = 4 * W * H
SECONDS = 30


class Carrier(threading.Thread):
    """Forwards bytes between two sockets, again and again."""

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


class Chain(unittest.TestCase):
    def setUp(self):
        self.stack = s = Stack()
        self.addCleanup(s.remove)
        keys = {}
        for end, names in (('hdcp', FACSIMILE.SOURCE),
                           ('sink', FACSIMILE.SINK)):
            keys[end] = os.path.join(s.dir, end)
            FACSIMILE.write_keys(keys[end], names=names)
        s.write('tds.conf', '[tds]\nmode = try-out\nphrase = a phrase\n'
                'run-dir = %s\nfocus = web\nhdcp-facsimile = yes\n'
                '[output one]\ntype = headless\nsize = 800x600\n'
                '[output wall]\ntype = sealed\nsize = %dx%d\nkeys = %s\n' %
                (s.run, W, H, keys['hdcp']))
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
                 self.png], stdin=subprocess.DEVNULL, stderr=log)
        self.addCleanup(sink.wait)
        self.addCleanup(sink.kill)
        self.carrier = Carrier(os.path.join(s.run, 'wall.wire'),
                               socket_of_sink)
        self.addCleanup(self.carrier.join)
        self.addCleanup(setattr, self.carrier, 'over', True)
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


if __name__ == '__main__':
    CHECKER, SINK = sys.argv.pop(5), sys.argv.pop(4)
    spec = importlib.util.spec_from_file_location('facsimile', sys.argv.pop(3))
    FACSIMILE = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(FACSIMILE)
    stack.TDSCTL = sys.argv.pop(2)
    stack.TDSD = sys.argv.pop(1)
    unittest.main()
