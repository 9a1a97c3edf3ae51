"""What a process has in memory. A root may look into one that is sealed against
it; who is none becomes one of a namespace."""
import ctypes
import os
import re
import sys

import numpy as np

SEIZE, CONT, DETACH, TRACE_EXIT, EVENT_EXIT = 0x4206, 7, 17, 0x40, 6
libc = ctypes.CDLL(None, use_errno=True)


def become_root():
    if os.geteuid() != 0:
        os.execvp('unshare', ['unshare', '--user', '--map-root-user',
                              sys.executable, *sys.argv])


def ptrace(request, pid, data):
    if libc.ptrace(ctypes.c_long(request), ctypes.c_long(pid), None,
                   ctypes.c_void_p(data)) < 0:
        raise OSError(ctypes.get_errno(), 'ptrace')


HUGE = 1 << 34  # a sanitizer's own tables: no process of ours has so much
PAGE, PRESENT = 4096, 3 << 62  # or swapped


def pages(pid, begin, end):
    """[(begin, end)] of what is really there."""
    with open('/proc/%d/pagemap' % pid, 'rb', 0) as f:
        f.seek(begin // PAGE * 8)
        there = np.frombuffer(f.read((end - begin) // PAGE * 8), '<u8')
    there = np.concatenate(([0], (there & np.uint64(PRESENT)) != 0, [0]))
    edges = np.flatnonzero(np.diff(there)) * PAGE + begin
    return zip(edges[::2].tolist(), edges[1::2].tolist())


def memory(pid):
    """All that a process can write."""
    found = bytearray()
    with open('/proc/%d/maps' % pid) as maps, \
            open('/proc/%d/mem' % pid, 'rb', 0) as mem:
        for entry in maps:
            m = re.match(r'([0-9a-f]+)-([0-9a-f]+) rw', entry)
            if not m or '[v' in entry:
                continue
            area = [int(m.group(i), 16) for i in (1, 2)]
            if area[1] - area[0] >= HUGE:
                continue
            for begin, end in pages(pid, *area):
                mem.seek(begin)
                found += mem.read(end - begin) + bytes(64)
    return bytes(found)


def found(pid, secrets):
    """The names of those that are there."""
    everything = memory(pid)
    return sorted(name for name, secret in secrets.items()
                  if secret in everything)


def found_at_its_end(pid, end, secrets):
    """The same in the last moment of a child, which end() brings about."""
    ptrace(SEIZE, pid, TRACE_EXIT)
    end()
    try:
        while True:
            _, status = os.waitpid(pid, 0)
            assert os.WIFSTOPPED(status), status
            if status >> 16 == EVENT_EXIT:
                return found(pid, secrets)
            ptrace(CONT, pid, 0)
    finally:
        ptrace(DETACH, pid, 0)
