#!/usr/bin/python3
"""test_memory.py SOURCE_PEER TDS_SINK: what tds-sink keeps in memory.

With a picture on, its pixels and keys are there: so the search finds them.
When the line is cut, no pixel is. When it ends, no key and no pixel is: it is
stopped in its last moment, by PTRACE_O_TRACEEXIT.
"""
import os
import signal
import sys
import tempfile
import unittest

import facsimile
import memory
from line import ATTEMPTS, Line, wait
import test_programs
from test_programs import H, W, Sink


class Memory(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        keys = os.path.join(self.folder.name, 'keys')
        self.source_key = os.urandom(32)
        facsimile.write_keys(keys, source_key=self.source_key)
        wire = os.path.join(self.folder.name, 'wire')
        self.sink = Sink(self.folder.name, keys, '--wire', wire)
        self.addCleanup(self.sink.close)
        self.assertTrue(wait(lambda: 'receiver' in self.sink.said()))
        for _ in range(ATTEMPTS):
            self.line = Line(test_programs.HDCP, keys, wire, W, H)
            if self.line.wait_done() and self.line.carry(
                    lambda: self.sink.pixels() == self.line.source.expected()):
                break
            self.line.close()
        self.assertEqual(self.sink.state(), 'authentic')
        frame = bytes(self.line.source.frame)
        self.pixels = {'row %d' % y: frame[4 * W * y:4 * W * y + 64]
                       for y in range(0, H, 10)}
        private = facsimile.vector('PRIVATE_22_R2')
        self.keys = {'lc128': facsimile.files(b'')['lc128'],
                     'source-key': self.source_key}
        for n, name in enumerate(('p', 'q', 'dP', 'dQ', 'qInv')):
            part = private[64 * n:64 * n + 64]
            # as it came, and as OpenSSL keeps large numbers
            self.keys[name] = part[:32]
            self.keys[name + ' reversed'] = part[::-1][:32]

    def found(self, secrets):
        return memory.found(self.sink.process.pid, secrets)

    def test_nothing_is_left_of_pictures_and_keys(self):
        pid = self.sink.process.pid
        self.assertEqual(self.found(self.pixels), sorted(self.pixels))
        before = self.found(self.keys)
        for name in ('lc128', 'source-key', 'p reversed', 'q reversed'):
            self.assertIn(name, before)
        self.line.close()
        self.assertTrue(wait(lambda: self.sink.state() == 'not authentic'))
        self.assertTrue(wait(
            lambda: self.sink.is_notice(test_programs.ALARM)))
        self.assertEqual(self.found(self.pixels), [])

        self.assertEqual(memory.found_at_its_end(
            pid, lambda: os.kill(pid, signal.SIGTERM),
            {**self.keys, **self.pixels}), [])


if __name__ == '__main__':
    memory.become_root()
    test_programs.SINK = sys.argv.pop(2)
    test_programs.HDCP = sys.argv.pop(1)
    unittest.main()
