"""tx_peer, the connection to it, and an authentication as it should be.

Imported by the tests, whose first argument is the path of tx_peer. A real TCP
connection each time; time is what the test says it is, so that an answer can
come at a limit and one microsecond after it.
"""
import socket
import subprocess
import sys
import unittest

from cryptography.hazmat.primitives.asymmetric import rsa

import receiver as rx
from receiver import Receiver

LC128 = bytes(range(1, 10)) + bytes(7)
MS = 1000
AUTHORITY = rx.Authority()
KEY = rsa.generate_private_key(65537, 1024)
PEER = sys.argv.pop(1) # the test's first argument


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
