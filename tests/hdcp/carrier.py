#!/usr/bin/python3
"""The carrier of a sealed output: forwards bytes that it cannot read.

	carrier.py WIRE SINK FOLDER [USER]

Connects to both sockets (of tds-hdcp, of tds-sink), again whenever the line
was cut, and forwards. Started as root, it becomes USER first. Lines on standard
input make it curious or hostile; each is answered by one on standard output:

	save NAME W H   write what came last towards the sink to FOLDER/NAME, as
	                pixels of a PNG
	dump NAME       write all of this connection as it came
	flip            change one bit of the next content, and do not connect again
	go              connect again
"""
import os
import pwd
import select
import socket
import struct
import sys
import time
import zlib

KEEP = 16 << 20  # bytes
BIG = 4096  # only content comes in such pieces


def become(name):
    user = pwd.getpwnam(name)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


def png(data, width, height):
    def chunk(kind, body):
        return struct.pack('>I', len(body)) + kind + body + struct.pack(
            '>I', zlib.crc32(kind + body))
    row = 3 * width
    lines = b''.join(b'\0' + data[row * y:row * (y + 1)]
                     for y in range(height))
    return (b'\x89PNG\r\n\x1a\n' +
            chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0,
                                       0)) +
            chunk(b'IDAT', zlib.compress(lines, 1)) + chunk(b'IEND', b''))


class Carrier:
    def __init__(self, wire, sink, folder):
        self.paths, self.folder = (wire, sink), folder
        self.seen = bytearray()
        self.flips = self.is_held = False
        self.order = bytearray()

    def obey(self):
        """One line of standard input, when it is there."""
        got = os.read(0, 4096)
        if not got:
            sys.exit(0)
        self.order += got
        while b'\n' in self.order:
            line, _, self.order = self.order.partition(b'\n')
            words = line.decode().split()
            if words[0] == 'flip':
                self.flips = True
                continue  # answered when it is done
            if words[0] == 'go':
                self.is_held = False
                print('go', flush=True)
                continue
            data = bytes(self.seen)
            if words[0] == 'save':
                width, height = int(words[2]), int(words[3])
                size = 3 * width * height
                data = png(data[-size:].ljust(size, b'\0'), width, height)
            with open(os.path.join(self.folder, words[1]), 'wb') as f:
                f.write(data)
            print(words[0], len(data), flush=True)

    def down(self, data):
        if self.flips and len(data) >= BIG:
            data = bytearray(data)
            data[len(data) // 2] ^= 0x10
            self.flips, self.is_held = False, True
            print('flip', flush=True)
        self.seen += data
        if len(self.seen) > 2 * KEEP:
            del self.seen[:-KEEP]
        return data

    def forward(self, wire, sink):
        while True:
            ready = select.select([0, wire, sink], [], [])[0]
            if 0 in ready:
                self.obey()
            for end in (wire, sink):
                if end not in ready:
                    continue
                data = end.recv(1 << 16)
                if not data:
                    return
                if end is wire:
                    sink.sendall(self.down(data))
                else:
                    wire.sendall(data)

    def run(self):
        while True:
            ends = [socket.socket(socket.AF_UNIX) for _ in self.paths]
            try:
                # the sink first: a source is impatient from its connection on
                for end, path in reversed(list(zip(ends, self.paths))):
                    end.connect(path)
                self.seen.clear()
                print('open', flush=True)
                self.forward(*ends)
            except OSError:
                pass
            for end in ends:
                end.close()
            time.sleep(0.2)
            while self.is_held or select.select([0], [], [], 0)[0]:
                self.obey()


if __name__ == '__main__':
    if len(sys.argv) > 4 and os.geteuid() == 0:
        become(sys.argv[4])
    try:
        Carrier(*sys.argv[1:4]).run()
    except KeyboardInterrupt:
        pass
