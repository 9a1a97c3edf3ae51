#!/usr/bin/python3
"""test_process.py TDS_HDCP: tds-hdcp as a process, with everybody around it.

This plays tdsd, the core and the carrier, and is honest or hostile as each of
them; behind the carrier is the independent receiver of receiver.py. The
authority is one of our own: nothing here needs facsimile keys. Time is real,
with HDCP's limits (7 ms for L'), so that a machine that stands still needs
another attempt to connect: those are counted, and bounded.
"""
import os
import random
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from cryptography.hazmat.primitives.asymmetric import rsa

import memory
import receiver as rx
from source_program import SEALED_FREE, SEALED_PART, Source, send, write_keys

W, H, ATTEMPTS = 64, 40, 20
HDCP = sys.argv[1]
LC128, SOURCE_KEY = os.urandom(16), os.urandom(32)
AUTHORITY = rx.Authority()
KEY = rsa.generate_private_key(65537, 1024)
MESSAGES, CONTENT = 1, 2
REAUTH = 1 # of a status: REAUTH_REQ


class Sink:
    """The far end of the wire: a receiver that opens what comes."""

    def __init__(self, wire, seed=1):
        self.wire, self.bytes = wire, b''
        self.receiver = rx.Receiver(AUTHORITY, KEY, seed)
        self.receiver.source_key = SOURCE_KEY
        self.keys, self.expected, self.records = None, 0, []
        self.counters = [] # (key, riv, streamCtr, first inputCtr, blocks)
        self.is_over = False

    def say(self, message):
        try:
            self.wire.sendall(bytes([MESSAGES]) +
                              len(message).to_bytes(3, 'big') + message)
        except ConnectionError:
            self.is_over = True

    def on_messages(self, body):
        for message in rx.split(body):
            if message[0] == rx.AKE_INIT:
                self.keys = None
            for answer in self.receiver.take(message):
                self.say(answer)
            if message[0] == rx.SKE:
                self.keys, self.expected = self.receiver.keys(LC128), 0

    def on_content(self, record):
        stream, count, plain = rx.open_record(record, self.expected, self.keys)
        self.expected += 1
        key, riv, _ = self.keys.split()
        self.counters.append((key, riv, stream, count, (len(plain) + 15) // 16))
        self.records.append(plain)

    def turn(self, seconds=0.02):
        """Take what there is."""
        if not select.select([self.wire], [], [], seconds)[0]:
            return
        try:
            data = self.wire.recv(1 << 16)
        except OSError:
            data = b''
        self.is_over = not data
        self.bytes += data
        while len(self.bytes) >= 4:
            n = 4 + int.from_bytes(self.bytes[1:4], 'big')
            if len(self.bytes) < n:
                return
            record, self.bytes = self.bytes[:n], self.bytes[n:]
            if record[0] == MESSAGES:
                self.on_messages(record[4:])
            else:
                self.on_content(record)

    def picture(self):
        """The tiles so far, as a frame; None until all of it came."""
        out, seen = bytearray(4 * W * H), 0
        for plain in self.records:
            width, height, x, y, w, h = struct.unpack('>6H', plain[6:18])
            assert (width, height) == (W, H)
            pixels = plain[32:]
            assert len(pixels) == 4 * w * h
            for row in range(h):
                at = 4 * (W * (y + row) + x)
                out[at:at + 4 * w] = pixels[4 * w * row:4 * w * (row + 1)]
            seen += w * h
        return bytes(out) if seen >= W * H else None


class Base(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.keys = os.path.join(self.folder.name, 'keys')
        write_keys(self.keys, {
            'authority': AUTHORITY.public(), 'lc128': LC128,
            'srm': AUTHORITY.revocation_list(3, []),
            'source-key': SOURCE_KEY})
        self.source, self.wires = None, []

    def tearDown(self):
        if self.source:
            self.source.close()
        for wire in self.wires:
            wire.close()
        self.folder.cleanup()

    def start(self, **how):
        if self.source:
            self.source.close()
        self.source = Source(HDCP, self.keys, W, H, facsimile=False, **how)
        return self.source

    def wire(self):
        wire = self.source.connect()
        self.wires.append(wire)
        return wire

    def run_sink(self, sink, fact, seconds=10):
        end = time.monotonic() + seconds
        while not fact() and not sink.is_over and time.monotonic() < end:
            sink.turn()
            self.source.poll()
        return fact()

    def connected(self, seed=1):
        """A sink that is authenticated, after a bounded number of attempts."""
        for _ in range(ATTEMPTS):
            sink = Sink(self.wire(), seed)
            if self.run_sink(sink, self.source.is_on):
                return sink
            sink.wire.close()
            # its end must be known before the next one is let in
            self.source.until(lambda: not self.source.is_on(), 1)
        self.fail('no session in %d attempts: %s' % (ATTEMPTS,
                                                     self.source.said()))

    def show(self, sink, seed):
        """One whole frame to the sink."""
        s = self.source
        sink.records.clear()
        s.change(0, 0, W, H, seed)
        self.assertTrue(self.run_sink(
            sink, lambda: s.is_free() and sink.picture() is not None))
        self.assertEqual(sink.picture(), bytes(s.frame))

    def replace(self, name, data):
        with open(os.path.join(self.keys, name), 'r+b') as f:
            f.truncate(0)
            f.write(data)

    def assert_ends(self, *said):
        code, text = self.source.wait()
        self.assertEqual(code, 1, text)
        for part in said:
            self.assertIn(part, text)


class Session(Base):
    def test_a_receiver_that_we_did_not_write_sees_the_picture(self):
        self.start()
        sink = self.connected()
        for seed in range(3):
            self.show(sink, seed << 8)

    def test_the_first_frame_of_a_session_is_whole_whatever_was_named(self):
        s = self.start()
        sink = self.connected()
        s.draw(0, 0, W, H, 77)
        s.change(5, 5, 1, 1, 78)
        self.assertTrue(self.run_sink(
            sink, lambda: sink.picture() is not None))
        self.assertEqual(sink.picture(), bytes(s.frame))

    def test_without_a_sink_each_frame_is_answered_at_once(self):
        s = self.start()
        for n in range(1, 50):
            s.change(0, 0, W, H, n)
            self.assertTrue(s.until(s.is_free))
            self.assertEqual(s.n_free, n)

    def test_the_sink_of_a_core_that_died_gets_black_then_the_new_core(self):
        s = self.start()
        sink = self.connected()
        self.show(sink, 1)
        sink.records.clear()
        s.core.close()
        s.core = None
        end = time.monotonic() + 10
        while sink.picture() is None and time.monotonic() < end:
            sink.turn()
        self.assertEqual(sink.picture(), bytes(4 * W * H))
        s.states.clear()
        s.new_core()
        self.assertTrue(self.run_sink(sink, s.is_on))
        self.show(sink, 2)

    def test_a_revoked_receiver_gets_nothing(self):
        self.replace('srm', AUTHORITY.revocation_list(4, [rx.identifier(1)]))
        s = self.start()
        sink = Sink(self.wire())
        self.assertFalse(self.run_sink(sink, s.is_on, 3))
        self.assertTrue(sink.is_over)
        self.assertEqual(sink.records, [])
        self.assertTrue(s.until(lambda: 'revoked' in s.said()))


class Counters(Base):
    """No (key, riv, counter) twice, whatever happens around a session."""

    def test_no_counter_comes_twice(self):
        used, keys, rng = set(), set(), random.Random(5)
        self.start()
        for session in range(12):
            sink = self.connected(seed=1 + session % 2)
            for n in range(rng.randrange(1, 4)):
                self.show(sink, session << 8 | n)
            if session % 3 == 1: # authentication anew, within the connection
                self.assertTrue(self.again(sink))
                self.show(sink, session)
            for key, riv, stream, count, n in sink.counters:
                keys.add((key, riv))
                for i in range(n):
                    block = (key, riv, stream, count + i)
                    self.assertNotIn(block, used)
                    used.add(block)
            sink.wire.close()
            if session % 4 == 3:
                self.source.process.send_signal(signal.SIGKILL)
                self.source.process.wait()
                self.start()
            else:
                self.assertTrue(self.source.until(
                    lambda: not self.source.is_on()))
        self.assertGreaterEqual(len(keys), 16)
        self.assertGreater(len(used), 12 * W * H // 4)
        self.assertEqual(len({k for k, _ in keys}), len(keys))

    def again(self, sink):
        """Authentication anew: off, then on."""
        n = len(self.source.states)
        sink.say(bytes([rx.AUTH_STATUS, 0, 4, REAUTH]))
        return self.run_sink(
            sink, lambda: self.source.is_on() and
            len(self.source.states) >= n + 2)


class Memory(Base):
    def test_nothing_is_left_of_keys(self):
        """While a session lasts they are there: so the search finds them."""
        self.start()
        sink = self.connected()
        self.show(sink, 1)
        pid, receiver = self.source.process.pid, sink.receiver
        of_session = {'kd': receiver.kd}
        for name, text in zip(('content key', 'outer key'),
                              sink.keys.split()[::2]):
            of_session[name] = bytes.fromhex(text)
        for_long = {'lc128': LC128, 'source key': SOURCE_KEY,
                    'km': receiver.km}
        self.assertEqual(
            memory.found(pid, {**of_session, **for_long}),
            sorted([*of_session, *for_long]))
        pixels = {'row %d' % y: bytes(self.source.frame[4 * W * y:][:64])
                  for y in range(H)}
        sink.wire.close()
        self.assertTrue(self.source.until(lambda: not self.source.is_on()))
        self.assertEqual(memory.found(pid, {**of_session, **pixels}), [])
        self.assertEqual(memory.found_at_its_end(
            pid, self.source.tdsd.close,
            {**of_session, **for_long, **pixels}), [])


class State(Base):
    def pairings(self):
        """How many each slot that is whole holds."""
        with open(os.path.join(self.keys, 'wall.state'), 'rb') as f:
            data = f.read()
        return [data[at + 30] for at in (0, 4096)
                if data[at:at + 8] == b'tdsstat1']

    def test_a_pairing_outlives_the_process(self):
        self.start()
        first = self.connected()
        self.assertIn(rx.NO_STORED_KM, first.receiver.log)
        self.assertIn(1, self.pairings())
        self.source.process.kill()
        self.source.process.wait()
        self.start()
        self.assertNotIn(rx.NO_STORED_KM, self.connected().receiver.log)

    def test_an_older_list_is_refused_also_after_a_restart(self):
        self.start()
        self.connected()
        self.replace('srm', AUTHORITY.revocation_list(2, []))
        self.start(core=False)
        self.assert_ends('srm: is older than one that was used before')
        self.replace('srm', AUTHORITY.revocation_list(3, []))
        self.start()
        self.connected()

    def test_killed_at_any_time_it_leaves_a_state_that_is_whole(self):
        rng = random.Random(7)
        for version in range(4, 24):
            self.replace('srm', AUTHORITY.revocation_list(version, []))
            self.start(core=False)
            time_left = rng.random() * 0.03
            try:
                self.source.process.wait(timeout=time_left)
            except subprocess.TimeoutExpired:
                self.source.process.kill()
                self.source.process.wait()
        self.start()
        self.connected()

    def test_one_damaged_slot_lets_no_version_go_back(self):
        self.start()
        self.connected()
        self.source.process.kill()
        self.source.process.wait()
        path = os.path.join(self.keys, 'wall.state')
        with open(path, 'rb') as f:
            whole = f.read()
        self.replace('srm', AUTHORITY.revocation_list(2, []))
        for at in (0, 9, 17, 700, 1023, 4096, 4100, 5119):
            damaged = bytearray(whole)
            damaged[at] ^= 0x40
            self.replace('wall.state', bytes(damaged))
            self.start(core=False)
            self.assert_ends('srm: is older than one that was used before')

    def test_a_state_that_was_cut_short_is_refused_or_still_knows(self):
        self.start(core=True)
        self.connected()
        self.source.process.kill()
        self.source.process.wait()
        with open(os.path.join(self.keys, 'wall.state'), 'rb') as f:
            whole = f.read()
        self.replace('srm', AUTHORITY.revocation_list(2, []))
        for n in (0, 1, 13, 1023, 1024, 4096, 5119, 5121):
            self.replace('wall.state', (whole + b'x')[:n])
            self.start(core=False)
            self.assert_ends('srm: is older than' if 1024 <= n < 5120
                             else 'state: is damaged')


class HostileCore(Base):
    def test_each_wrong_part_ends_it(self):
        for part in ((-1, 0, 5, 5, 1), (0, -1, 5, 5, 1), (0, 0, W + 1, H, 1),
                     (0, 0, W, H + 1, 1), (5, 5, 5, 6, 1), (5, 5, 6, 5, 1),
                     (9, 0, 3, 5, 1), (0, 0, 2**31 - 1, 2**31 - 1, 1),
                     (-2**31, -2**31, 2**31 - 1, 2**31 - 1, 0)):
            with self.subTest(part):
                self.start().part(*part)
                self.assert_ends('the core sent a malformed record')

    def test_a_frame_of_too_many_parts_ends_it(self):
        s = self.start()
        for _ in range(65):
            s.part(0, 0, 1, 1, 0)
        self.assert_ends('the core sent a malformed record')

    def test_a_second_frame_before_the_first_was_answered_ends_it(self):
        s = self.start()
        self.connected()
        # nobody reads the wire now: the frame stays on the way
        for _ in range(200):
            s.part(0, 0, W, H, 1)
        self.assert_ends('the core sent a malformed record')

    def test_other_records_end_it(self):
        rng = random.Random(3)
        for data in (b'', b'\x7d', struct.pack('<II', SEALED_FREE, 0),
                     struct.pack('<I', SEALED_PART),
                     struct.pack('<I4iI', SEALED_PART, 0, 0, 1, 1, 2),
                     rng.randbytes(24), bytes(20000)):
            with self.subTest(data[:8]):
                s = self.start()
                if data:
                    s.core.send(data)
                    self.assert_ends('the core sent a malformed record')
                else:
                    s.core.close()
                    s.core = None
                    s.new_core()
                    s.change(0, 0, W, H, 1)
                    self.assertTrue(s.until(s.is_free))

    def test_a_core_that_reads_nothing_ends_it(self):
        s = self.start()
        end = time.monotonic() + 20
        while s.process.poll() is None and time.monotonic() < end:
            try:
                s.part(0, 0, W, H, 1)
            except OSError:
                select.select([], [], [], 0.001)
        self.assert_ends('does not read its channel')


class HostileTdsd(Base):
    def test_memory_of_another_size_or_that_can_shrink_ends_it(self):
        for size, seals in ((4 * W * H - 4, 7), (4 * W * H + 4096, 7), (0, 7),
                            (4 * W * H, 4)):
            with self.subTest((size, seals)):
                self.start(core=False).new_core(size, seals)
                self.assert_ends()

    def test_a_second_set_up_ends_it(self):
        self.start().setup(facsimile=False)
        self.assert_ends()

    def test_a_core_before_the_set_up_ends_it(self):
        s = Source(HDCP, self.keys, W, H, core=False, set_up=False)
        self.source = s
        s.new_core()
        self.assert_ends()

    def test_random_records_end_it(self):
        rng = random.Random(9)
        for n in range(30):
            s = self.start(core=False)
            s.tdsd.send(rng.randbytes(rng.randrange(1, 80)))
            self.assert_ends()

    def test_it_goes_when_tdsd_goes(self):
        s = self.start()
        s.tdsd.close()
        self.assertEqual(s.wait()[0], 0)


class HostileCarrier(Base):
    def test_what_it_says_ends_its_connection_and_nothing_else(self):
        rng = random.Random(4)
        s = self.start()
        openings = [rng.randbytes(rng.randrange(1, 3000)) for _ in range(40)]
        openings += [bytes([MESSAGES, 0, 0, 0]), bytes([MESSAGES]) + b'\xff' *
                     9000, bytes([CONTENT, 0, 1, 0]) + bytes(256),
                     bytes([MESSAGES, 0, 0, 1, 0]),
                     bytes([MESSAGES, 0, 0, 1, rx.AKE_INIT])]
        for data in openings:
            wire = self.wire()
            try:
                wire.sendall(data)
                wire.shutdown(socket.SHUT_WR)
                wire.settimeout(10)
                while wire.recv(4096):
                    pass
            except ConnectionError:
                pass
            wire.close()
        self.assertIsNone(s.process.poll())
        self.show(self.connected(), 3)

    def test_a_certificate_that_nobody_signed_ends_its_connection(self):
        s = self.start()
        for at in (5, 200, 521):
            sink = Sink(self.wire())
            cert = bytearray(sink.receiver.cert)
            cert[at] ^= 1
            sink.receiver.cert = bytes(cert)
            self.assertFalse(self.run_sink(sink, s.is_on, 3))
            self.assertTrue(sink.is_over)
        self.assertIsNone(s.process.poll())
        self.show(self.connected(), 1)

    def test_random_answers_in_each_state_end_its_connection(self):
        rng, s = random.Random(8), self.start()
        for n in range(24):
            # certificate, info, rrx, H'; each time one who is not known yet
            sink = Sink(self.wire(), seed=n)
            say, left = sink.say, [n % 4]
            def lie(message):
                if left[0] == 0:
                    message = message[:1] + rng.randbytes(len(message) - 1)
                left[0] -= 1
                say(message)
            sink.say = lie
            self.assertFalse(self.run_sink(sink, s.is_on, 3))
            sink.wire.close()
        self.assertIsNone(s.process.poll())
        self.show(self.connected(), 1)

    def test_it_hears_the_question_only_once_and_a_second_is_refused(self):
        s = self.start()
        first = self.connected()
        second = self.wire()
        second.settimeout(10)
        self.assertEqual(second.recv(1), b'')
        self.assertIn('a second connection: refused', s.said())
        self.show(first, 9)

    def test_one_that_takes_nothing_is_given_up_for_the_next_one(self):
        s = self.start()
        self.connected() # and reads no more from here on
        n = 0
        while s.until(s.is_free, 0.5):
            n += 1
            s.change(0, 0, W, H, n)
        self.assertGreater(n, 2)
        self.assertIsNone(s.process.poll())
        self.assertTrue(s.until(lambda: s.is_free() and not s.is_on(), 10))
        self.assertIn('it took nothing for 2 s', s.said())
        self.show(self.connected(), 2)


if __name__ == '__main__':
    memory.become_root()
    sys.argv.pop(1)
    unittest.main()
