#!/usr/bin/python3
"""test_programs.py TDS_HDCP TDS_SINK: both programs, and a carrier between.

This process is the carrier: it holds the two ends of the byte stream and
nothing else of them, keeps all that it sees, and is honest or not. Time is
real here, with HDCP's limits (100 ms for a certificate), so that a machine
that stands still for a while needs another attempt to connect: those are
counted, and bounded.
"""
import math
import mmap
import os
import re
import select
import socket
import subprocess
import sys
import tempfile
import time
import unittest

W, H, ATTEMPTS = 320, 200, 10
HDCP, SINK = None, None
HERE = os.path.dirname(os.path.abspath(__file__))


def vector(name):
    with open(os.path.join(HERE, 'vectors.h')) as f:
        text = f.read()
    body = re.search(r'#define %s \\\n((?:\t"[0-9a-f]+"(?: \\)?\n)+)' % name,
                     text).group(1)
    return bytes.fromhex(''.join(re.findall(r'"([0-9a-f]+)"', body)))


def write_keys(folder, changed=None):
    """Facsimile keys. The list that is published with them revokes other
    receivers than this one."""
    os.makedirs(folder)
    files = {'authority': vector('AUTHORITY'), 'srm': vector('SRM2_TEST'),
             'cert': vector('CERT_22_R2'), 'private': vector('PRIVATE_22_R2'),
             'lc128': bytes.fromhex('93ce5a56a0a1f4f73c658a1bd2aef0f7'),
             'source-key': bytes(range(32))}
    files.update(changed or {})
    for name, data in files.items():
        path = os.path.join(folder, name)
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), 'wb') as f:
            f.write(data)


