"""Real Xen in QEMU: dom0 with its tool stack, and the domains that it starts.

Everything is emulated, one processor after the other. dom0 has nothing but
busybox, Debian's xl, xenstored and xenconsoled, and the agent of the tests on
a virtio-serial port; a second port is tied to the console of the display
domain, in which the same agent runs. So a test asks both in the same way.
"""
import json
import os
import struct
import time

from PIL import Image

import machine
from drive import HERE, Failure, wait
from machine import CACHE, image, read

XEN = os.path.join(CACHE, "xen")
PROGRAMS = "usr/lib/xen-4.17/bin/"
TOOLS = [PROGRAMS + name for name in (
    "xl", "xenstored", "xenconsoled", "xen-init-dom0", "xentrace")]
STORE = ["usr/bin/xenstore-" + verb for verb in (
    "chmod", "list", "ls", "read", "rm", "write", "exists")]
LIBRARIES = ":".join(os.path.join(XEN, "tree/usr/lib", part) for part in (
    "x86_64-linux-gnu", "xen-4.17/lib/x86_64-linux-gnu"))
DOM0_MODULES = ("virtio_pci,virtio_console,xen_privcmd,xen_evtchn,xen_gntdev,"
                "xen_gntalloc,xenfs")
GUEST_MODULES = "drm_xen_front,evdev"
DOMAINS = os.path.join(HERE, "xen-domains")
CONSOLES = "/var/log/xen/console/guest-%s.log"

DISPLAY_INIT = """#!/bin/busybox sh
echo 1 >/proc/sys/kernel/printk
/agent/agent /dev/hvc0 &
exec /usr/libexec/tds/tdsd >/tdsd.log 2>&1
"""


def add_modules(tree, names):
    kernel = image.Kernel(os.path.join(CACHE, "kernel/tree"))
    listed = []
    for name, data, _ in kernel.ordered(names.split(",")):
        tree.file("modules/%s.ko" % name, data)
        listed.append("/modules/%s.ko\n" % name)
    tree.file("modules/list", "".join(listed).encode())


def add_userland(tree):
    tree.file("bin/busybox", read(os.path.join(CACHE, "userland/busybox")),
              0o755)
    tree.node("dev/null", 1, 3)
    tree.node("dev/console", 5, 1)
    for path in ("proc", "sys", "tmp"):
        tree.directory(path)


def add_xen_programs(tree, paths):
    for path in paths:
        machine.add_program(tree, os.path.join(XEN, "tree", path), path,
                            LIBRARIES)


def guest_tree(build):
    """The initramfs of a stock guest."""
    tree = image.Tree()
    add_userland(tree)
    add_modules(tree, GUEST_MODULES)
    tree.file("init", read(os.path.join(HERE, "xen-guest-init")), 0o755)
    machine.add_program(tree, os.path.join(build, "tests/vm/xen_painter"),
                        "bin/xen_painter")
    return tree


def display_overlay(build):
    """What a test adds to the image of the display domain."""
    tree = machine.agent_overlay(build)
    add_xen_programs(tree, STORE)
    tree.file("init", DISPLAY_INIT.encode(), 0o755)
    return tree


def idle_kernel():
    """The smallest that xl takes for a PVH guest, which is built in no time.
    (An ELF file with its entry in a note; xen/include/public/elfnote.h,
    PHYS32_ENTRY.)"""
    base, code = 0x100000, b"\xf4\xeb\xfd"
    note = struct.pack("<III4sI", 4, 4, 18, b"Xen\0", base)
    at = 64 + 2 * 56
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, 62,
                         1, base, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    notes = struct.pack("<IIQQQQQQ", 4, 4, at, base, base, len(note),
                        len(note), 4)
    load = struct.pack("<IIQQQQQQ", 1, 5, at + len(note), base, base,
                       len(code), len(code), 1)
    return header + load + notes + note + code


def dom0_tree(files):
    """dom0's initramfs; files: {path in dom0: bytes}."""
    tree = image.Tree()
    add_userland(tree)
    add_modules(tree, DOM0_MODULES)
    add_xen_programs(tree, TOOLS + STORE)
    # pthread_cancel of xl wants it, and no program names it.
    machine.add_program(tree, "/lib/x86_64-linux-gnu/libgcc_s.so.1",
                        "lib/x86_64-linux-gnu/libgcc_s.so.1")
    tree.file("etc/xen/xl.conf", b'autoballoon="off"\n')
    tree.file("agent/agent", read(os.path.join(HERE, "agent")), 0o755)
    tree.file("agent/tie", read(os.path.join(HERE, "dom0-tie")), 0o755)
    tree.file("agent/virtio_console.ko", b"")  # is loaded already
    tree.file("init", read(os.path.join(HERE, "dom0-init")), 0o755)
    for name in sorted(os.listdir(DOMAINS)):
        tree.file("etc/xen/" + name, read(os.path.join(DOMAINS, name)))
    # Uncompressed: xl would unpack it again for each domain.
    tree.file("var/lib/tds/vmlinuz", read(os.path.join(XEN, "vmlinux")))
    for path, data in files.items():
        tree.file(path, data)
    return tree


