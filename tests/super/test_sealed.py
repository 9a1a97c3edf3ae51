#!/usr/bin/python3
"""test_sealed.py TDSD TDSCTL FACSIMILE: a sealed output under tdsd. Real
processes; the keys are the published ones."""
import importlib.util
import os
import signal
import socket
import stat
import sys
import unittest

import stack
from stack import Stack, wait_for

FACSIMILE = None
HDCP = 'tds-hdcp@wall'


def held_by(pid):
    """What its descriptors are, but for the log."""
    found = []
    for fd in os.listdir('/proc/%d/fd' % pid):
        if int(fd) > 2:
            try:
                name = os.readlink('/proc/%d/fd/%s' % (pid, fd))
                found.append(name.split(':')[0])
            except OSError:
                pass # closed meanwhile
    return sorted(found)


class Sealed(unittest.TestCase):
    def setUp(self):
        self.stack = s = Stack()
        self.addCleanup(s.remove)
        self.keys = os.path.join(s.dir, 'keys')
        FACSIMILE.write_keys(self.keys, names=FACSIMILE.SOURCE)
        self.configure()

    def configure(self, output='', facsimile='hdcp-facsimile = yes\n'):
        s = self.stack
        text = (stack.MAIN % ('try-out', s.run)).replace(
            '[output one]', facsimile + '[output one]')
        s.write('tds.conf', text + '[output wall]\ntype = sealed\n'
                'size = 640x480\nkeys = %s\n%s' % (self.keys, output))

    def start(self):
        self.stack.start(n_children=4)
        return self.stack

    def wall(self):
        return next(o for o in self.stack.status()['outputs']
                    if o['name'] == 'wall')

    def key(self, name):
        return os.path.join(self.keys, name)

    def n_lines(self, text):
        return self.stack.said().count(text)

    def assert_refused(self, *said):
        for run in (self.stack.check, self.run_once):
            code, text = run()
            self.assertEqual(code, 1, text)
            for part in said:
                self.assertIn(part, text)
        self.assertFalse(os.path.exists(self.stack.run))

    def run_once(self):
        with open(os.path.join(self.stack.dir, 'err'), 'w+') as err:
            p = stack.subprocess.run(
                [stack.TDSD, '--config', self.stack.config], stderr=err,
                stdin=stack.subprocess.DEVNULL, timeout=20, check=False)
            err.seek(0)
            return p.returncode, err.read()


class Configuration(Sealed):
    def test_test_keys_are_used_only_when_asked_for(self):
        self.configure(facsimile='')
        self.assert_refused('holds the facsimile keys',
                            'hdcp-facsimile = yes in [tds]')

    def test_each_missing_file_is_named(self):
        for name in ('authority', 'lc128', 'srm'):
            with self.subTest(name):
                os.rename(self.key(name), self.key('away'))
                self.assert_refused('tds.conf:', '%s: No such file' %
                                    self.key(name))
                os.rename(self.key('away'), self.key(name))
        os.remove(self.key('source-key')) # may be missing
        self.assertEqual(self.stack.check()[0], 0)

    def test_files_of_another_length_are_refused(self):
        for name, size in (('authority', 384), ('lc128', 17), ('srm', 0),
                           ('source-key', 31)):
            with self.subTest(name):
                with open(self.key(name), 'rb') as f:
                    data = f.read()
                os.truncate(self.key(name), size)
                self.assert_refused('%s has %d bytes; allowed: ' %
                                    (self.key(name), size))
                with open(self.key(name), 'wb') as f:
                    f.write(data)

    def test_files_that_others_may_read_are_refused(self):
        for mode in (0o640, 0o604, 0o620):
            os.chmod(self.key('lc128'), mode)
            self.assert_refused('others than its owner', 'mode 0600')

    def test_a_symbolic_link_is_no_key_file(self):
        os.rename(self.key('srm'), self.key('other'))
        os.symlink('other', self.key('srm'))
        self.assert_refused('is a symbolic link')


