"""A receiver of HDCP 2.x (Interface Independent Adaptation), repeater included.

Written from the specification's formulas and layouts, not from hdcp/*.c, and on
another cryptographic library's interface, so that an error in one of the two
shows. Simple, and in no hurry: what it must do on time is the test's business.
"""
import hashlib
import hmac
import os
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305

AKE_INIT, SEND_CERT, NO_STORED_KM, STORED_KM, SEND_RRX = 2, 3, 4, 5, 6
H_PRIME, PAIRING_INFO, LC_INIT, L_PRIME, SKE = 7, 8, 9, 10, 11
ID_LIST, RTT_READY, RTT_CHALLENGE, ACK = 12, 13, 14, 15
STREAM_MANAGE, STREAM_READY, AUTH_STATUS = 16, 17, 18
TX_INFO, RX_INFO = 19, 20
OUR_VERSION = 2


def xor(a, b):
    assert len(a) == len(b)
    return bytes(x ^ y for x, y in zip(a, b))


def aes(key, block):
    c = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return c.update(block) + c.finalize()


def mac(key, text):
    return hmac.new(key, text, hashlib.sha256).digest()


def number(n, size):
    return n.to_bytes(size, 'big')


def identifier(seed):
    """Five bytes with twenty ones, a different one for each seed."""
    bits = sorted(range(40), key=lambda i: hashlib.sha256(
        b'%d %d' % (seed, i)).digest())[:20]
    return number(sum(1 << b for b in bits), 5)


class Authority:
    """Who signs certificates and revocation lists: 3072 bits, e = 3."""

    def __init__(self):
        self.key = rsa.generate_private_key(3, 3072)

    def public(self):
        return number(self.key.public_key().public_numbers().n, 384) + b'\3'

    def sign(self, text):
        return self.key.sign(text, padding.PKCS1v15(), hashes.SHA256())

    def certificate(self, ident, key, reserved=0x1000, exponent=65537):
        body = (ident + number(key.public_key().public_numbers().n, 128) +
                number(exponent, 3) + number(reserved, 2))
        return body + self.sign(body)

    def revocation_list(self, version, idents, generation=1):
        count = struct.pack('>I', len(idents) << 22)
        length = 3 + 4 + 5 * len(idents) + 384
        body = (b'\x91\0' + struct.pack('>HB', version, generation) +
                number(length, 3) + count + b''.join(idents))
        return body + self.sign(body)


