#!/usr/bin/python3
"""test_receiver.py TX_PEER: an independent receiver against the transmitter.

A real TCP connection each time; time is what the test says it is, so that an
answer can come at a limit and one microsecond after it.
"""
import os
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

from cryptography.hazmat.primitives.asymmetric import rsa

import receiver as rx
from receiver import Receiver, identifier

LC128 = bytes(range(1, 10)) + bytes(7)
MS = 1000
AUTHORITY = rx.Authority()
KEY = rsa.generate_private_key(65537, 1024)
PEER = None


class Link:
    """tx_peer, its connection, and what went over it."""

    def __init__(self):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.process = subprocess.Popen([PEER], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        self.wire, self.now, self.sent, self.packets = None, 1000, [], []
        self.tell('authority ' + AUTHORITY.public().hex())

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=20) == 0
        self.process.stdout.close()
        if self.wire:
            self.wire.close()
        self.listener.close()

    def command(self, line):
        self.process.stdin.write(line.encode() + b'\n')
        self.process.stdin.flush()
        return self.process.stdout.readline().decode().rstrip('\n')

    def tell(self, line, accept=False):
        self.process.stdin.write(line.encode() + b'\n')
        self.process.stdin.flush()
        if accept:
            if self.wire:
                self.wire.close()
            self.wire = self.listener.accept()[0]
        answer = self.process.stdout.readline().decode().rstrip('\n')
        (self.state, self.reason, n, sessions, self.deadline,
         self.keys) = answer.split('|')
        self.sessions, stream = int(sessions), b''
        while len(stream) < int(n):
            stream += self.wire.recv(int(n) - len(stream))
        new = list(rx.split(stream))
        self.sent += new
        self.packets += [('tx', m) for m in new]

    def connect(self):
        port = self.listener.getsockname()[1]
        self.sent = []
        self.tell('connect %d %d' % (self.now, port), accept=True)

    def say(self, data):
        self.packets.append(('rx', data))
        self.wire.sendall(data)
        self.tell('bytes %d %d' % (self.now, len(data)))

    def tick(self):
        self.tell('tick %d' % self.now)


def honest(number, message):
    del number
    return [(0, message)]


def run(link, receiver, fault=honest, connect=True):
    """An authentication. fault(number of the answer, answer) -> what is sent
    in its place, as (microseconds of waiting, bytes)."""
    if connect:
        link.connect()
    number = 0
    while link.sent and link.state != 'failed':
        for answer in receiver.take(link.sent.pop(0)):
            for wait, data in fault(number, answer):
                if link.state == 'failed':
                    return
                link.now += wait
                link.say(data)
            number += 1
    if link.state == 'settle':
        link.now += 200 * MS
        link.tick()


def answers_of(link, receiver):
    """What an honest authentication consists of, from the receiver's side."""
    seen = []
    run(link, receiver, lambda n, m: seen.append(m) or [(0, m)])
    return seen


class Base(unittest.TestCase):
    def setUp(self):
        self.link = Link()

    def tearDown(self):
        self.link.close()

    def receiver(self, **how):
        return Receiver(AUTHORITY, KEY, **how)

    def fresh(self):
        """Forget pairings: a new process."""
        self.link.close()
        self.link = Link()

    def assert_on(self, receiver, why=None):
        self.assertEqual((self.link.state, self.link.reason), ('on', 'ok'), why)
        self.assertEqual(self.link.keys, receiver.keys(LC128))

    def assert_failed(self, reason, why=None):
        self.assertEqual((self.link.state, self.link.reason),
                         ('failed', reason), why)
        self.assertEqual(self.link.keys, '')