class Life(Sealed):
    def test_it_is_sealed_in_and_holds_only_what_it_needs(self):
        pid = self.start().children()[HDCP]
        # channels to tdsd and the core, carriers; one file: its state
        wait_for(lambda: held_by(pid) == sorted(
            ['socket'] * 3 + ['anon_inode', 'anon_inode',
                              self.key('wall.state')]))
        with open('/proc/%d/status' % pid) as f:
            status = dict(line.split(':\t', 1) for line in f)
        self.assertEqual(status['NoNewPrivs'].strip(), '1')
        self.assertEqual(status['Seccomp'].strip(), '2')
        for caps in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'):
            self.assertEqual(int(status[caps], 16), 0, caps)
        for ns in ('user', 'pid', 'mnt', 'net', 'ipc', 'uts'):
            self.assertNotEqual(os.readlink('/proc/%d/ns/%s' % (pid, ns)),
                                os.readlink('/proc/self/ns/' + ns), ns)
        with open('/proc/%d/mountinfo' % pid) as f:
            mounts = f.read().splitlines()
        self.assertEqual(len(mounts), 1)
        self.assertIn(' / / ro,nosuid,nodev,noexec', mounts[0])
        with open('/proc/%d/net/dev' % pid) as f:
            self.assertNotIn('eth', f.read())

    def test_only_the_carrier_may_connect(self):
        self.start()
        st = os.stat(os.path.join(self.stack.run, 'wall.wire'))
        self.assertEqual((stat.S_IMODE(st.st_mode), st.st_uid),
                         (0o600, os.geteuid()))
        self.stack.stop()
        self.assertFalse(os.path.exists(
            os.path.join(self.stack.run, 'wall.wire')))
        if os.geteuid() != 0:
            return
        self.configure('carrier = nobody\n')
        self.start()
        st = os.stat(os.path.join(self.stack.run, 'wall.wire'))
        self.assertNotEqual(st.st_uid, 0)

    def test_a_carrier_gets_a_question_also_after_each_death(self):
        self.start()
        for name in (HDCP, 'tds-compositor', HDCP, HDCP):
            before = self.stack.children()
            fds = self.stack.n_fds()
            os.kill(before[name], signal.SIGKILL)
            wait_for(lambda: self.stack.children().get(name) not in
                     (None, before[name]))
            after = self.stack.children()
            before.pop(name)
            after.pop(name)
            self.assertEqual(after, before)
            wait_for(lambda: self.stack.n_fds() == fds)
            wait_for(self.stack.status)
            with socket.socket(socket.AF_UNIX) as wire:
                wire.settimeout(10)
                wire.connect(os.path.join(self.stack.run, 'wall.wire'))
                # a record of messages: AKE_Init, then AKE_Transmitter_Info
                self.assertEqual(wire.recv(5), b'\x01\x00\x00\x0f\x02')
            self.assertEqual(self.wall()['type'], 'sealed')
        self.assertEqual(self.n_lines(HDCP + ' ended (signal 9)'), 3)

    def test_a_list_that_nobody_signed_is_told_and_the_rest_goes_on(self):
        with open(self.key('srm'), 'r+b') as f:
            f.seek(20)
            f.write(b'\x55')
        self.stack.start(n_children=3)
        wait_for(lambda: self.n_lines('srm: is not signed by the authority'))
        wait_for(lambda: self.n_lines(HDCP + ' ended (exit code 1)'))
        self.assertFalse(self.wall()['sink'])

    def test_a_state_that_is_damaged_is_told_and_not_begun_anew(self):
        self.start().stop()
        os.truncate(self.key('wall.state'), 0)
        self.stack.start(n_children=3)
        wait_for(lambda: self.n_lines('state: is damaged'))
        self.assertEqual(os.path.getsize(self.key('wall.state')), 0)
        os.remove(self.key('wall.state')) # root decides
        self.stack.stop()
        self.start()


if __name__ == '__main__':
    path = sys.argv.pop(3)
    spec = importlib.util.spec_from_file_location('facsimile', path)
    FACSIMILE = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(FACSIMILE)
    stack.TDSCTL = sys.argv.pop(2)
    stack.TDSD = sys.argv.pop(1)
    unittest.main()