class Receiver:
    """take(message) -> answers, each a message. Faults are the caller's."""

    def __init__(self, authority, key, seed=1, repeater=False, precompute=True,
                 version=2, descriptor=1):
        self.key, self.repeater = key, repeater
        self.ident = identifier(seed)
        self.version, self.precompute = version, precompute
        self.cert = authority.certificate(self.ident, key, descriptor << 12)
        self.modern = version >= 2 and descriptor == 1
        p = key.private_numbers()
        self.kh = hashlib.sha256(b''.join(number(n, 64) for n in (
            p.p, p.q, p.dmp1, p.dmq1, p.iqmp))).digest()[16:]
        self.behind = {'ids': [], 'depth': 0, 'flags': (0, 0, 0, 0)}
        self.seq_v = 0
        self.tx_info = None
        self.ks = self.riv = None
        self.source_key = bytes(32)
        self.streams = None
        self.log = []

    def dkey(self, i, rn=bytes(8)):
        low = number(i, 8)
        if self.modern:
            low = xor(low, self.rrx)
        return aes(xor(self.km, bytes(8) + rn), self.rtx + low)

    def both(self):
        return (self.precompute and self.modern and self.tx_info and
                self.tx_info[1] & 1)

    def mask(self):
        return 1 if self.precompute else 0

    def take(self, message):
        kind, body = message[0], message[1:]
        self.log.append(kind)
        return list(self.HANDLERS[kind](self, body))

    def ake_init(self, body):
        self.rtx, self.rrx, self.seq_v = body, os.urandom(8), 0
        self.tx_info = None
        yield bytes([SEND_CERT, self.repeater]) + self.cert

    def transmitter_info(self, body):
        length, version, mask = struct.unpack('>HBH', body)
        assert length == 6
        self.tx_info = (version, mask)
        if self.version > 0:
            yield bytes([RX_INFO]) + struct.pack('>HBH', 6, self.version,
                                                 self.mask())

    def proof(self):
        self.kd = self.dkey(0) + self.dkey(1)
        text = self.rtx[:7] + bytes([self.rtx[7] ^ self.repeater])
        if self.modern:
            text += struct.pack('>BHBH', self.version, self.mask(),
                                *self.tx_info)
        yield bytes([SEND_RRX]) + self.rrx
        yield bytes([H_PRIME]) + mac(self.kd, text)

    def no_stored_km(self, body):
        self.km = self.key.decrypt(body, padding.OAEP(
            padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
        yield from self.proof()
        m = self.rtx + (self.rrx if self.modern else bytes(8))
        yield bytes([PAIRING_INFO]) + xor(self.km, aes(self.kh, m))

    def stored_km(self, body):
        self.km = xor(body[:16], aes(self.kh, body[16:]))
        yield from self.proof()

    def lc_init(self, body):
        self.rn = body
        self.l = mac(xor(self.kd, bytes(24) + self.rrx), self.rn)
        if self.both():
            yield bytes([RTT_READY])
        else:
            yield bytes([L_PRIME]) + self.l

    def challenge(self, body):
        assert body == self.l[16:], 'the challenge is the second half of L'
        yield bytes([L_PRIME]) + self.l[:16]

    def ske(self, body):
        self.ks = xor(xor(body[:16], self.dkey(2, self.rn)),
                      bytes(8) + self.rrx)
        self.riv = body[16:]
        if self.repeater:
            yield self.id_list()

    def id_list(self):
        ids, depth = self.behind['ids'], self.behind['depth']
        devs, cascade, old_repeater, old_device = self.behind['flags']
        seq = number(self.seq_v, 3)
        self.seq_v += 1
        self.v = mac(self.kd, b''.join(ids) + bytes([
            depth, len(ids), devs, cascade, old_repeater, old_device]) + seq)
        return (bytes([ID_LIST, devs, cascade, len(ids), depth, old_repeater,
                       old_device]) + seq + self.v[:16] + b''.join(ids))

    def ack(self, body):
        assert body == self.v[16:], 'the acknowledgement is V, second half'
        yield bytes([AUTH_STATUS, 0, 4, 0])

    def stream_manage(self, body):
        seq, k = body[:3], int.from_bytes(body[3:5], 'big')
        self.streams = body[5:]
        assert len(self.streams) == 7 * k
        key = hashlib.sha256(self.kd).digest()
        yield bytes([STREAM_READY]) + mac(key, self.streams + seq)

    HANDLERS = {
        AKE_INIT: ake_init, TX_INFO: transmitter_info,
        NO_STORED_KM: no_stored_km, STORED_KM: stored_km, LC_INIT: lc_init,
        RTT_CHALLENGE: challenge, SKE: ske, ACK: ack,
        STREAM_MANAGE: stream_manage,
    }

    def keys(self, lc128):
        """Content key, riv, and the key of our own outer layer."""
        outer = mac(self.kd, b'tds outer layer 1' + self.ks + self.riv +
                    self.source_key)[:16]
        return ' '.join(k.hex() for k in (xor(self.ks, lc128), self.riv,
                                          outer))


def ctr(key, block, text):
    c = Cipher(algorithms.AES(key), modes.CTR(block)).encryptor()
    return c.update(text) + c.finalize()


def bits(data, *fields):
    """Numbers of so many bits each, from the first bit on."""
    left, value = 8 * len(data), int.from_bytes(data, 'big')
    for n in fields:
        left -= n
        yield value >> left & (1 << n) - 1
    assert left == 0


def open_record(record, expected, keys):
    """Check the outer layer and decrypt: (streamCtr, inputCtr, plain text).
    keys as Receiver.keys() gives them."""
    key, riv, outer = (bytes.fromhex(k) for k in keys.split())
    once = ctr(outer, number(expected, 8) + bytes(8), bytes(32))
    Poly1305.verify_tag(once, record[:-16], record[-16:])
    kind, length = record[0], int.from_bytes(record[1:4], 'big')
    assert kind == 2 and length == len(record) - 4
    assert int.from_bytes(record[4:12], 'big') == expected
    pes = record[16:-16]
    assert pes[:4] == b'\0\0\1\xbd'
    assert int.from_bytes(pes[4:6], 'big') == len(pes) - 6
    assert pes[6] >> 6 == 2, 'MPEG-2'
    assert pes[7] == 1 and pes[8] == 17 and pes[9] >> 7 == 1, 'private data'
    zero, s2, m1, s1, m2, s0, m3 = bits(pes[10:16], 13, 2, 1, 15, 1, 15, 1)
    none, i4, m4, i3, m5, i2, m6, i1, m7, i0, m8 = bits(
        pes[16:26], 11, 4, 1, 15, 1, 15, 1, 15, 1, 15, 1)
    assert (zero, none) == (0, 0)
    assert [m1, m2, m3, m4, m5, m6, m7, m8] == [1] * 8
    stream = s2 << 30 | s1 << 15 | s0
    count = i4 << 60 | i3 << 45 | i2 << 30 | i1 << 15 | i0
    block = xor(riv, bytes(4) + number(stream, 4)) + number(count, 8)
    return stream, count, ctr(key, block, pes[26:])


LENGTHS = {AKE_INIT: 9, NO_STORED_KM: 129, STORED_KM: 33, LC_INIT: 9, SKE: 25,
           RTT_CHALLENGE: 17, ACK: 17, TX_INFO: 6}


def split(stream):
    """The transmitter's messages in a byte stream."""
    while stream:
        n = LENGTHS.get(stream[0])
        if stream[0] == STREAM_MANAGE:
            n = 6 + 7 * int.from_bytes(stream[4:6], 'big')
        assert n and n <= len(stream), stream.hex()
        yield stream[:n]
        stream = stream[n:]
