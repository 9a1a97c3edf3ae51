#!/usr/bin/python3
"""kms.py KMS_PROBE [SCENARIO...]: the KMS back-end on virtual graphics cards.

Boots Debian's stock kernel with kms_probe as its only process, once per kind
of card, drives it over a serial port, and compares what QEMU's screendump
shows with what should be seen. TAP output.
"""
import glob
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.path.join(os.environ.get('XDG_CACHE_HOME') or
                     os.path.expanduser('~/.cache'), 'tds')
COMMON = ['gpu/drm/drm', 'gpu/drm/drm_kms_helper', 'gpu/drm/drm_shmem_helper',
          'gpu/drm/drm_panel_orientation_quirks']
VIRTIO = ['virtio/virtio', 'virtio/virtio_ring', 'virtio/virtio_pci',
          'virtio/virtio_pci_modern_dev', 'virtio/virtio_pci_legacy_dev',
          'virtio/virtio_dma_buf', 'gpu/drm/virtio/virtio-gpu']
BOCHS = ['gpu/drm/ttm/ttm', 'gpu/drm/drm_ttm_helper',
         'gpu/drm/drm_vram_helper', 'gpu/drm/tiny/bochs']


class Failed(Exception):
    pass


def check(is_true, what):
    if not is_true:
        raise Failed(what)


def make_initramfs(probe, modules, out):
    root = tempfile.mkdtemp()
    try:
        for d in ('modules', 'dev', 'proc', 'lib64', 'lib/x86_64-linux-gnu'):
            os.makedirs(os.path.join(root, d))
        shutil.copy(probe, os.path.join(root, 'init'))
        shutil.copy('/lib64/ld-linux-x86-64.so.2', os.path.join(root, 'lib64'))
        shutil.copy('/lib/x86_64-linux-gnu/libc.so.6',
                    os.path.join(root, 'lib/x86_64-linux-gnu'))
        for name in modules:
            found = [name] if name.startswith('/') else glob.glob(
                '%s/kernel/tree/lib/modules/*/kernel/drivers/%s.ko'
                % (CACHE, name))
            for path in found:
                shutil.copy(path, os.path.join(root, 'modules'))
        names = subprocess.run(['find', '.', '-print'], cwd=root, check=True,
                               stdout=subprocess.PIPE).stdout
        with open(out, 'wb') as f:
            subprocess.run([CACHE + '/userland/busybox', 'cpio', '-o', '-H',
                            'newc', '-R', '0:0'], cwd=root, check=True,
                           input=names, stdout=f, stderr=subprocess.DEVNULL)
    finally:
        shutil.rmtree(root)


def connect(path, process):
    end = time.monotonic() + 30
    while True:
        s = socket.socket(socket.AF_UNIX)
        try:
            s.connect(path)
            return s
        except OSError:
            check(time.monotonic() < end and process.poll() is None,
                  'QEMU does not start')
            time.sleep(0.05)