class Stack:
    """One attempt to connect: both programs."""

    def __init__(self, folder, source_keys, sink_keys):
        self.seen, self.flip = bytearray(), None
        self.picture = os.path.join(folder, 'picture.ppm')
        ours_a, a = socket.socketpair()
        ours_b, b = socket.socketpair()
        self.a, self.b = ours_a, ours_b
        fd = os.memfd_create('frame')
        os.ftruncate(fd, 4 * W * H)
        self.frame = mmap.mmap(fd, 4 * W * H)
        self.draw(0, 0, W, H, 0)
        self.source = subprocess.Popen(
            [HDCP, '--facsimile', source_keys, str(a.fileno()), str(fd),
             str(W), str(H)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, pass_fds=[a.fileno(), fd])
        self.sink = subprocess.Popen(
            [SINK, sink_keys, str(b.fileno()), str(W), str(H), self.picture],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, pass_fds=[b.fileno()])
        os.close(fd)
        a.close()
        b.close()

    def close(self):
        for process in (self.source, self.sink):
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                pipe.close()
        self.a.close()
        self.b.close()
        self.frame.close()

    def draw(self, x, y, w, h, seed):
        for row in range(y, y + h):
            line = b''.join((0x404040 + 3 * row + 7 * c + seed & 0xffffff)
                            .to_bytes(4, 'little') for c in range(x, x + w))
            at = 4 * (W * row + x)
            self.frame[at:at + len(line)] = line

    def change(self, x, y, w, h, seed):
        self.draw(x, y, w, h, seed)
        self.source.stdin.write(b'%d %d %d %d\n' % (x, y, w, h))
        self.source.stdin.flush()

    def expected(self):
        data, out = bytes(self.frame), bytearray(3 * W * H)
        out[0::3], out[1::3], out[2::3] = data[2::4], data[1::4], data[0::4]
        return bytes(out)

    def down(self):
        data = bytearray(self.a.recv(1 << 16))
        if self.flip is not None and data:
            data[self.flip % len(data)] ^= 1
            self.flip = None
        self.seen += data
        if data:
            self.b.sendall(data)
        return len(data)

    def carry(self, until, seconds=20):
        """Forward in both directions until a fact is true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if until():
                return True
            ready = select.select([self.a, self.b, self.source.stdout], [], [],
                                  0.02)[0]
            try:
                if self.a in ready and self.down() == 0:
                    break
                if self.b in ready:
                    data = self.b.recv(1 << 16)
                    if not data:
                        break
                    self.a.sendall(data)
            except OSError:
                break
        return until()

    def frames_done(self):
        """A carrier's thread of its own reads what the source reports."""
        n = 0
        while select.select([self.source.stdout], [], [], 0)[0]:
            data = os.read(self.source.stdout.fileno(), 4096)
            if not data:
                break
            n += data.count(b'done\n')
        return n

    def wait_done(self):
        return self.carry(lambda: self.frames_done() > 0)

    def show(self):
        self.sink.stdin.write(b'\n')
        self.sink.stdin.flush()
        what = self.sink.stdout.readline().decode().split()[0]
        with open(self.picture, 'rb') as f:
            head, size, most, pixels = f.read().split(b'\n', 3)
        assert (head, size, most) == (b'P6', b'%d %d' % (W, H), b'255')
        return what, pixels

    def shows(self, wanted, seconds=20):
        return self.carry(lambda: self.show()[0] == wanted, seconds)


class Programs(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.keys = os.path.join(self.folder.name, 'keys')
        write_keys(self.keys)
        self.stack = None

    def tearDown(self):
        if self.stack:
            self.stack.close()
        self.folder.cleanup()

    def start(self, sink_keys=None):
        for _ in range(ATTEMPTS):
            if self.stack:
                self.stack.close()
            self.stack = Stack(self.folder.name, self.keys,
                               sink_keys or self.keys)
            if self.stack.wait_done():
                return self.stack
        self.fail('no connection in %d attempts' % ATTEMPTS)

    def test_the_picture_arrives_and_the_carrier_sees_noise(self):
        s = self.start()
        self.assertTrue(s.shows('authentic'))
        self.assertEqual(s.show()[1], s.expected())
        for n in range(1, 20):
            before = len(s.seen)
            s.change(3 * n, 2 * n, 40, 30, n << 12)
            self.assertTrue(s.wait_done())
            self.assertTrue(s.carry(lambda: s.show()[1] == s.expected()))
            self.assertLess(len(s.seen) - before, 4 * 40 * 30 + 2000)
        seen = bytes(s.seen)
        data = bytes(s.frame)
        for at in range(0, len(data), 64 * 4):
            self.assertNotIn(data[at:at + 12], seen)
        tail = seen[-100000:]
        entropy = -sum(c / len(tail) * math.log2(c / len(tail)) for c in
                       (tail.count(bytes([b])) for b in range(256)) if c)
        self.assertGreater(entropy, 7.9)

    def test_a_flipped_bit_is_shown_as_not_authentic(self):
        s = self.start()
        self.assertTrue(s.shows('authentic'))
        s.flip = 30000
        s.change(0, 0, W, H, 0x30)
        self.assertTrue(s.shows('not-authentic'))
        what, pixels = s.show()
        self.assertEqual(what, 'not-authentic')
        colors = {pixels[i:i + 3] for i in range(0, len(pixels), 3)}
        self.assertEqual(colors, {b'\xb0\0\0', b'\xff\xff\xff'})

    def test_a_carrier_that_stops_is_noticed(self):
        s = self.start()
        self.assertTrue(s.shows('authentic'))
        end = time.monotonic() + 20
        while s.show()[0] == 'authentic' and time.monotonic() < end:
            select.select([], [], [], 0.05) # nothing is forwarded
        self.assertEqual(s.show()[0], 'not-authentic')

    def test_another_source_key_shows_nothing(self):
        other = os.path.join(self.folder.name, 'other')
        write_keys(other, {'source-key': bytes(32)})
        s = self.start(sink_keys=other)
        s.carry(lambda: False, 1)
        self.assertEqual(s.show()[0], 'not-authentic')

    def run_source(self, keys, *flags):
        a, b = socket.socketpair()
        with a, b:
            done = subprocess.run(
                [HDCP, *flags, keys, str(a.fileno()), str(b.fileno()), '8',
                 '8'], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, pass_fds=[a.fileno(), b.fileno()],
                timeout=20, check=False)
        return done.returncode, done.stderr.decode()

    def test_facsimile_keys_need_to_be_asked_for(self):
        code, text = self.run_source(self.keys)
        self.assertEqual(code, 1)
        self.assertIn('without --facsimile', text)

    def test_key_files_that_others_may_read_are_refused(self):
        os.chmod(os.path.join(self.keys, 'lc128'), 0o640)
        code, text = self.run_source(self.keys, '--facsimile')
        self.assertEqual(code, 1)
        self.assertIn('lc128', text)

    def test_no_list_is_not_an_empty_list(self):
        os.remove(os.path.join(self.keys, 'srm'))
        code, text = self.run_source(self.keys, '--facsimile')
        self.assertEqual(code, 1)
        self.assertIn('srm', text)


if __name__ == '__main__':
    SINK = sys.argv.pop(2)
    HDCP = sys.argv.pop(1)
    unittest.main()
