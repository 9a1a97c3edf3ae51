"""A source with a frame, a line to a sink, and the carrier that holds it.

The source is tests/hdcp/source_peer.c: the sending end without tdsd and a
core. Time is real here, with HDCP's limits (100 ms for a certificate), so that
a machine that stands still for a while needs another attempt to connect:
those are counted by who uses this, and bounded.
"""
import mmap
import os
import select
import socket
import subprocess
import time

import numpy as np

ATTEMPTS = 10


def wait(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        select.select([], [], [], 0.02)
    return condition()


class Source:
    """One connection's other end: a source and its frame."""

    def __init__(self, program, keys, wire, width, height):
        self.width, self.height = width, height
        fd = os.memfd_create('frame')
        os.ftruncate(fd, 4 * width * height)
        self.frame = mmap.mmap(fd, 4 * width * height)
        self.draw(0, 0, width, height, 0)
        self.process = subprocess.Popen(
            [program, '--facsimile', keys, str(wire.fileno()), str(fd),
             str(width), str(height)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, pass_fds=[wire.fileno(), fd])
        os.close(fd)

    def draw(self, x, y, w, h, seed):
        rows, columns = np.mgrid[y:y + h, x:x + w]
        lines = (0x404040 + 3 * rows + 7 * columns + seed & 0xffffff).astype(
            '<u4')
        for row in range(h):
            at = 4 * (self.width * (y + row) + x)
            self.frame[at:at + 4 * w] = lines[row].tobytes()

    def change(self, x, y, w, h, seed):
        self.draw(x, y, w, h, seed)
        self.process.stdin.write(b'%d %d %d %d\n' % (x, y, w, h))
        self.process.stdin.flush()

    def expected(self):
        data = bytes(self.frame)
        out = bytearray(3 * self.width * self.height)
        out[0::3], out[1::3], out[2::3] = data[2::4], data[1::4], data[0::4]
        return bytes(out)

    def frames_done(self):
        n = 0
        while select.select([self.process.stdout], [], [], 0)[0]:
            data = os.read(self.process.stdout.fileno(), 4096)
            if not data:
                break
            n += data.count(b'done\n')
        return n

    def close(self):
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout,
                     self.process.stderr):
            pipe.close()
        self.frame.close()


class Line:
    """A connection between them, which the carrier holds."""

    def __init__(self, program, keys, path, width, height):
        self.seen, self.flip, self.ended = bytearray(), None, False
        self.b = socket.socket(socket.AF_UNIX)
        self.b.connect(path)
        self.a, theirs = socket.socketpair()
        self.source = Source(program, keys, theirs, width, height)
        theirs.close()

    def close(self):
        self.source.close()
        self.a.close()
        self.b.close()

    def down(self):
        data = bytearray(self.a.recv(1 << 16))
        if self.flip is not None and data:
            data[self.flip % len(data)] ^= 1
            self.flip = None
        self.seen += data
        if data:
            self.b.sendall(data)
        return len(data)

    def up(self, data):
        """What comes from the sink passes."""

    def carry(self, until, seconds=20):
        """Forward in both directions until a fact is true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.ended:
            if until():
                return True
            ready = select.select([self.a, self.b], [], [], 0.02)[0]
            try:
                if self.a in ready:
                    self.ended |= self.down() == 0
                if self.b in ready:
                    data = self.b.recv(1 << 16)
                    self.ended |= not data
                    self.up(data)
                    self.a.sendall(data)
            except OSError:
                self.ended = True
        return until()

    def wait_done(self):
        return self.carry(lambda: self.source.frames_done() > 0)