class Machine:
    def __init__(self, probe, modules, devices, append=''):
        self.dir = tempfile.mkdtemp(prefix='tds-kms.')
        make_initramfs(probe, modules, self.dir + '/initramfs')
        self.process = subprocess.Popen(
            [HERE + '/qemu', '-accel', 'tcg', '-cpu', 'max', '-machine', 'q35',
             '-m', '512', '-nodefaults', '-no-user-config', '-no-reboot',
             '-vga', 'none', '-display', 'dbus,p2p=yes',
             '-serial', 'file:' + self.dir + '/console',
             '-serial', 'unix:%s/line,server=on,wait=off' % self.dir,
             '-qmp', 'unix:%s/qmp,server=on,wait=off' % self.dir,
             '-kernel', CACHE + '/kernel/vmlinuz',
             '-initrd', self.dir + '/initramfs',
             '-append', 'console=ttyS0 quiet panic=-1 ' + append] + devices,
            stdin=subprocess.DEVNULL, stdout=open(self.dir + '/qemu.log', 'w'),
            stderr=subprocess.STDOUT)
        self.line = connect(self.dir + '/line', self.process)
        self.line.settimeout(120)
        self.lines = self.line.makefile('r', encoding='latin-1')
        self.qmp = connect(self.dir + '/qmp', self.process)
        self.qmp.settimeout(60)
        self.answers = self.qmp.makefile('r')
        self.answers.readline()
        self.execute('qmp_capabilities')
        self.bus = None

    def execute(self, command, **arguments):
        self.qmp.sendall(json.dumps({'execute': command,
                                     'arguments': arguments}).encode())
        while True:
            answer = json.loads(self.answers.readline())
            if 'error' in answer:
                raise Failed('%s: %s' % (command, answer['error']['desc']))
            if 'return' in answer:
                return answer['return']

    def wait(self, *ends):
        """Lines up to one that begins with a word of ends."""
        got = []
        while True:
            text = self.lines.readline()
            if not text:
                raise Failed('the guest ended: ' + self.console()[-600:])
            got.append(text.strip())
            if got[-1].split(' ')[0] in ends:
                return got

    def tell(self, command):
        self.line.sendall(command.encode() + b'\n')

    def ask(self, command):
        self.tell(command)
        got = self.wait('ok', 'failed')
        check(got[-1].startswith('ok'), '%s: %s; %s' % (
            command, got[-1], self.console()[-400:]))
        return got[:-1]

    def probe(self, n):
        """[(name, width, height, mHz, scale)] of each slot."""
        outs = [o.split(' ') for o in self.ask('probe %d' % n)]
        return [(o[2], int(o[3]), int(o[4]), int(o[5]), int(o[6]))
                for o in outs]

    def start(self):
        """screen_open() and kms_create() succeed."""
        for what in ('screen_open', 'kms_create'):
            got = self.wait('ok', 'failed')
            check(got[-1].startswith('ok'),
                  '%s: %s; %s' % (what, got, self.console()[-600:]))

    def console(self):
        return open(self.dir + '/console', errors='replace').read()

    def dump(self, head=0, device=True):
        path = self.dir + '/shot.ppm'
        where = {'device': 'card', 'head': head} if device else {}
        self.execute('screendump', filename=path, **where)
        with open(path, 'rb') as f:
            check(f.readline() == b'P6\n', 'no PPM')
            size = f.readline()
            while size.startswith(b'#'):
                size = f.readline()
            f.readline()
            return tuple(map(int, size.split())), f.read()

    def same(self, i, head=None, what=''):
        """What QEMU shows is what output i should show."""
        want = int(self.ask('crc %d' % i)[-1].split(' ')[1])
        size, pixels = self.dump(i if head is None else head)
        check(zlib.crc32(pixels) == want,
              'output %d shows something else %s (%r)' % (i, what, size))
        return size

    def kernel(self):
        """(planes that are on, CRC of what is scanned out or None)."""
        words = self.ask('kernel')[-1].split(' ')
        return int(words[1]), int(words[3]) if words[2] == '0' else None

    def is_dark(self, head=0):
        """No pixel, or only black ones, or QEMU's own 'no display' text."""
        size, pixels = self.dump(head)
        colours = {pixels[i:i + 3] for i in range(0, len(pixels), 3)}
        # QEMU's placeholder: white on black, nothing of a picture
        return colours <= {b'\0\0\0', b'\xaa\xaa\xaa', b'\xff\xff\xff'}

    def resize(self, head, width, height):
        if self.bus is None:
            self.bus = relay().DBus(Caller(self))
        self.bus.set_ui_info(head, width, height)

    def end(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.dir)


class Caller:
    """What resize-relay's DBus needs of a QMP connection."""

    def __init__(self, machine):
        self.machine = machine

    def call(self, command, fds=(), **arguments):
        import array
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                   array.array('i', fds))] if fds else []
        self.machine.qmp.sendmsg([json.dumps({
            'execute': command, 'arguments': arguments}).encode()], rights)
        while True:
            answer = json.loads(self.machine.answers.readline())
            if 'error' in answer:
                raise Failed(answer['error']['desc'])
            if 'return' in answer:
                return answer['return']


def relay():
    from importlib.machinery import SourceFileLoader
    from importlib.util import module_from_spec, spec_from_loader
    loader = SourceFileLoader('relay', HERE + '/resize-relay')
    module = module_from_spec(spec_from_loader('relay', loader))
    loader.exec_module(module)
    return module


# ------------------------------------------------------------------ scenarios

def paint_and_look(m, i, rounds=6):
    for n in (1, 1, 2, 3, 7, 8)[:rounds]:
        timing = m.ask('frames %d %d' % (i, n))
        m.same(i, what='after %d frames' % n)
    return timing[-1]


def goes_dark_and_comes_back(m):
    m.ask('power 0')
    check(m.is_dark(), 'pixels while off')
    m.ask('power 1')
    check(m.is_dark(), 'pixels of the last frame')
    paint_and_look(m, 0)