class Works(Base):
    def test_a_receiver_with_and_without_precompute(self):
        for precompute in (True, False):
            r = self.receiver(precompute=precompute)
            run(self.link, r)
            self.assert_on(r)
            self.fresh()

    def test_km_is_stored_after_the_first_time(self):
        r = self.receiver()
        run(self.link, r)
        self.assertIn(rx.NO_STORED_KM, r.log)
        first, r.log = self.link.keys, []
        run(self.link, r)
        self.assert_on(r)
        self.assertIn(rx.STORED_KM, r.log)
        self.assertNotIn(rx.NO_STORED_KM, r.log)
        self.assertNotEqual(first, self.link.keys)

    def test_a_repeater_with_31_devices_four_deep(self):
        r = self.receiver(repeater=True)
        r.behind['ids'] = [identifier(100 + i) for i in range(31)]
        r.behind['depth'] = 4
        self.link.tell('option streams 2')
        run(self.link, r)
        self.assert_on(r)
        self.assertEqual(r.streams[:7], struct.pack('>IHB', 0, 1, 0))

    def test_a_new_list_while_content_flows(self):
        r = self.receiver(repeater=True)
        run(self.link, r)
        for n in (1, 2, 3):
            r.behind = {'ids': [identifier(7)] * n, 'depth': 1,
                        'flags': (0, 0, 0, 0)}
            self.link.say(r.id_list())
            self.assertEqual([m[0] for m in self.link.sent], [rx.ACK])
            r.take(self.link.sent.pop())
            self.assert_on(r)

    def test_reauth_req_gives_other_keys(self):
        r = self.receiver()
        run(self.link, r)
        old = self.link.keys
        self.link.say(bytes([rx.AUTH_STATUS, 0, 4, 1]))
        self.assertEqual(self.link.keys, '')
        run(self.link, r, connect=False)
        self.assert_on(r)
        self.assertNotEqual(old, self.link.keys)
        self.assertEqual(self.link.sessions, 2)

    def test_in_any_cut_into_pieces(self):
        r = self.receiver(repeater=True)
        for size in (1, 2, 3, 100):
            run(self.link, r, lambda n, m: [
                (0, m[i:i + size]) for i in range(0, len(m), size)])
            self.assert_on(r)


class Versions(Base):
    def test_2_0_and_2_1_are_refused_unless_allowed(self):
        for version, descriptor in ((0, 0), (1, 0), (2, 0), (1, 1)):
            r = self.receiver(version=version, descriptor=descriptor)
            run(self.link, r)
            self.assert_failed('too old', (version, descriptor))

    def test_2_0_and_2_1_work_if_allowed(self):
        self.link.tell('option legacy 1')
        self.link.tell('option precompute 0')
        for seed, (version, descriptor) in enumerate(((1, 0), (2, 0), (1, 1))):
            r = self.receiver(seed=seed, version=version, descriptor=descriptor)
            run(self.link, r)
            self.assert_on(r, (version, descriptor))
        r = self.receiver(seed=9, version=0, descriptor=0)
        run(self.link, r)
        self.assertEqual(self.link.state, 'info')
        self.link.now += 100 * MS + 1
        self.link.tick() # it does not know AKE_Receiver_Info
        run(self.link, r, connect=False)
        self.assert_on(r)

    def test_type_1_is_never_for_them(self):
        self.link.tell('option legacy 1')
        self.link.tell('option type 1')
        run(self.link, self.receiver(version=1, descriptor=0))
        self.assert_failed('too old')

    def test_a_2_2_receiver_cannot_be_talked_down(self):
        """A carrier that says VERSION 1, or hides the info, gets nothing."""
        def older(number, message):
            del number
            if message[0] == rx.RX_INFO:
                message = message[:3] + b'\1' + message[4:]
            return [(0, message)]
        run(self.link, self.receiver(), older)
        self.assert_failed('too old')
        run(self.link, self.receiver(),
            lambda n, m: [] if m[0] == rx.RX_INFO else [(0, m)])
        self.link.now += 100 * MS + 1
        self.link.tick()
        self.assert_failed('too late')

    def test_the_capabilities_are_authenticated(self):
        def flip(number, message):
            del number
            if message[0] == rx.RX_INFO:
                message = message[:4] + b'\x80' + message[5:]
            return [(0, message)]
        run(self.link, self.receiver(), flip)
        self.assert_failed("wrong H'")


