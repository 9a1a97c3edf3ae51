#!/usr/bin/python3
"""test_receiver.py TX_PEER: an independent receiver against the transmitter.

What works, what is refused by whom it comes from, content, and framing.
Faults on the way are in test_faults.py.
"""
import os
import struct
import subprocess
import tempfile
import unittest

import receiver as rx
from peer import AUTHORITY, KEY, LC128, MS, Base, run
from receiver import identifier


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
        r = self.receiver()
        cert = r.cert
        for at in range(len(cert)):
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
    unittest.main()