def ends_dark(m, heads=1):
    """The core dies, tdsd blanks; a new core shows pictures again."""
    m.tell('die')
    m.wait('died')
    m.ask('blank')
    check(m.kernel()[0] == 0, 'a plane is on after the blank')
    for head in range(heads):
        check(m.is_dark(head), 'head %d: pixels after the blank' % head)
    m.tell('again')
    check(m.wait('ok', 'failed')[-1] == 'ok 0', 'no second core')
    m.ask('slot 0 0 0 0 0 -')
    m.probe(1)
    paint_and_look(m, 0)


def cursor_is_composed(m, width, height):
    """The plane shows what is seen when it is painted instead."""
    m.ask('white 0')
    for x, y in ((300, 200), (-20, -30), (-63, 400), (width - 30, height - 20),
                 (width - 1, 100), (500, height - 28), (120, height - 1)):
        place = 'cursor at %d,%d: ' % (x, y)
        without = m.kernel()
        m.ask('cursor 0 %d %d' % (x, y))
        on_plane = m.kernel()
        m.ask('bake 0 %d %d' % (x, y))
        painted = m.kernel()
        check((without[0], on_plane[0], painted[0]) == (1, 2, 1),
              place + 'planes %r %r %r' % (without, on_plane, painted))
        check(on_plane[1] is not None and on_plane[1] != without[1],
              place + 'it shows nothing')
        check(on_plane[1] == painted[1],
              place + 'the plane shows something else')
    for x, y in ((-64, 0), (0, -64), (width, 0), (0, height)):
        m.ask('cursor 0 %d %d' % (x, y))
        check(m.kernel() == painted, 'on at %d,%d' % (x, y))


def cursor_goes_off(m):
    """Off with hide, without power, and at the blank."""
    m.ask('cursor 0 10 10')
    check(m.kernel()[0] == 2, 'no plane')
    m.ask('hide 0')
    check(m.kernel()[0] == 1, 'on though hidden')
    m.ask('cursor 0 20 20')
    m.ask('power 0')
    check(m.kernel()[0] <= 1, 'on without power')
    m.ask('power 1')
    m.ask('frames 0 3')
    check(m.kernel()[0] == 2, 'it did not come back')


def cursor_leaves_the_frame(m, width, height):
    """QEMU's screendump has no cursor plane: the primary one is as it was."""
    for x, y in ((300, 200), (-20, -30), (width - 1, 100), (0, height), (7, 7)):
        m.ask('cursor 0 %d %d' % (x, y))
        m.same(0, what='with a cursor at %d,%d' % (x, y))
        m.ask('frames 0 2')
        m.same(0, what='after a cursor at %d,%d' % (x, y))
    m.ask('hide 0')


def bochs(probe):
    m = Machine(probe, COMMON + BOCHS,
                ['-device', 'bochs-display,vgamem=64M,id=card'])
    try:
        m.start()
        m.ask('slot 0 1024 768 0 0 -')
        out = m.probe(1)
        check(out[0][:3] == ('Virtual-1', 1024, 768), 'found %r' % (out,))
        note(paint_and_look(m, 0))
        got = m.ask('clock 0 200')[-1]
        note(got)
        check(got.startswith('locked 0'), 'a lock without vblanks: ' + got)
        m.ask('seal')
        m.ask('slot 0 1920 1080 0 0 Virtual-1')
        out = m.probe(1)
        check(out[0][1:3] == (1920, 1080), 'found %r' % (out,))
        note(paint_and_look(m, 0))
        for turns in (1, 2, 3):
            want = (1024, 768) if turns == 2 else (768, 1024)
            m.ask('slot 0 %d %d 0 %d -' % (want + (turns,)))
            check(m.probe(1)[0][1:3] == want, 'not turned')
            paint_and_look(m, 0)
        m.ask('slot 0 0 0 0 0 other-9')
        check(m.probe(1)[0][1:3] == (0, 0), 'another connector is bound')
        check(m.is_dark(), 'pixels of an output that went away')
        m.ask('slot 0 0 0 0 0 -')
        m.probe(1)
        paint_and_look(m, 0)
        goes_dark_and_comes_back(m)
        ends_dark(m)
        note(m.console())
    finally:
        m.end()


