#!/usr/bin/python3
"""test_install.py MESON BUILD_DIR: tds as `meson install` puts it in place.

Installed below a directory of its own, nothing but what is there is used: each
program finds the others, starts and says that it is sealed in.
"""
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

import stack
from stack import Stack

MESON, BUILD, TOP, PREFIX = None, None, None, None
PROGRAMS = ('sbin/tdsd', 'sbin/tds-hdcp', 'sbin/tds-image', 'bin/tdsctl',
            'bin/tds-sink', 'libexec/tds/tds-compositor',
            'libexec/tds/tds-guest', 'libexec/tds/tds-input',
            'libexec/tds/tds-xen')
UNIT = 'lib/systemd/system/tds.service'


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, timeout=60,
                          check=False, **more)


def setUpModule():
    global TOP, PREFIX
    TOP = tempfile.mkdtemp(prefix='tds-install-')
    unittest.addModuleCleanup(shutil.rmtree, TOP, True)
    os.chmod(TOP, 0o755)
    done = run(*MESON, 'install', '-C', BUILD, '--no-rebuild', '--destdir',
               TOP, umask=0o022)
    assert done.returncode == 0, done.stdout + done.stderr
    found = [at for at, _, files in os.walk(TOP) if 'tdsd' in files]
    assert len(found) == 1, found
    PREFIX = os.path.dirname(found[0])
    stack.TDSD, stack.TDSCTL = path('sbin/tdsd'), path('bin/tdsctl')


def path(name):
    return os.path.join(PREFIX, name)


class Installed(unittest.TestCase):
    def test_each_program_is_there_and_nothing_else_is(self):
        found = set()
        for folder in ('bin', 'sbin', 'libexec', 'lib'):
            for at, _, files in os.walk(path(folder)):
                found |= {os.path.relpath(os.path.join(at, f), PREFIX)
                          for f in files}
        self.assertEqual(found, {*PROGRAMS, UNIT})
        for name in PROGRAMS:
            mode = os.stat(path(name)).st_mode
            # nobody but root may write one, and none is set-user-ID
            self.assertEqual(stat.S_IMODE(mode), 0o755, name)

    def test_each_manual_page_is_there(self):
        found = {f for _, _, files in os.walk(path('share/man'))
                 for f in files}
        self.assertEqual(found, {'tdsd.8', 'tds-hdcp.8', 'tds-image.8',
                                 'tds-sink.1', 'tdsctl.1',
                                 'tds.conf.5'})
        for _, _, files in os.walk(path('share/man')):
            for name in files:
                section = name.rsplit('.', 1)[1]
                page = path('share/man/man%s/%s' % (section, name))
                self.assertGreater(os.path.getsize(page), 500, page)

    def test_the_examples_can_be_copied_and_used(self):
        for name, outputs in (('example', 4), ('example-try-out', 1)):
            with tempfile.TemporaryDirectory() as etc:
                copy = os.path.join(etc, 'tds')
                done = run('cp', '-r', path('share/doc/tds/' + name),
                           copy, umask=0o022)
                self.assertEqual(done.returncode, 0, done.stderr)
                done = run(stack.TDSD, '--check', '--config', copy)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn('%d outputs' % outputs, done.stdout)

    def test_the_documents_that_the_programs_name_are_there(self):
        for name in ('README.md', 'LICENSE', 'install.md', 'guests.md',
                     'architecture.md', 'threat-model.md', 'protocol.md'):
            self.assertTrue(os.path.isfile(path('share/doc/tds/' + name)),
                            name)

    def test_programs_say_who_they_are(self):
        for name in ('sbin/tdsd', 'bin/tdsctl'):
            done = run(path(name), '--version')
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stdout, r'^tds(d|ctl) \d')
        done = run(path('sbin/tds-image'), '--help')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('--config DIR', done.stdout)

    def test_the_display_starts_sealed_with_its_own_programs(self):
        s = Stack(mode='normal')
        self.addCleanup(s.remove)
        s.start()
        self.assertIs(s.status()['sealed'], True)
        home = path('libexec/tds')
        for name, pid in s.children().items():
            exe = run('readlink', '/proc/%d/exe' % pid).stdout.strip()
            if os.geteuid() == 0: # nobody else may look
                self.assertEqual(exe, os.path.join(home, name.split('@')[0]))
        self.assertEqual(s.stop(), 0)

    def test_a_missing_program_is_named(self):
        s = Stack()
        self.addCleanup(s.remove)
        guest = path('libexec/tds/tds-guest')
        os.rename(guest, guest + '.away')
        self.addCleanup(os.rename, guest + '.away', guest)
        done = run(stack.TDSD, '--config', s.config)
        self.assertEqual(done.returncode, 1)
        self.assertIn('tds-guest is not where tdsd is, nor in /', done.stderr)
        self.assertIn('is tds installed?', done.stderr)


class Unit(unittest.TestCase):
    """The service: what it starts is there, and nothing in it takes from tdsd
    what tdsd needs to seal its children in."""

    SANDBOX = ('Protect', 'Private', 'Restrict', 'SystemCall', 'NoNewPriv',
               'Capability', 'AmbientCap', 'MemoryDeny', 'ReadOnly',
               'Inaccessible', 'User=', 'DynamicUser', 'RootDirectory',
               'DevicePolicy', 'DeviceAllow', 'LockPersonality', 'TasksMax',
               'Limit')

    def lines(self):
        with open(os.path.join(PREFIX, UNIT)) as f:
            return [l.strip() for l in f if l.strip() and l[0] != '#']

    def test_it_starts_the_installed_program(self):
        at = PREFIX[len(TOP):]
        self.assertIn('ExecStart=%s/sbin/tdsd' % at, self.lines())
        self.assertNotIn('@', ''.join(l for l in self.lines()
                                      if 'getty@' not in l))

    def test_no_line_takes_a_right_away(self):
        for line in self.lines():
            if not line.startswith('RestartPrevent'):
                self.assertFalse(line.startswith(self.SANDBOX), line)

    def test_systemd_understands_every_line(self):
        with tempfile.TemporaryDirectory() as d:
            # systemd looks whether the program exists
            text = '\n'.join(self.lines()).replace(
                'ExecStart=', 'ExecStart=' + TOP)
            copy = os.path.join(d, 'tds.service')
            with open(copy, 'w') as f:
                f.write(text + '\n')
            done = run('systemd-analyze', 'verify', '--man=no', copy)
            about = [l for l in (done.stdout + done.stderr).splitlines()
                     if 'tds' in l]
            self.assertEqual(about, [])
            self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == '__main__':
    BUILD, MESON = os.path.abspath(sys.argv[1]), sys.argv[2:]
    unittest.main(argv=sys.argv[:1], verbosity=2)