class Certificates(Base):
    def test_every_flipped_bit_is_noticed(self):
        cert = self.receiver().cert
        for at in range(len(cert)):
            r = self.receiver() if at == 0 else r
            r.cert = bytearray(cert)
            r.cert[at] ^= 1 << at % 8
            run(self.link, r)
            self.assert_failed('bad certificate', at)
            self.assertNotIn(rx.NO_STORED_KM, r.log)

    def test_what_the_authority_should_not_have_signed(self):
        good = identifier(1)
        more = rx.number(int.from_bytes(good, 'big') | 0xf, 5)
        for ident, reserved, exponent in (
                (more, 0x1000, 65537), (bytes(5), 0x1000, 65537),
                (good, 0x2000, 65537), (good, 0x1001, 65537),
                (good, 0x1000, 3)):
            r = self.receiver()
            r.cert = AUTHORITY.certificate(ident, KEY, reserved, exponent)
            run(self.link, r)
            self.assert_failed('bad certificate', (ident, reserved, exponent))

    def test_a_modulus_of_zero_or_one(self):
        for n in (0, 1, 2):
            body = (identifier(1) + rx.number(n, 128) + b'\1\0\1\x10\0')
            r = self.receiver()
            r.cert = body + AUTHORITY.sign(body)
            run(self.link, r)
            self.assert_failed('bad certificate', n)


class Revocation(Base):
    def install(self, newest, srm):
        return int(self.link.command('srm %d %s' % (newest, srm.hex())))

    def test_a_revoked_receiver(self):
        r = self.receiver()
        self.assertEqual(self.install(0, AUTHORITY.revocation_list(
            3, [identifier(8), r.ident])), 0)
        run(self.link, r)
        self.assert_failed('revoked')
        self.assertNotIn(rx.NO_STORED_KM, r.log)

    def test_a_revoked_device_behind_a_repeater(self):
        gone = identifier(8)
        self.assertEqual(
            self.install(0, AUTHORITY.revocation_list(3, [gone])), 0)
        r = self.receiver(repeater=True)
        r.behind.update(ids=[identifier(5), gone], depth=2)
        run(self.link, r)
        self.assert_failed('revoked')
        self.assertNotIn(rx.ACK, r.log)

    def test_lists_are_checked_and_never_older(self):
        old, new = (AUTHORITY.revocation_list(v, []) for v in (3, 4))
        self.assertEqual(self.install(3, new), 0)
        self.assertLess(self.install(4, old), 0)
        for at in range(0, len(new), 7):
            bad = bytearray(new)
            bad[at] ^= 1
            self.assertLess(self.install(0, bad), 0, at)
        self.assertLess(
            self.install(0, rx.Authority().revocation_list(5, [])), 0)
        many = AUTHORITY.revocation_list(6, [identifier(i)
                                             for i in range(1023)])
        self.assertEqual(self.install(4, many), 0)