def virtio_one(probe):
    m = Machine(probe, COMMON + VIRTIO,
                ['-device', 'virtio-gpu-pci,xres=1280,yres=800,id=card'])
    try:
        m.start()
        m.ask('slot 0 0 0 0 0 -')
        out = m.probe(1)
        check(out[0][:3] == ('Virtual-1', 1280, 800), 'found %r' % (out,))
        note(paint_and_look(m, 0))
        cursor_goes_off(m)
        got = m.ask('clock 0 200')[-1]
        note(got)
        check(got.startswith('locked 0'), 'a lock without vblanks: ' + got)
        m.ask('seal')
        cursor_leaves_the_frame(m, 1280, 800)
        for width, height in ((1000, 700), (1920, 1080), (1280, 800)):
            m.resize(0, width, height)
            end = time.monotonic() + 20
            while m.probe(1)[0][1:3] != (width, height):
                check(time.monotonic() < end, 'no new mode list: %r'
                      % m.probe(1))
            paint_and_look(m, 0)
            m.ask('cursor 0 40 40')
            paint_and_look(m, 0, 2)
        goes_dark_and_comes_back(m)
        ends_dark(m)
        note(m.console())
    finally:
        m.end()


def virtio_three(probe):
    m = Machine(probe, COMMON + VIRTIO, [
        '-device', 'virtio-gpu-pci,xres=1024,yres=768,max_outputs=3,id=card'])
    try:
        m.start()
        for i in range(3):
            m.ask('slot %d 0 0 0 0 -' % i)
        out = m.probe(3)
        check([o[1] for o in out] == [1024, 0, 0], 'found %r' % (out,))
        paint_and_look(m, 0, 2)
        m.ask('seal')
        for on in ((1, 1, 0), (1, 1, 1), (1, 0, 1), (0, 0, 0), (1, 1, 1),
                   (0, 1, 0), (1, 0, 0)):
            # One at a time: the stock driver clears the event of a change
            # after it asked, so that it loses one that comes in between.
            for head in range(3):
                m.resize(head, 800 * on[head], 600 * on[head])
                end = time.monotonic() + 20
                while True:
                    out = m.probe(3)
                    # any order of slots: what is on keeps its slot
                    names = {o[0] for o in out if o[1]}
                    if ('Virtual-%d' % (head + 1) in names) == on[head]:
                        break
                    check(time.monotonic() < end, '%r: %r' % (on, out))
            for i in range(3):
                if out[i][1]:
                    head = int(out[i][0][-1]) - 1
                    m.ask('frames %d 3' % i)
                    m.same(i, head, repr(on))
            for head in range(3):
                if not on[head]:
                    check(m.is_dark(head), 'head %d is off but shows' % head)
        m.ask('slot 0 0 0 0 0 Virtual-3')
        m.resize(2, 800, 600)
        ends_dark(m, 3)
        note(m.console())
    finally:
        m.end()


def vkms(probe):
    m = Machine(probe, COMMON + [CACHE + '/vkms/vkms.ko'], [])
    try:
        m.start()
        m.ask('slot 0 1024 768 0 0 -')
        check(m.probe(1)[0][1:3] == (1024, 768), 'no mode')
        m.ask('frames 0 5')
        cursor_is_composed(m, 1024, 768)
        cursor_goes_off(m)
        note(m.ask('frames 0 60')[-1])
        got = m.ask('clock 0 300')[-1]
        note(got)
        check(got.startswith('locked 1'), 'vblanks, but no lock: ' + got)
        m.tell('die')
        m.wait('died')
        check(m.kernel()[0] == 2, 'the cursor is off before the blank')
        m.ask('blank')
        check(m.kernel()[0] == 0, 'a plane is on after the blank')
        note(m.console())
    finally:
        m.end()


def no_card(probe):
    m = Machine(probe, COMMON, [])
    try:
        check(m.wait('ok', 'failed')[-1].startswith('failed'), 'opened')
        check('no graphics card' in m.console(), m.console())
    finally:
        m.end()


def note(text):
    for line in text.strip().split('\n'):
        print('# ' + line, flush=True)


SCENARIOS = [bochs, virtio_one, virtio_three, vkms, no_card]


def main():
    probe, names = sys.argv[1], sys.argv[2:]
    todo = [s for s in SCENARIOS if not names or s.__name__ in names]
    bad = 0
    subprocess.run([HERE + '/fetch', '--vkms', '--quiet'], check=True,
                   stdout=subprocess.DEVNULL)
    print('1..%d' % len(todo))
    for n, scenario in enumerate(todo, 1):
        begin = time.monotonic()
        try:
            scenario(probe)
            print('ok %d - %s' % (n, scenario.__name__))
        except (Failed, OSError, ValueError) as error:
            bad += 1
            print('not ok %d - %s' % (n, scenario.__name__))
            note(str(error))
        note('%.1f s' % (time.monotonic() - begin))
    sys.exit(1 if bad else 0)


if __name__ == '__main__':
    main()
