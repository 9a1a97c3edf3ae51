#!/usr/bin/python3
"""test_install_srm.py TDS_HDCP: lists of revoked receivers on their way to the
kernel. What is installed is what somebody signed, and never an older one."""
import os
import random
import stat
import subprocess
import sys
import tempfile
import unittest

import receiver as rx
from facsimile import vector

HDCP = sys.argv.pop(1)
AUTHORITY = rx.Authority()


class Install(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = folder.name
        self.keys = os.path.join(self.dir, 'keys')
        self.to = os.path.join(self.dir, 'display_hdcp_srm.bin')
        os.mkdir(self.keys, 0o700)
        self.put('keys/authority', AUTHORITY.public())

    def put(self, name, data, mode=0o600):
        path = os.path.join(self.dir, name)
        with open(path, 'wb') as f:
            f.write(data)
        os.chmod(path, mode)
        return path

    def install(self, data, *more):
        done = subprocess.run(
            [HDCP, '--install-srm', self.put('list', data, 0o644), '--keys',
             self.keys, '--to', self.to, *more], capture_output=True,
            text=True, timeout=20, check=False)
        return done.returncode, done.stdout + done.stderr

    def installed(self):
        if not os.path.exists(self.to):
            return None
        with open(self.to, 'rb') as f:
            return f.read()

    def assert_installed(self, data, *more):
        code, said = self.install(data, *more)
        self.assertEqual(code, 0, said)
        self.assertEqual(self.installed(), data)
        self.assertEqual(stat.S_IMODE(os.stat(self.to).st_mode), 0o644)
        return said

    def assert_refused(self, data, why, *more):
        before = self.installed()
        code, said = self.install(data, *more)
        self.assertEqual(code, 1, said)
        self.assertIn(why, said)
        self.assertEqual(self.installed(), before)
        self.assertEqual(sorted(os.listdir(self.dir)), sorted(
            {'keys', 'list'} | ({'display_hdcp_srm.bin'} if before else set())))

    def test_a_list_that_was_signed_is_installed_as_it_is(self):
        ids = [rx.identifier(n) for n in range(50)]
        said = self.assert_installed(AUTHORITY.revocation_list(7, ids))
        self.assertIn('version 7 of HDCP 2.x, 50 receivers revoked', said)

    def test_the_same_may_come_again_and_a_newer_one_but_no_older_one(self):
        old, new = (AUTHORITY.revocation_list(v, []) for v in (6, 7))
        self.assert_installed(old)
        self.assert_installed(old)
        self.assert_installed(new)
        self.assert_refused(old, 'older than one that was installed before')
        os.remove(self.to) # who removes the file wins nothing
        self.assert_refused(old, 'older than one that was installed before')
        self.assert_installed(new)

    def test_a_list_of_version_0_is_none(self):
        self.assert_refused(AUTHORITY.revocation_list(0, []), 'older than')

    def test_any_flipped_bit_is_refused(self):
        good = AUTHORITY.revocation_list(7, [rx.identifier(1)])
        rng = random.Random(2)
        for at in (0, 1, 2, 3, 4, 7, 8, 12, 16, 17, len(good) - 1,
                   *(rng.randrange(len(good)) for _ in range(20))):
            bad = bytearray(good)
            bad[at] ^= 1 << rng.randrange(8)
            self.assert_refused(bytes(bad), 'list: ')

    def test_other_lengths_are_refused(self):
        good = AUTHORITY.revocation_list(7, [rx.identifier(1)])
        for bad in (b'', good[:1], good[:-1], good + b'\0', good + good,
                    bytes(70000)):
            self.assert_refused(bad, 'list: ')

    def test_another_authority_is_none(self):
        self.assert_refused(rx.Authority().revocation_list(9, []),
                            "its signature is not the authority's")

    def test_a_second_generation_is_refused(self):
        self.assert_refused(AUTHORITY.revocation_list(9, [], generation=2),
                            'second generation')

    def test_the_published_list_of_hdcp_1_is_installed_as_it_is(self):
        """Identifiers stay most significant byte first: the kernel turns what
        comes from its wire."""
        data = vector('SRM1_FACSIMILE')
        self.assert_refused(data, "not the authority's") # no authority-1
        self.put('keys/authority-1', vector('DSA_Y_FACSIMILE'))
        self.assert_refused(data, 'holds facsimile keys')
        said = self.assert_installed(data, '--facsimile')
        self.assertIn('of HDCP 1.x', said)
        bad = bytearray(data)
        ksv = bad[9:14]
        bad[9:14] = ksv[::-1] # turned, it is another list
        self.assertNotEqual(ksv, ksv[::-1])
        self.assert_refused(bytes(bad), "not the authority's", '--facsimile')

    def test_each_format_has_a_newest_version_of_its_own(self):
        self.put('keys/authority-1', vector('DSA_Y_FACSIMILE'))
        self.assert_installed(AUTHORITY.revocation_list(900, []),
                              '--facsimile')
        self.assert_installed(vector('SRM1_FACSIMILE'), '--facsimile')
        self.assert_refused(AUTHORITY.revocation_list(899, []), 'older',
                            '--facsimile')

    def test_facsimile_keys_need_to_be_asked_for(self):
        self.put('keys/authority', vector('AUTHORITY'))
        self.assert_refused(vector('SRM2_TEST'), 'holds facsimile keys')
        self.assert_installed(vector('SRM2_TEST'), '--facsimile')

    def test_keys_that_others_may_write_are_refused(self):
        self.put('keys/authority', AUTHORITY.public(), 0o606)
        self.assert_refused(AUTHORITY.revocation_list(7, []), 'mode 0600')

    def test_a_damaged_record_of_versions_is_refused(self):
        self.assert_installed(AUTHORITY.revocation_list(7, []))
        os.truncate(os.path.join(self.keys, 'installed.state'), 0)
        self.assert_refused(AUTHORITY.revocation_list(8, []), 'is damaged')

    def test_where_it_cannot_be_written_is_told(self):
        self.to = os.path.join(self.dir, 'nowhere', 'x')
        code, said = self.install(AUTHORITY.revocation_list(7, []))
        self.assertEqual(code, 1)
        self.assertIn('No such file', said)

    def test_wrong_usage_is_told_with_exit_code_2(self):
        for args in (['--install-srm', 'x'], ['--keys', 'x'], ['--nonsense'],
                     ['more'], ['--install-srm', 'x', '--keys', 'y', 'z']):
            done = subprocess.run([HDCP, *args], capture_output=True,
                                  text=True, timeout=20, check=False)
            self.assertEqual(done.returncode, 2, args)
            self.assertIn('usage: tds-hdcp', done.stderr)
        done = subprocess.run([HDCP, '--help'], capture_output=True,
                              text=True, timeout=20, check=False)
        self.assertEqual(done.returncode, 0)
        self.assertIn('/lib/firmware/display_hdcp_srm.bin', done.stdout)


if __name__ == '__main__':
    unittest.main()
