#!/usr/bin/python3
"""test_memory.py SOURCE_PEER TDS_SINK: what tds-sink keeps in memory.

With a picture on, its pixels and keys are there: so the search finds them.
When the line is cut, no pixel is. When it ends, no key and no pixel is: it is
stopped in its last moment, by PTRACE_O_TRACEEXIT. A root may look into a
process that is sealed against it; who is none becomes one of a namespace.
"""
import ctypes
import os
import re
import signal
import sys
import tempfile
import unittest

import facsimile
from line import ATTEMPTS, Line, wait
import test_programs
from test_programs import H, W, Sink

SEIZE, CONT, DETACH, TRACE_EXIT, EVENT_EXIT = 0x4206, 7, 17, 0x40, 6
libc = ctypes.CDLL(None, use_errno=True)


def ptrace(request, pid, data):
    if libc.ptrace(ctypes.c_long(request), ctypes.c_long(pid), None,
                   ctypes.c_void_p(data)) < 0:
        raise OSError(ctypes.get_errno(), 'ptrace')


def memory(pid):
    """All that a process can write."""
    found = bytearray()
    with open('/proc/%d/maps' % pid) as maps, \
            open('/proc/%d/mem' % pid, 'rb', 0) as mem:
        for entry in maps:
            m = re.match(r'([0-9a-f]+)-([0-9a-f]+) rw', entry)
            if not m or '[v' in entry:
                continue
            begin, end = (int(m.group(i), 16) for i in (1, 2))
            mem.seek(begin)
            found += mem.read(end - begin) + bytes(64)
    return bytes(found)


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
        everything = memory(self.sink.process.pid)
        return sorted(name for name, secret in secrets.items()
                      if secret in everything)

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

        ptrace(SEIZE, pid, TRACE_EXIT)
        os.kill(pid, signal.SIGTERM)
        try:
            while True:
                _, status = os.waitpid(pid, 0)
                self.assertTrue(os.WIFSTOPPED(status), status)
                if status >> 16 == EVENT_EXIT:
                    break
                ptrace(CONT, pid, 0)
            self.assertEqual(self.found({**self.keys, **self.pixels}), [])
        finally:
            ptrace(DETACH, pid, 0)


if __name__ == '__main__':
    if os.geteuid() != 0:
        os.execvp('unshare', ['unshare', '--user', '--map-root-user',
                              sys.executable, *sys.argv])
    test_programs.SINK = sys.argv.pop(2)
    test_programs.HDCP = sys.argv.pop(1)
    unittest.main()
