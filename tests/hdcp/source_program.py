"""tds-hdcp as tdsd starts it: this plays tdsd and the core, over the real
records of protocol/control.h. The test is the carrier.
"""
import array
import fcntl
import mmap
import os
import select
import socket
import struct
import subprocess
import tempfile
import time

import facsimile

HDCP_SETUP, HDCP_CORE = 120, 121
SEALED_PART, SEALED_FREE, SEALED_STATE = 125, 126, 127
STATE_NEW = b'tds-hdcp: new\n'
F_ADD_SEALS, SEALS = 1033, 1 | 2 | 4 # SEAL, SHRINK, GROW


def write_keys(folder, changed=None):
    """Facsimile keys, and the state of a source that never ran."""
    facsimile.write_keys(folder, dict(changed or {}))
    with open(os.open(os.path.join(folder, 'wall.state'),
                      os.O_CREAT | os.O_WRONLY, 0o600), 'wb') as f:
        f.write(STATE_NEW)


def send(channel, op, payload=b'', fds=()):
    anc = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] \
        if fds else []
    channel.sendmsg([struct.pack('<I', op) + payload], anc)


class Source:
    """tds-hcdp@wall with keys from a folder; nobody is connected yet."""

    def __init__(self, program, keys, width, height, facsimile=True, core=True,
                 within=(), set_up=True):
        self.width, self.height, self.keys = width, height, keys
        self.dir = tempfile.TemporaryDirectory()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.path = os.path.join(self.dir.name, 'wall.wire')
        self.listener.bind(self.path)
        self.listener.listen(8)
        self.listener.setblocking(False)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        theirs.setblocking(False)
        theirs.set_inheritable(True)
        self.tdsd, self.core, self.frame = ours, None, None
        self.log = tempfile.TemporaryFile('w+')
        self.process = subprocess.Popen(
            [*within, program], pass_fds=[3], stdin=subprocess.DEVNULL,
            stderr=self.log, preexec_fn=lambda: os.dup2(theirs.fileno(), 3))
        theirs.close()
        if set_up:
            self.setup(facsimile)
        self.n_free, self.states, self.is_mine = 0, [], True
        if core:
            self.new_core()

    def setup(self, facsimile=True, name=b'wall'):
        fds = [os.open(os.path.join(self.keys, n), os.O_RDONLY)
               for n in ('authority', 'lc128', 'srm')]
        own = os.path.join(self.keys, 'source-key')
        fds.append(os.open(own if os.path.exists(own) else '/dev/null',
                           os.O_RDONLY))
        fds.append(os.open(os.path.join(self.keys, 'wall.state'), os.O_RDWR))
        try:
            send(self.tdsd, HDCP_SETUP,
                 struct.pack('<4I32s', self.width, self.height,
                             int(facsimile), 0, name),
                 [*fds, self.listener.fileno()])
        finally:
            for fd in fds:
                os.close(fd)

    def new_core(self, size=None, seals=SEALS):
        """A core, and memory of an output for it."""
        if self.core:
            self.core.close()
        size = 4 * self.width * self.height if size is None else size
        fd = os.memfd_create('frame', os.MFD_ALLOW_SEALING)
        os.ftruncate(fd, size)
        fcntl.fcntl(fd, F_ADD_SEALS, seals)
        self.frame = mmap.mmap(fd, size) if size else None
        read_only = os.open('/proc/self/fd/%d' % fd, os.O_RDONLY)
        self.core, theirs = socket.socketpair(socket.AF_UNIX,
                                              socket.SOCK_SEQPACKET)
        theirs.setblocking(False)
        self.core.setblocking(False)
        self.is_mine = True
        send(self.tdsd, HDCP_CORE, b'', [theirs.fileno(), read_only])
        theirs.close()
        os.close(fd)
        os.close(read_only)

    def connect(self):
        wire = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        wire.connect(self.path)
        return wire

    def close(self):
        self.process.kill()
        self.process.wait()
        for it in (self.tdsd, self.core, self.listener, self.log):
            if it:
                it.close()
        self.dir.cleanup()

    def wait(self, seconds=20):
        """Its exit code, and what it said."""
        code = self.process.wait(timeout=seconds)
        return code, self.said()

    def said(self):
        self.log.seek(0)
        return self.log.read()

    # ------------------------------------------------------------- the core

    def draw(self, x, y, w, h, seed):
        for row in range(y, y + h):
            line = b''.join((0x404040 + 3 * row + 7 * c + seed & 0xffffff)
                            .to_bytes(4, 'little') for c in range(x, x + w))
            at = 4 * (self.width * row + x)
            self.frame[at:at + len(line)] = line

    def part(self, x0, y0, x1, y1, is_last):
        send(self.core, SEALED_PART,
             struct.pack('<4iI', x0, y0, x1, y1, is_last))

    def change(self, x, y, w, h, seed):
        assert self.is_mine
        self.draw(x, y, w, h, seed)
        self.is_mine = False
        self.part(x, y, x + w, y + h, 1)

    def poll(self):
        """Take what it says to the core, without waiting."""
        while select.select([self.core], [], [], 0)[0]:
            data = self.core.recv(64)
            if not data:
                return
            op, value = struct.unpack('<II', data)
            if op == SEALED_STATE:
                self.states.append(value)
            else:
                assert op == SEALED_FREE and not self.is_mine, data
                self.is_mine = True
                self.n_free += 1

    def is_on(self):
        self.poll()
        return bool(self.states) and self.states[-1] == 1

    def is_free(self):
        self.poll()
        return self.is_mine

    def until(self, fact, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if fact():
                return True
            select.select([self.core], [], [], 0.02)
        return fact()
