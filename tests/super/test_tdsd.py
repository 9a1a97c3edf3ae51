#!/usr/bin/python3
"""test_tdsd.py TDSD TDSCTL: what an operator can do wrong, and what a program
of his can do to the control socket. Real processes; nothing is faked."""
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

from PIL import Image

import stack
from stack import Stack, wait_for


def gone(pid):
    """Not there, or there only until its parent looks."""
    try:
        with open('/proc/%d/stat' % pid) as f:
            return f.read().rsplit(')', 1)[1].split()[0] in 'ZX'
    except OSError:
        return True


class Fresh(unittest.TestCase):
    """A stack of its own, not started."""

    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.remove)


class Configuration(Fresh):
    def test_a_right_one_is_accepted_and_starts_nothing(self):
        code, said = self.stack.check()
        self.assertEqual(code, 0, said)
        self.assertIn('2 domains', said)
        self.assertFalse(os.path.exists(self.stack.run))

    def test_the_examples_of_the_manual_are_accepted(self):
        docs = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                            '..', '..', 'docs')
        for name, outputs in (('example', 1), ('example-kms', 4)):
            done = subprocess.run(
                [stack.TDSD, '--check', '--config',
                 os.path.join(docs, name)],
                capture_output=True, text=True, timeout=20, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn('%d outputs' % outputs, done.stdout)

    def test_all_errors_of_all_files_are_printed_and_nothing_starts(self):
        main = self.stack.write('tds.conf', '[tds]\nmode = fast\nphrse = x\n')
        one = self.stack.write('domains.d/10-web.conf',
                               '[domain]\nname = a/b\nsize = 1x1\n')
        two = self.stack.write('domains.d/20-work.conf', 'name = x\n')
        for args in ([], ['--check']):
            done = subprocess.run(
                [stack.TDSD, '--config', self.stack.config, *args],
                capture_output=True, text=True, timeout=20, check=False)
            self.assertNotEqual(done.returncode, 0)
            for line in (main + ':2: mode: ', main + ':3: phrse: ',
                         'did you mean "phrase"?', one + ':2: name: ',
                         one + ':3: size: ', one + ':1: label: is missing',
                         two + ':1: name: stands before any section'):
                self.assertIn(line, done.stderr)
            for line in done.stderr.splitlines():
                if line.startswith(self.stack.config):
                    self.assertIn('; allowed: ', line)
        self.assertFalse(os.path.exists(self.stack.run))

    def test_what_others_may_write_is_refused(self):
        for name in ('', 'tds.conf', 'domains.d', 'domains.d/10-web.conf'):
            path = os.path.join(self.stack.config, name)
            mode = os.stat(path).st_mode & 0o7777
            for bad in (0o020, 0o002):
                os.chmod(path, mode | bad)
                code, said = self.stack.check()
                self.assertNotEqual(code, 0, name)
                self.assertIn('others may write it', said)
            os.chmod(path, mode)
        self.assertEqual(self.stack.check()[0], 0)

    @unittest.skipUnless(os.geteuid() == 0, 'only root can give files away')
    def test_what_belongs_to_somebody_else_is_refused(self):
        path = os.path.join(self.stack.config, 'domains.d/10-web.conf')
        os.chown(path, 65534, 65534)
        code, said = self.stack.check()
        self.assertNotEqual(code, 0)
        self.assertIn('belongs to user 65534', said)

    def test_no_file_too_long_and_binary_ones_are_refused(self):
        self.stack.write('tds.conf', '#\n' * 40000)
        self.assertIn('is too long', self.stack.check()[1])
        self.stack.write('tds.conf', '[tds]\0\n')
        self.assertIn('NUL byte', self.stack.check()[1])
        os.unlink(os.path.join(self.stack.config, 'tds.conf'))
        self.assertIn('No such file', self.stack.check()[1])
        os.mkdir(os.path.join(self.stack.config, 'tds.conf'))
        self.assertIn('is not a file', self.stack.check()[1])

    def test_wrong_usage_is_told_with_exit_code_2(self):
        for program in (stack.TDSD, stack.TDSCTL):
            for args in (['--nonsense'], ['a', 'b', 'c', 'd', 'e']):
                done = subprocess.run([program, *args], capture_output=True,
                                      text=True, timeout=20, check=False)
                self.assertEqual(done.returncode, 2, (program, args))
                self.assertIn('usage: ', done.stderr)
            for args in (['--help'], ['--version']):
                done = subprocess.run([program, *args], capture_output=True,
                                      text=True, timeout=20, check=False)
                self.assertEqual(done.returncode, 0)
                self.assertTrue(done.stdout.startswith(('usage: ', 'tds')))


class Hardware(Fresh):
    """What is missing on a machine without it is said in one clear line. These
    run in a mount namespace with a /dev that holds nothing but what the test
    puts there: on a machine with keyboards none of them is taken away."""

    def within(self, then):
        script = ('set -e; dev="$0"; mount -t tmpfs none "$dev"; '
                  'mkdir "$dev/input"; touch "$dev/null"; '
                  'mount --bind /dev/null "$dev/null"; '
                  'mount --rbind "$dev" /dev; '
                  'mount --bind /proc/sys /proc/sys; '
                  'mount -o remount,bind,ro /proc/sys; ' + then)
        dev = os.path.join(self.stack.dir, 'dev')
        os.mkdir(dev)
        return ['unshare', '-rm', 'sh', '-c', script, dev]

    def configure(self, tds, outputs='', mode='normal'):
        self.stack.write(
            'tds.conf', '[tds]\nmode = %s\nphrase = a\nrun-dir = %s\n%s\n%s'
            % (mode, self.stack.run, tds, outputs))

    def refuse(self, then='exec "$@"'):
        """The lines of a tdsd that does not start."""
        done = subprocess.run(
            [*self.within(then), stack.TDSD, '--config', self.stack.config],
            text=True, capture_output=True, timeout=20, check=False)
        self.assertEqual(done.returncode, 1, done)
        left = [f for _, _, files in os.walk(self.stack.run) for f in files]
        self.assertNotIn('control.sock', left)
        return done.stderr.splitlines()

    def start(self, then='exec "$@"'):
        self.configure('seat = on', '[output a]\ntype = headless', 'try-out')
        self.stack.start(within=self.within(then), n_children=4)

    def n_lines(self, text):
        return sum(text in l for l in self.stack.said().splitlines())

    def test_without_a_card_it_does_not_start_and_says_what_to_do(self):
        self.configure('')
        lines = self.refuse()
        self.assertEqual(len(lines), 1, lines)
        self.assertIn('no graphics card: ', lines[0])
        self.assertIn('load ', lines[0])

    def test_without_the_named_card_it_says_which(self):
        self.configure('card = /dev/dri/card255')
        lines = self.refuse()
        self.assertEqual(len(lines), 1, lines)
        self.assertIn('/dev/dri/card255', lines[0])

    def test_a_console_that_stays_is_refused_in_normal_mode(self):
        self.configure('seat = on', '[output a]\ntype = headless')
        lines = self.refuse()
        self.assertEqual(len(lines), 1, lines)
        self.assertIn('cannot write /proc/sys/kernel/ctrl-alt-del: Read-only '
                      'file system: tdsd must run where', lines[0])

    def test_a_seat_without_devices_is_ready_and_asks_for_a_keyboard(self):
        self.start()
        wait_for(lambda: 'the display is ready' in self.stack.said())
        self.assertEqual(self.n_lines('no input device in /dev/input: plug '
                                      'in a keyboard'), 1)

    def test_a_device_without_the_right_to_it_is_named_with_the_group(self):
        self.start('touch /dev/input/event3; chmod 0 /dev/input/event3; '
                   'exec setpriv '
                   '--bounding-set=-dac_override,-dac_read_search "$@"')
        self.assertEqual(
            self.n_lines('cannot open /dev/input/event3: Permission denied: '
                         'tdsd must run as root or be in group input'), 1)

    def test_what_only_looks_like_a_device_is_not_used(self):
        self.start('touch /dev/input/event0; ln -s /dev/null '
                   '/dev/input/event1; exec "$@"')
        self.assertEqual(
            self.n_lines('cannot open /dev/input/event0: No such device: it '
                         'is no input device'), 1)
        self.assertEqual(self.n_lines('cannot open /dev/input/event1: '), 1)

    def test_input_and_core_are_joined_again_after_each_death(self):
        self.start()
        ready = 'the display is ready'
        wait_for(lambda: self.n_lines(ready) == 1)
        for n, name in enumerate(('tds-input', 'tds-compositor',
                                  'tds-input', 'tds-compositor')):
            before = self.stack.children()
            fds = self.stack.n_fds()
            os.kill(before[name], signal.SIGKILL)
            wait_for(lambda: self.n_lines(ready) == n + 2)
            wait_for(self.stack.status)
            after = self.stack.children()
            self.assertNotEqual(after.pop(name), before.pop(name))
            self.assertEqual(after, before)
            wait_for(lambda: self.stack.n_fds() == fds)
        self.assertEqual(self.n_lines('tds-input ended (signal 9)'), 2)
        self.assertEqual(self.n_lines('tds-compositor ended (signal 9)'), 2)


class Life(Fresh):
    def test_a_second_tdsd_is_refused_and_the_first_goes_on(self):
        self.stack.start()
        before = self.stack.children()
        done = subprocess.run([stack.TDSD, '--config', self.stack.config],
                              capture_output=True, text=True, timeout=20,
                              check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn('another tdsd (process %d)' % self.stack.process.pid,
                      done.stderr)
        self.assertEqual(self.stack.children(), before)
        self.assertIsNotNone(self.stack.status())
        for s in ('gpu', 'keyboard', 'tablet', 'mouse'):
            path = os.path.join(self.stack.run, 'web', s + '.sock')
            with socket.socket(socket.AF_UNIX) as vm:
                vm.connect(path)

    def test_sigterm_ends_children_and_removes_sockets(self):
        self.stack.start()
        pids = self.stack.children().values()
        self.assertEqual(self.stack.stop(), 0)
        for pid in pids:
            wait_for(lambda pid=pid: gone(pid))
        left = [f for _, _, files in os.walk(self.stack.run) for f in files]
        self.assertEqual([f for f in left if f.endswith('.sock')], [])

    def test_killed_tdsd_takes_its_children_along_and_starts_again(self):
        for _ in range(5):
            self.stack.start()
            pids = self.stack.children().values()
            self.stack.stop(signal.SIGKILL)
            for pid in pids:
                wait_for(lambda pid=pid: gone(pid))
        self.stack.start()

    def test_children_are_sealed_in_and_hold_only_what_they_need(self):
        self.stack.start()
        for name, pid in self.stack.children().items():
            with open('/proc/%d/status' % pid) as f:
                status = dict(line.split(':\t', 1) for line in f)
            self.assertEqual(status['NoNewPrivs'].strip(), '1', name)
            self.assertEqual(status['Seccomp'].strip(), '2', name)
            self.assertEqual(int(status['CapEff'], 16), 0, name)
            for ns in ('user', 'pid', 'mnt', 'net', 'ipc', 'uts'):
                self.assertNotEqual(
                    os.readlink('/proc/%d/ns/%s' % (pid, ns)),
                    os.readlink('/proc/self/ns/' + ns), (name, ns))
            kinds = set()
            for fd in os.listdir('/proc/%d/fd' % pid):
                target = os.readlink('/proc/%d/fd/%s' % (pid, fd))
                if int(fd) > 2:
                    kinds.add(target.split('[')[0].split(':')[0])
            self.assertLessEqual(
                kinds, {'socket', 'anon_inode', '/memfd'}, name)
            with open('/proc/%d/environ' % pid, 'rb') as f:
                self.assertEqual(f.read(), b'', name)

    def test_a_full_disk_under_the_log_disturbs_nothing(self):
        with open('/dev/full', 'w') as full:
            self.stack.start(stderr=full)
        os.kill(self.stack.children()['tds-compositor'], signal.SIGKILL)
        wait_for(self.stack.status)
        self.assertEqual(self.stack.stop(), 0)

    def test_screens_go_dark_without_input_and_a_key_wakes_them(self):
        s = self.stack
        s.write('tds.conf', (stack.MAIN % ('try-out', s.run)).replace(
            'phrase = a phrase', 'phrase = a phrase\nidle = 1'))
        s.start()
        wait_for(lambda: s.status()['dark'])
        frames = s.status()['frames']
        self.assertEqual(s.status()['frames'], frames)  # nothing runs
        self.assertEqual(s.ctl('key', 'CTRL+ALT+DELETE').returncode, 0)
        status = s.status()
        self.assertFalse(status['dark'])
        self.assertTrue(status['attention'])  # the attention key always counts
        wait_for(lambda: s.status()['dark'])  # and again
        self.assertEqual(s.ctl('key', 'ESC').returncode, 0)
        status = s.status()
        self.assertFalse(status['dark'])
        self.assertTrue(status['attention'])  # it only woke the screens

    def test_each_death_gives_one_line_and_a_new_process(self):
        self.stack.start()
        fds = self.stack.n_fds()
        for name, pid in self.stack.children().items():
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda: self.stack.children().get(name, pid) != pid)
            wait_for(self.stack.status)
            lines = [l for l in self.stack.said().splitlines()
                     if name in l and 'ended' in l]
            self.assertEqual(len(lines), 1, (name, lines))
        wait_for(lambda: self.stack.n_fds() == fds)


class Unsealed(unittest.TestCase):
    """In a chroot the kernel gives nobody a user namespace."""

    def within(self, stack_dir):
        root = os.path.join(stack_dir, 'root')
        os.mkdir(root)
        return ['unshare', '-rm', 'sh', '-c',
                'mount --rbind / "$0" && exec chroot "$0" "$@"', root]

    def test_normal_mode_refuses_to_start_and_says_why(self):
        s = Stack(mode='normal')
        self.addCleanup(s.remove)
        done = subprocess.run(
            [*self.within(s.dir), stack.TDSD, '--config', s.config],
            capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn('cannot be sealed in (namespaces: ', done.stderr)
        self.assertIn('mode = try-out', done.stderr)

    def test_try_out_goes_on_and_says_so(self):
        s = Stack()
        self.addCleanup(s.remove)
        s.start(within=self.within(s.dir))
        self.assertIs(s.status()['sealed'], False)
        self.assertIn('NOT SEALED', s.ctl('status').stdout)
        self.assertIn('cannot be sealed in (namespaces: ', s.said())


class Control(unittest.TestCase):
    """One stack for all: no request may hurt the next one."""

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack().start()
        cls.addClassCleanup(cls.stack.remove)

    def test_status_is_json_of_what_was_configured(self):
        s = self.stack.status()
        self.assertEqual(s['mode'], 'try-out')
        self.assertIs(s['sealed'], True)
        self.assertIs(s['locked'], False)
        self.assertIs(s['attention'], False)
        self.assertEqual([(o['name'], o['width'], o['height'], o['scale'])
                          for o in s['outputs']],
                         [('one', 800, 600, 1), ('two', 640, 480, 1)])
        self.assertEqual(s['outputs'][0]['trust_bar'],
                         {'x': 0, 'y': 0, 'width': 800, 'height': 36})
        self.assertEqual([(d['name'], d['label'], d['level'], d['colour'],
                           d['state']) for d in s['domains']],
                         [('web', 'PUBLIC', 'unclassified', '#007a33',
                           'waiting'),
                          ('Büro 2', 'SECRET', 'secret', '#c8102e',
                           'waiting')])
        pids = self.stack.children()
        for d in s['domains']:
            self.assertEqual(d['pid'], pids['tds-guest@' + d['name']])
        for w in s['windows']:
            self.assertEqual(w['content']['width'], 400)

    def test_text_status_lists_the_domains_in_columns(self):
        text = self.stack.ctl('status').stdout
        self.assertIn('web', text)
        self.assertIn('UNCLASSIFIED', text.upper())

    def test_focus_is_given_by_name_and_shown(self):
        for name in ('Büro 2', 'web'):
            self.assertEqual(self.stack.ctl('focus', name).returncode, 0)
            self.assertEqual(self.stack.status()['keyboard'], name)
        for wrong in ('nobody', 'WEB', '', 'x' * 40):
            done = self.stack.ctl('focus', wrong)
            self.assertEqual(done.returncode, 1, wrong)
            self.assertIn('domain', done.stderr)

    def test_attention_opens_the_panel_and_escape_closes_it(self):
        self.stack.ctl('focus', 'web')
        self.stack.ctl('key', 'CTRL+ALT+DELETE')
        self.assertIs(self.stack.status()['attention'], True)
        self.assertEqual(self.stack.ctl('focus', 'web').returncode, 1)
        self.stack.ctl('key', 'ESC')
        self.assertIs(self.stack.status()['attention'], False)

    def test_screenshot_is_a_picture_of_the_output_with_its_status(self):
        with tempfile.TemporaryDirectory() as d:
            png, js = os.path.join(d, 'a.png'), os.path.join(d, 'a.json')
            for name, size in (('one', (800, 600)), ('two', (640, 480))):
                done = self.stack.ctl('screenshot', png, '--status', js,
                                      '--output', name)
                self.assertEqual(done.returncode, 0, done.stderr)
                with Image.open(png) as picture:
                    self.assertEqual(picture.size, size)
                with open(js, encoding='utf-8') as f:
                    self.assertEqual(json.load(f)['outputs'][0]['name'],
                                     'one')
            self.assertEqual(sorted(os.listdir(d)), ['a.json', 'a.png'])
            done = self.stack.ctl('screenshot', png, '--output', 'three')
            self.assertEqual(done.returncode, 1)
            done = self.stack.ctl('screenshot', d + '/no/such/a.png')
            self.assertEqual(done.returncode, 1)
            self.assertEqual(sorted(os.listdir(d)), ['a.json', 'a.png'])

    def test_screenshot_on_a_full_disk_is_told_and_leaves_nothing(self):
        script = ('mount -t tmpfs -o size=4k none "$2" && cd "$2" && '
                  '"$0" --run-dir "$1" screenshot a.png; code=$?; '
                  'ls -A; exit $code')
        with tempfile.TemporaryDirectory() as d:
            done = subprocess.run(
                ['unshare', '-rm', 'sh', '-c', script, stack.TDSCTL,
                 self.stack.run, d],
                capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn('No space left', done.stderr)
        self.assertEqual(done.stdout, '')
        self.assertIsNotNone(self.stack.status())

    def test_what_cannot_be_typed_is_named_and_nothing_is_typed(self):
        done = self.stack.ctl('type', 'aä')
        self.assertEqual(done.returncode, 1)
        self.assertIn('character 2', done.stderr)
        self.assertEqual(self.stack.ctl('key', 'CTRL+WORM').returncode, 2)
        self.assertEqual(self.stack.ctl('pointer', '1', 'x').returncode, 2)
        self.assertEqual(
            self.stack.ctl('pointer', '1', '1', 'lick').returncode, 2)

    def test_a_long_text_is_typed_in_parts(self):
        self.assertEqual(self.stack.ctl('type', 'Ab1! ' * 60).returncode, 0)

    def test_without_tdsd_the_exit_code_is_3(self):
        done = subprocess.run(
            [stack.TDSCTL, '--run-dir', '/nonexistent', 'status'],
            capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn('is tdsd running?', done.stderr)

    def test_random_datagrams_hurt_nobody_and_leak_nothing(self):
        rng = random.Random(7)
        ops = list(range(0, 90)) + [2**32 - 1]
        children, fds = self.stack.children(), None
        for i in range(3000):
            with self.stack.connect() as s:
                size = rng.choice((0, 1, 3, 4, 5, 8, 36, 520, 65536 - 4))
                body = rng.randbytes(size)
                given = [0] * rng.choice((0, 0, 0, 1, 5))
                try:
                    socket.send_fds(
                        s, [struct.pack('<I', rng.choice(ops)) + body], given)
                    if i % 2:
                        s.recv(1)
                except (BrokenPipeError, ConnectionResetError):
                    pass
            if i == 500:
                wait_for(self.stack.status)
                fds, rss = self.stack.n_fds(), self.stack.rss_kib()
        wait_for(self.stack.status)
        wait_for(lambda: self.stack.n_fds() <= fds)
        self.assertLess(self.stack.rss_kib(), rss + 1024)
        self.assertEqual(self.stack.children(), children)

    def test_clients_that_say_nothing_or_do_not_read_are_dropped(self):
        idle = [self.stack.connect() for _ in range(8)]
        wait_for(self.stack.status, 15)
        for s in idle:
            s.close()
        deaf = [self.stack.connect() for _ in range(4)]
        for s in deaf:
            try:
                for _ in range(50):
                    s.send(struct.pack('<I', 70))
            except (BrokenPipeError, ConnectionResetError):
                pass
        wait_for(self.stack.status, 15)
        for s in deaf:
            s.close()

    def test_a_dead_core_is_an_honest_error_and_then_all_is_well(self):
        for _ in range(10):
            pid = self.stack.children()['tds-compositor']
            os.kill(pid, signal.SIGKILL)
            done = self.stack.ctl('status')
            if done.returncode != 0:
                self.assertEqual(done.returncode, 1)
                self.assertIn('again', done.stderr)
            wait_for(self.stack.status)
            wait_for(lambda: self.stack.children().get(
                'tds-compositor', pid) != pid)


class Normal(unittest.TestCase):
    def test_input_is_refused_with_the_line_to_change(self):
        s = Stack(mode='normal').start()
        self.addCleanup(s.remove)
        for args in (['type', 'a'], ['key', 'A'], ['pointer', '1', '1']):
            done = s.ctl(*args)
            self.assertEqual(done.returncode, 1)
            self.assertIn('mode = try-out', done.stderr)
        self.assertEqual(s.ctl('focus', 'web').returncode, 0)


if __name__ == '__main__':
    stack.TDSD, stack.TDSCTL = (os.path.abspath(a) for a in sys.argv[1:3])
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
