#!/usr/bin/python3
"""bench_answers.py SOURCE_PEER TDS_SINK: how soon tds-sink answers while the
machine is busy with four other processes for each processor.

The carrier takes the time from a question's way to the sink to its answer's
arrival. It runs before all others, if it may; what it waits for a processor is
in the figures. Told, and judged only by whether sessions come about.
"""
import os
import subprocess
import sys
import tempfile
import time

from facsimile import write_keys
from line import Line, wait
import receiver as rx
import test_programs
from test_programs import H, W, Sink

SESSIONS, BUSY = 40, 4
# answer: question, limit in ms
LIMITS = {rx.SEND_CERT: (rx.AKE_INIT, 100), rx.SEND_RRX: (rx.NO_STORED_KM, 1000),
          rx.L_PRIME: (rx.RTT_CHALLENGE, 7), rx.RTT_READY: (rx.LC_INIT, 1000)}
NAMES = {rx.SEND_CERT: 'certificate', rx.SEND_RRX: "rrx and H'",
         rx.RTT_READY: 'RTT_Ready', rx.L_PRIME: "L'"}


class Timed(Line):
    """A line that notes when which message passed."""

    asked, took = {}, {}

    def messages(self, data):
        """The first of each record: H' comes with rrx."""
        at = 0
        while len(data) >= at + 5 and data[at] == 1:
            yield data[at + 4]
            at += 4 + int.from_bytes(data[at + 1:at + 4], 'big')

    def down(self):
        before = len(self.seen)
        n = super().down()
        now = time.monotonic()
        for m in self.messages(self.seen[before:]):
            self.asked[rx.NO_STORED_KM if m == rx.STORED_KM else m] = now
        return n

    def up(self, data):
        now = time.monotonic()
        for m in self.messages(data):
            if m in LIMITS and LIMITS[m][0] in self.asked:
                self.took.setdefault(m, []).append(
                    1000 * (now - self.asked[LIMITS[m][0]]))


def main():
    busy = [subprocess.Popen([sys.executable, '-c', 'while True: pass'])
            for _ in range(BUSY * os.cpu_count())]
    done = 0
    try:
        with tempfile.TemporaryDirectory() as folder:
            keys, path = (os.path.join(folder, n) for n in ('keys', 'wire'))
            write_keys(keys)
            sink = Sink(folder, keys, '--wire', path)
            wait(lambda: 'receiver' in sink.said())
            if os.geteuid() == 0:  # and the source, but not the sink
                os.setpriority(os.PRIO_PROCESS, 0, -20)
            for _ in range(SESSIONS):
                line = Timed(test_programs.HDCP, keys, path, W, H)
                done += line.wait_done()
                line.close()
            sink.close()
    finally:
        for p in busy:
            p.kill()
            p.wait()
    print('%d of %d connections became sessions; %d busy processes, %d '
          'processors' % (done, SESSIONS, len(busy), os.cpu_count()))
    print('| answer | median ms | p99 ms | half the limit | over it |')
    print('|---|---|---|---|---|')
    for m, took in sorted(Timed.took.items()):
        half = LIMITS[m][1] / 2
        took.sort()
        print('| %s | %.2f | %.2f | %.1f | %d of %d |' % (
            NAMES[m], took[len(took) // 2], took[int(len(took) * .99)], half,
            sum(t > half for t in took), len(took)))
    return 0 if done >= SESSIONS // 2 else 1


if __name__ == '__main__':
    test_programs.SINK = sys.argv.pop(2)
    test_programs.HDCP = sys.argv.pop(1)
    sys.exit(main())