class Host(machine.Machine):
    """QEMU with Xen and dom0; run() runs a command in dom0."""

    def __init__(self, directory, memory=2048, dom0_mb=640):
        # A PV dom0 faults with smap, PVH guests with rdtscp, and what xsave
        # saves is not what comes back in another domain.
        super().__init__(directory, "none", "none", memory,
                         cpu="max,-smap,-rdtscp,-xsave,-avx,-avx2",
                         accel="tcg,thread=single")
        self.dom0_mb = dom0_mb
        self.window = "none"
        self.environment["TDS_QEMU"] = "xen/qemu"
        self.devices += ["virtserialport,chardev=disp,name=tds.disp"]

    def boot_arguments(self, kernel, archives, append):
        initrd = self.path("dom0.cpio")
        machine.pack(archives, initrd)
        return ["-kernel", os.path.join(XEN, "xen.elf"), "-append",
                # As little of the guests' memory as it can manage, and no
                # defence against processors that are not there.
                "console=com1 com1=115200,8n1 dom0=pv xpti=no spec-ctrl=no "
                "dom0_mem=%dM,max:%dM" % (self.dom0_mb, self.dom0_mb),
                "-initrd", "%s %s,%s" % (kernel, append, initrd),
                "-chardev", "socket,id=disp,server=on,wait=off,path=" +
                self.path("disp.sock")]

    def boot(self, build, display, guest):
        """display, guest: their initramfs."""
        archive = self.path("tree.cpio")
        with open(archive, "wb") as f:
            f.write(dom0_tree({"var/lib/tds/initramfs.cpio.gz": display,
                               "var/lib/guest.cpio": guest,
                               "var/lib/idle": idle_kernel()}).cpio())
        self.start(os.path.join(XEN, "vmlinux"), [archive],
                   "console=hvc0 quiet panic=-1 mitigations=off rodata=off",
                   wait_agent=90)

    def domains(self):
        """{name: domid} of what xl knows."""
        lines = self.run("xl list").splitlines()[1:]
        return {line.split()[0]: int(line.split()[1]) for line in lines}

    def create(self, name, *settings, limit=60):
        """xl create; a Failure with what it said."""
        self.run("xl create -q /etc/xen/%s.cfg %s" % (
            name, " ".join("'%s'" % s for s in settings)), limit)

    def come_and_go(self, name):
        """A guest of that name that never runs."""
        self.run(
            "xl create -q -p /etc/xen/%s.cfg 'kernel=\"/var/lib/idle\"' "
            "'ramdisk=\"\"' 'memory=32' 'type=\"pvh\"' && xl destroy %s" %
            (name, name), 120)

    def begin_create(self, name, *settings):
        """The same without waiting for its end."""
        self.run("rm -f /tmp/create-%s %s" % (name, CONSOLES % name))
        self.run("(xl create -q /etc/xen/%s.cfg %s; echo exit $?) "
                 ">/tmp/create-%s 2>&1 </dev/null &" % (
                     name, " ".join("'%s'" % s for s in settings), name))

    def wait_said(self, name, word, times=1, limit=150):
        """Until a domain has said a line so often. dom0 itself waits: to ask
        it again and again would cost the domains their processor."""
        status, said = self.agent.run(
            "n=0; until [ $(grep -cx %s %s) -ge %d ]; do "
            "grep 'exit [1-9]' /tmp/create-%s && cat /tmp/create-%s && exit 2; "
            "[ $n -lt %d ] || exit 1; n=$((n + 1)); usleep 500000; done" % (
                word, CONSOLES % name, times, name, name, 2 * limit),
            4 * limit)
        if status:
            raise Failure("%s does not say '%s': %s" % (
                name, word, said.decode(errors="replace")[-300:]))

    def destroy(self, name):
        self.run("xl destroy %s" % name, 60)

    def console(self, name):
        """What a domain has said on its console."""
        return self.agent.run("cat " + CONSOLES % name)[1].decode(
            errors="replace")


class Display:
    """The display domain, through the agent on its console."""

    def __init__(self, host):
        self.host = host
        self.agent = machine.Agent(host.path("disp.sock"))
        self.shots = 0

    def start(self, *settings, limit=90):
        """Create it, and wait until tdsd answers."""
        self.host.create("disp", *settings)
        self.host.run("/agent/tie disp")
        end = time.monotonic() + limit
        while b"ready" not in self.agent.take(None, limit):
            if time.monotonic() > end:
                raise Failure("the display domain has no agent")
        wait("tdsd to answer in the display domain", self.try_status, 60)

    def stop(self):
        self.host.destroy("disp")
        self.host.run("/agent/tie -")

    def run(self, command, limit=60):
        status, said = self.agent.run(command, limit)
        if status:
            raise Failure("%s: %s" % (command, said.decode(
                errors="replace").strip()[-300:]))
        return said.decode(errors="replace")

    def ctl(self, *arguments):
        return self.run("tdsctl " + " ".join(
            "'%s'" % a for a in arguments))

    def try_status(self):
        status, said = self.agent.run("tdsctl status --json", 60)
        try:
            return json.loads(said) if status == 0 else None
        except ValueError:
            return None

    def status(self):
        return json.loads(self.ctl("status", "--json"))

    def screenshot(self, path):
        """A picture, and the status of the same moment beside it."""
        self.ctl("screenshot", "/run/shot.png", "--status", "/run/shot.json")
        for end in ("png", "json"):
            _, data = self.agent.run("cat /run/shot." + end, 60)
            with open(path[:-3] + end, "wb") as f:
                f.write(data)
        return Image.open(path).convert("RGB")