class Faults(Base):
    """For each answer of an authentication: what may go wrong with it."""

    def each(self, repeater=False, precompute=True):
        """(number, honest answer); the link is fresh for each."""
        how = {'repeater': repeater, 'precompute': precompute}
        for number, message in enumerate(
                answers_of(self.link, self.receiver(**how))):
            yield number, message, lambda: self.receiver(**how)
        self.fresh()

    def try_with(self, receiver, number, make, then=honest):
        self.fresh()
        run(self.link, receiver,
            lambda n, m: make(m) if n == number else
            then(n, m) if n > number else [(0, m)])

    def test_any_other_message_in_its_place(self):
        kinds = {m[0]: m for m in answers_of(
            self.link, self.receiver(repeater=True))}
        self.fresh()
        kinds[rx.L_PRIME] = bytes([rx.L_PRIME]) + bytes(32)
        for number, message, fresh in self.each(repeater=True):
            for kind, other in kinds.items():
                after_ske = number >= 7
                if kind == message[0] or (after_ske and
                                          kind == rx.AUTH_STATUS):
                    continue
                if message[0] == rx.AUTH_STATUS or kind == rx.RX_INFO:
                    continue
                self.try_with(fresh(), number, lambda m, o=other: [(0, o)])
                reasons = ['out of order', 'bad message', "wrong V'"]
                self.assertEqual(self.link.state, 'failed', (message[0], kind))
                self.assertIn(self.link.reason, reasons, (message[0], kind))

    def test_twice(self):
        for number, message, fresh in self.each(repeater=True):
            self.try_with(fresh(), number, lambda m: [(0, m), (0, m)])
            if message[0] == rx.AUTH_STATUS:
                self.assertEqual(self.link.reason, 'ok')
            elif message[0] == rx.ID_LIST:
                self.assert_failed("wrong V'")
            else:
                self.assert_failed('out of order', message[0])

    def test_cut_short_and_then_nothing(self):
        for number, message, fresh in self.each(repeater=True):
            if message[0] == rx.AUTH_STATUS:
                continue
            for keep in sorted({0, 1, len(message) // 2, len(message) - 1}):
                if keep == len(message):
                    continue
                self.try_with(fresh(), number,
                              lambda m, k=keep: [(0, m[:k])] if k else [],
                              lambda n, m: [])
                self.assertNotEqual(self.link.state, 'failed')
                for _ in range(3): # a late L' is waited for
                    self.link.now += 4000 * MS
                    self.link.tick()
                self.assert_failed('too late', (message[0], keep))

    def test_one_byte_too_many(self):
        for number, message, fresh in self.each(repeater=True):
            for junk in (b'\0', b'\xff', bytes([rx.AKE_INIT])):
                self.try_with(fresh(), number, lambda m, j=junk: [(0, m + j)])
                self.assert_failed('bad message', (message[0], junk))

    def test_one_bit_flipped(self):
        wrong = {rx.SEND_RRX: "wrong H'", rx.H_PRIME: "wrong H'",
                 rx.SEND_CERT: 'bad certificate', rx.ID_LIST: "wrong V'",
                 rx.STREAM_READY: "wrong M'"}
        for number, message, fresh in self.each(repeater=True):
            if message[0] not in wrong:
                continue
            for at in (1, len(message) // 2, len(message) - 1):
                def flip(m, at=at):
                    return [(0, m[:at] + bytes([m[at] ^ 1]) + m[at + 1:])]
                if message[0] == rx.SEND_CERT and at == 1:
                    continue # REPEATER: in H', below
                self.try_with(fresh(), number, flip)
                self.assertEqual(self.link.state, 'failed', (message[0], at))
                if message[0] != rx.ID_LIST:
                    self.assert_failed(wrong[message[0]], (message[0], at))

    def test_a_repeater_cannot_pass_for_a_receiver(self):
        run(self.link, self.receiver(repeater=True), lambda n, m: [
            (0, m[:1] + b'\0' + m[2:] if m[0] == rx.SEND_CERT else m)])
        self.assert_failed("wrong H'")

    def test_a_wrong_pairing_info_only_costs_the_next_time(self):
        r = self.receiver()
        run(self.link, r, lambda n, m: [
            (0, m[:1] + bytes(16) if m[0] == rx.PAIRING_INFO else m)])
        self.assert_on(r)
        run(self.link, r)
        self.assert_failed("wrong H'")
        run(self.link, r)
        self.assert_on(r)

    def test_lies_about_numbers_and_lengths(self):
        for data in (bytes([rx.ID_LIST, 0, 0, 32, 1]) + bytes(21 + 160),
                     bytes([rx.ID_LIST, 0, 0, 255, 1]) + bytes(21),
                     bytes([rx.ID_LIST, 2, 0, 0, 0]) + bytes(21),
                     bytes([rx.AUTH_STATUS, 0, 5, 0]),
                     bytes([rx.AUTH_STATUS, 0, 4, 2]),
                     bytes([1]), bytes([0]), bytes([rx.SKE]) + bytes(24),
                     bytes(70000)):
            r = self.receiver(repeater=True)
            run(self.link, r)
            self.assert_on(r)
            self.link.say(data)
            self.assert_failed('bad message', data[:6].hex())


class Repeaters(Base):
    def behind(self, ids, depth, flags=(0, 0, 0, 0)):
        r = self.receiver(repeater=True)
        r.behind = {'ids': ids, 'depth': depth, 'flags': flags}
        run(self.link, r)
        self.assertTrue(self.link.state == 'on' or rx.ACK not in r.log)

    def test_limits(self):
        one = [identifier(50)]
        self.behind(one, 4)
        self.assertEqual(self.link.state, 'on')
        self.behind(one, 5)
        self.assert_failed('too many devices')
        self.behind(one, 1, (1, 0, 0, 0))
        self.assert_failed('too many devices')
        self.behind(one, 1, (0, 1, 0, 0))
        self.assert_failed('too many devices')
        self.behind([identifier(i) for i in range(32)], 1)
        self.assert_failed('bad message')

    def test_identifiers_have_twenty_ones(self):
        self.behind([identifier(50), b'\xff' * 5], 1)
        self.assert_failed('bad message')

    def test_old_devices_and_type_1(self):
        self.behind([identifier(50)], 1, (0, 0, 1, 1))
        self.assertEqual(self.link.state, 'on')
        self.link.tell('option type 1')
        self.behind([identifier(50)], 1, (0, 0, 1, 0))
        self.assert_failed('too old')
        self.behind([identifier(50)], 1, (0, 0, 0, 1))
        self.assert_failed('too old')
        self.behind([identifier(50)], 1)
        self.assertEqual(self.link.state, 'on')

    def test_the_first_list_has_number_0_and_none_comes_again(self):
        r = self.receiver(repeater=True)
        run(self.link, r, lambda n, m: [
            (0, (setattr(r, 'seq_v', 1), r.id_list())[1]
             if m[0] == rx.ID_LIST else m)])
        self.assert_failed("wrong V'")
        for then in (0, 5):
            r = self.receiver(repeater=True)
            run(self.link, r)
            r.seq_v = 5
            self.link.say(r.id_list())
            self.assertEqual(self.link.state, 'on')
            r.seq_v = then
            self.link.say(r.id_list())
            self.assert_failed("wrong V'")

    def test_a_receiver_sends_no_list(self):
        r = self.receiver()
        run(self.link, r)
        self.link.say(r.id_list())
        self.assert_failed('out of order')


class Limits(Base):
    """Each answer at its limit, and a microsecond after it."""

    def late(self, kind, limit, **how):
        for over in (0, 1):
            self.fresh()
            for option in ('stored',):
                if how.get(option):
                    run(self.link, self.receiver())
            wanted = {k: v for k, v in how.items() if k != 'stored'}
            r = self.receiver(**wanted)
            run(self.link, r, lambda n, m: [
                (limit * MS + over if m[0] == kind else 0, m)])
            if over:
                self.assert_failed('too late', (kind, how))
            else:
                self.assert_on(r, (kind, how))

    def test_each(self):
        self.late(rx.SEND_CERT, 100)
        self.late(rx.RX_INFO, 100)
        self.late(rx.SEND_RRX, 1000)
        self.late(rx.H_PRIME, 1000)
        self.late(rx.SEND_RRX, 200, stored=True)
        self.late(rx.H_PRIME, 200, stored=True)
        self.late(rx.PAIRING_INFO, 200)
        self.late(rx.RTT_READY, 1000)
        self.late(rx.ID_LIST, 3000, repeater=True)
        self.late(rx.STREAM_READY, 100, repeater=True)

    def test_locality(self):
        for precompute in (True, False):
            for over in (0, 1):
                r = self.receiver(precompute=precompute)
                waits = iter([7 * MS + over] + [0] * 5)
                r.log = []
                run(self.link, r, lambda n, m: [
                    (next(waits) if m[0] == rx.L_PRIME else 0, m)])
                self.assert_on(r)
                self.assertEqual(r.log.count(rx.LC_INIT), 1 + over)

    def test_locality_is_tried_1024_times(self):
        wrong = lambda m: [(0, m[:1] + bytes(len(m) - 1))]
        late = lambda m: [(8 * MS, m)]
        for fault in (wrong, late):
            self.fresh()
            r = self.receiver()
            run(self.link, r,
                lambda n, m: fault(m) if m[0] == rx.L_PRIME else [(0, m)])
            self.assert_failed('too far')
            self.assertEqual(r.log.count(rx.LC_INIT), 1024)

    def test_nothing_is_ready_before_200_ms(self):
        r = self.receiver()
        self.link.connect()
        while self.link.sent:
            for answer in r.take(self.link.sent.pop(0)):
                self.link.say(answer)
        self.link.now += 200 * MS - 1
        self.link.tick()
        self.assertEqual((self.link.state, self.link.keys), ('settle', ''))
        self.link.now += 1
        self.link.tick()
        self.assert_on(r)


class Content(Base):
    def picture(self, x, y, w, h):
        return b''.join(struct.pack('<I', 64 * row + column)
                        for row in range(y, y + h)
                        for column in range(x, x + w))

    def test_records_are_tagged_counted_and_decrypted(self):
        r = self.receiver()
        for _ in range(2): # two sessions: numbers begin anew, keys differ
            run(self.link, r)
            keys, blocks = r.keys(LC128), 0
            for n, place in enumerate(((0, 0, 64, 48), (3, 5, 1, 1),
                                       (63, 47, 1, 1), (0, 0, 0, 0),
                                       (1, 1, 5, 7))):
                record = bytes.fromhex(self.link.command(
                    'tile %d %d %d %d %d' % ((self.link.now,) + place)))
                stream, count, plain = rx.open_record(record, n, keys)
                self.assertEqual((stream, count), (0, blocks))
                blocks += (len(plain) + 15) // 16
                self.assertEqual(plain[:32], struct.pack(
                    '>IHHHHHHH', 5, 0, 64, 48, *place) + bytes(14))
                self.assertEqual(plain[32:], self.picture(*place))


class Framing(Base):
    """Wireshark's dissector reads what both said as we meant it."""

    FIELDS = ['hdcp2.msg_id', 'hdcp2.r_tx', 'hdcp2.r_rx', 'hdcp2.r_n',
              'hdcp2.r_iv', 'hdcp2.txinf_ver', 'hdcp2.rxinf_ver',
              'hdcp2.length.invalid', 'hdcp2.reserved.not0']

    def capture(self, path):
        """Ethernet, IPv4, TCP: one packet a message."""
        seq = {'tx': 1, 'rx': 1}
        with open(path, 'wb') as f:
            f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
            for who, data in self.link.packets:
                ports = (20000, 30000) if who == 'tx' else (30000, 20000)
                other = 'rx' if who == 'tx' else 'tx'
                tcp = struct.pack('>HHIIBBHHH', *ports, seq[who], seq[other],
                                  0x50, 0x18, 8192, 0, 0) + data
                ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(tcp), 0, 0,
                                 64, 6, 0, b'\x7f\0\0\1', b'\x7f\0\0\2')
                frame = bytes(12) + b'\x08\0' + ip + tcp
                f.write(struct.pack('<IIII', 0, 0, len(frame), len(frame)))
                f.write(frame)
                seq[who] += len(data)

    def dissect(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'c.pcap')
            self.capture(path)
            command = ['tshark', '-r', path, '--enable-heuristic', 'hdcp2_tcp',
                       '-T', 'fields', '-E', 'separator=|']
            for field in self.FIELDS:
                command += ['-e', field]
            out = subprocess.run(command, check=True, stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL).stdout.decode()
        return [line.split('|') for line in out.splitlines()]

    def check(self):
        rows = self.dissect()
        self.assertEqual(len(rows), len(self.link.packets))
        known = {2: 'r_tx', 6: 'r_rx', 9: 'r_n', 11: 'r_iv'}
        seen = set()
        for row, (_, data) in zip(rows, self.link.packets):
            got = dict(zip((f.split('.', 1)[1] for f in self.FIELDS), row))
            self.assertEqual((got['length.invalid'], got['reserved.not0']),
                             ('', ''))
            if not got['msg_id']:
                continue # the dissector does not know messages above 11
            self.assertEqual(int(got['msg_id'], 16), data[0])
            seen.add(data[0])
            if data[0] in known:
                self.assertEqual(int(got[known[data[0]]], 16),
                                 int.from_bytes(data[-8:], 'big'))
        return seen

    def test_both_kinds_of_authentication(self):
        r = self.receiver(precompute=False)
        run(self.link, r)
        self.assert_on(r)
        self.assertLessEqual({2, 3, 4, 6, 7, 8, 9, 10, 11, 19, 20},
                             self.check())
        self.link.packets = []
        run(self.link, r)
        self.assert_on(r)
        self.assertIn(5, self.check())


if __name__ == '__main__':
    PEER = sys.argv.pop(1)
    unittest.main()
