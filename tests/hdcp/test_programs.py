#!/usr/bin/python3
"""test_programs.py SOURCE_PEER TDS_SINK: tds-sink, and a carrier before it.

This process is the carrier: it holds the two ends of the byte stream and
nothing else of them, keeps all that it sees, and is honest or not.
"""
import collections
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

from PIL import Image

from facsimile import write_keys
from line import ATTEMPTS, Line, wait

W, H = 320, 200
HDCP, SINK = None, None
ALARM = (0xb3, 0x26, 0x1e)
STATES = ('no picture yet', 'authentic', 'not authentic')


class Sink:
    """tds-sink with a PNG file for a screen."""

    def __init__(self, folder, keys, *options, stdin=subprocess.DEVNULL):
        self.picture = os.path.join(folder, 'picture.png')
        self.log = os.path.join(folder, 'sink.log')
        if os.path.exists(self.picture):
            os.remove(self.picture)
        with open(self.log, 'w') as log:
            self.process = subprocess.Popen(
                [SINK, '--facsimile', '--keys', keys, '--size',
                 '%dx%d' % (W, H), '--png', self.picture, *options],
                stdin=stdin, stderr=log)

    def said(self):
        with open(self.log) as f:
            return f.read()

    def state(self):
        found = [line.split(': ', 1)[1] for line in self.said().splitlines()
                 if line.split(': ', 1)[1] in STATES]
        return found[-1] if found else STATES[0]

    def pixels(self):
        if not os.path.exists(self.picture):
            return None
        with Image.open(self.picture) as image:
            assert image.size == (W, H)
            return image.convert('RGB').tobytes()

    def is_notice(self, colour):
        """A picture of ours: that ground, letters, and nothing of a frame."""
        pixels = self.pixels()
        counts = collections.Counter(
            pixels[i:i + 3] for i in range(0, len(pixels), 3))
        return counts[bytes(colour)] > W * H // 4 and len(counts) < 300

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Programs(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.keys = self.path('keys')
        write_keys(self.keys)
        self.sink = self.line = None

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def tearDown(self):
        for part in (self.line, self.sink):
            if part:
                part.close()
        self.folder.cleanup()

    def start_sink(self, keys=None):
        self.sink = Sink(self.folder.name, keys or self.keys, '--wire',
                         self.path('wire'))
        self.assertTrue(wait(lambda: 'receiver' in self.sink.said()))
        return self.sink

    def connect(self, keys=None):
        """Another line, until one authenticates."""
        for _ in range(ATTEMPTS):
            if self.line:
                self.line.close()
            self.line = Line(HDCP, keys or self.keys, self.path('wire'), W, H)
            if self.line.wait_done():
                return self.line
        self.fail('no connection in %d attempts: %s' % (
            ATTEMPTS, self.sink.said()))

    def wait_shown(self):
        return self.line.carry(
            lambda: self.sink.pixels() == self.line.source.expected())

    def start(self, sink_keys=None):
        self.start_sink(sink_keys)
        return self.connect()

    def test_the_picture_arrives_and_then_what_changes(self):
        self.start_sink()
        self.assertTrue(wait(lambda: self.sink.pixels() is not None))
        self.assertTrue(self.sink.is_notice((0x12, 0x14, 0x17)))
        line = self.connect()
        self.assertTrue(self.wait_shown())
        self.assertEqual(self.sink.state(), 'authentic')
        for n in range(1, 8):
            before = len(line.seen)
            line.source.change(3 * n, 2 * n, 40, 30, n << 12)
            self.assertTrue(line.wait_done())
            self.assertTrue(self.wait_shown())
            self.assertLess(len(line.seen) - before, 4 * 40 * 30 + 4000)

    def test_a_flipped_bit_is_shown_as_not_authentic(self):
        line = self.start()
        self.assertTrue(self.wait_shown())
        line.flip = 30000
        line.source.change(0, 0, W, H, 0x30)
        self.assertTrue(line.carry(
            lambda: self.sink.state() == 'not authentic'))
        self.assertTrue(wait(lambda: self.sink.is_notice(ALARM)))

    def test_a_carrier_that_stops_is_noticed(self):
        line = self.start()
        self.assertTrue(self.wait_shown())
        self.assertTrue(wait(lambda: self.sink.state() == 'not authentic'))
        self.assertTrue(wait(lambda: self.sink.is_notice(ALARM)))
        # and its connection is given up, for another
        self.assertTrue(self.connect() and self.wait_shown())

    def test_a_sender_that_went_may_come_back(self):
        for _ in range(3):
            if not self.sink:
                self.start_sink()
            line = self.connect()
            line.source.draw(0, 0, W, H, 0x5500)
            line.source.change(0, 0, W, H, 0x123456)
            self.assertTrue(self.wait_shown())
            line.close()
            self.line = None
            self.assertTrue(wait(lambda: self.sink.is_notice(ALARM)))
            self.assertEqual(self.sink.state(), 'not authentic')

    def test_a_second_connection_is_refused_and_disturbs_nothing(self):
        line = self.start()
        self.assertTrue(self.wait_shown())
        with socket.socket(socket.AF_UNIX) as other:
            other.connect(self.path('wire'))
            other.settimeout(10)
            self.assertTrue(line.carry(
                lambda: select.select([other], [], [], 0)[0]))
            self.assertEqual(other.recv(1), b'')
        self.assertIn('a second connection is refused', self.sink.said())
        line.source.change(5, 5, 50, 50, 0x771100)
        self.assertTrue(self.wait_shown())

    def test_another_source_key_shows_nothing(self):
        other = self.path('other')
        write_keys(other, {'source-key': bytes(32)})
        line = self.start(sink_keys=other)
        line.carry(lambda: False, 1)
        self.assertEqual(self.sink.state(), 'not authentic')
        self.assertTrue(wait(lambda: self.sink.is_notice(ALARM)))

    def test_a_line_that_brings_nothing_is_closed(self):
        self.start_sink()
        with socket.socket(socket.AF_UNIX) as idle:
            idle.connect(self.path('wire'))
            idle.settimeout(15)
            self.assertEqual(idle.recv(1), b'')
        self.assertIn('no picture in time', self.sink.said())

    def test_standard_input_is_a_line_that_ends_once(self):
        ours, theirs = socket.socketpair()
        self.sink = Sink(self.folder.name, self.keys, '--wire', '-',
                         stdin=theirs)
        theirs.close()
        ours.close()
        self.assertEqual(self.sink.process.wait(20), 3)

    def test_what_its_private_key_cannot_open_ends_the_connection_only(self):
        """OpenSSL's first error ever is one of a sealed process."""
        self.start_sink()
        for body in (bytes(128), bytes([255]) * 128, os.urandom(128)):
            with socket.socket(socket.AF_UNIX) as other:
                other.connect(self.path('wire'))
                other.settimeout(10)
                other.sendall(b'\1\0\0\x09\2' + bytes(8) +  # AKE_Init
                              b'\1\0\0\x06\x13\0\6\2\0\0' +  # its info
                              b'\1\0\0\x81\4' + body)  # No_Stored_km
                while other.recv(1 << 12):
                    pass
        self.assertIsNone(self.sink.process.poll())
        self.assertEqual(self.sink.said().count('is not authentic'), 3)
        self.connect()
        self.assertTrue(self.wait_shown())

    def test_the_sink_is_sealed_in(self):
        self.start()
        pid = self.sink.process.pid
        with open('/proc/%d/status' % pid) as f:
            status = dict(line.split(':\t', 1) for line in f if ':\t' in line)
        self.assertEqual(status['Seccomp'].strip(), '2')
        self.assertEqual(status['NoNewPrivs'].strip(), '1')
        self.assertEqual(int(status['CapEff'], 16), 0)
        self.assertEqual(os.listdir('/proc/%d/root/' % pid), [])
        # wire, its listener, signals, the writer's socket, standard ones
        self.assertLessEqual(len(os.listdir('/proc/%d/fd' % pid)), 8)
        with open('/proc/%d/limits' % pid) as f:
            limits = f.read()
        self.assertRegex(limits, r'Max core file size +0 +0')

    def test_it_ends_by_signals_and_leaves_no_draft(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            line = self.start()
            self.assertTrue(self.wait_shown())
            self.sink.process.send_signal(number)
            self.assertEqual(self.sink.process.wait(20), 0)
            self.assertFalse(os.path.exists(self.sink.picture + '.draft'))
            line.close()
            self.line = None

    def fails(self, *arguments):
        done = subprocess.run([SINK, *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=20, check=False)
        return done.returncode, done.stderr.decode()

    def fails_with(self, *more):
        return self.fails('--keys', self.keys, '--wire', self.path('wire'),
                          '--png', self.path('no.png'), *more)

    def test_facsimile_keys_need_to_be_asked_for(self):
        code, text = self.fails_with()
        self.assertEqual(code, 1)
        self.assertIn('--facsimile', text)

    def test_key_files_that_others_may_read_are_refused(self):
        for name in ('private', 'lc128', 'cert', 'source-key'):
            os.chmod(os.path.join(self.keys, name), 0o640)
            code, text = self.fails_with('--facsimile')
            self.assertEqual(code, 1)
            self.assertIn(name, text)
            os.chmod(os.path.join(self.keys, name), 0o600)

    def test_what_is_not_a_socket_is_not_replaced(self):
        with open(self.path('wire'), 'w') as f:
            f.write('mine')
        code, text = self.fails_with('--facsimile')
        self.assertEqual(code, 1)
        self.assertIn('wire', text)
        with open(self.path('wire')) as f:
            self.assertEqual(f.read(), 'mine')

    def test_wrong_options_are_told_from_trouble(self):
        for arguments in ((), ('--keys', 'x'), ('--no',),
                          ('--keys', 'x', '--wire', '-'),
                          ('--keys', 'x', '--wire', '-', '--png', 'a',
                           '--card', 'b'),
                          ('--keys', 'x', '--wire', '-', '--png', 'a',
                           '--size', '1x1'),
                          ('--keys', 'x', '--wire', '-', '--png', 'a',
                           '--size', '9000x9000')):
            code, text = self.fails(*arguments)
            self.assertEqual(code, 2)
            self.assertIn('usage: tds-sink', text)


if __name__ == '__main__':
    SINK = sys.argv.pop(2)
    HDCP = sys.argv.pop(1)
    unittest.main()
