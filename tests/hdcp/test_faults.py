#!/usr/bin/python3
"""test_faults.py TX_PEER: an independent receiver that does everything wrong.

Each answer of an authentication in a wrong place, twice, cut short, too long,
with a bit flipped, at its limit and after it; repeaters at and above theirs.
"""
import unittest

import receiver as rx
from peer import MS, Base, answers_of, honest, run
from receiver import identifier


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


if __name__ == '__main__':
    unittest.main()
