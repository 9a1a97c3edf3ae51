"""A virtual machine with the display domain in it, seen from outside.

What runs inside is the image that hv-glue/image makes. For tests a second
archive is laid over it: busybox, tdsctl and a small agent on a virtio-serial
port, which a changed /init starts before tdsd becomes process 1 as ever.
Hands and eyes are QMP: keys, pointer, hotplug, and pictures of what the
virtual graphics card scans out.
"""
import contextlib
import importlib.machinery
import importlib.util
import json
import os
import socket
import subprocess
import time

from PIL import Image

from drive import HERE, TREE, Failure, stop, tail, wait

CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser(
    "~/.cache"), "tds")
DEFAULT_MODULES = "virtio_pci,virtio_input,evdev,xhci_pci,usbhid,hid_generic"
# Display devices: QEMU's arguments, modules.
DISPLAYS = {
    "bochs": (["bochs-display,id=gpu0,vgamem=64M,xres=1280,yres=800"],
              "bochs"),
    "bochs-noedid": (["bochs-display,id=gpu0,vgamem=64M,edid=off"], "bochs"),
    "virtio1": (["virtio-gpu-pci,id=gpu0,xres=1280,yres=800"], "virtio_gpu"),
    "virtio3": (["virtio-gpu-pci,id=gpu0,max_outputs=3,xres=1280,yres=800"],
                "virtio_gpu"),
    "vkms": ([], os.path.join(CACHE, "vkms/vkms.ko")),
    "vkms-protected": ([], os.path.join(CACHE, "vkms/protection/vkms.ko")),
    "none": ([], ""),
}
KEYBOARDS = {
    "virtio": ["virtio-keyboard-pci,id=kbd0", "virtio-tablet-pci,id=tablet0"],
    "none": [],
    "usb": ["usb-kbd,id=kbd0,bus=usb.0", "usb-tablet,id=tablet0,bus=usb.0"],
}
APPEND = "console=ttyS0 quiet panic=-1 tsc=reliable"
# Characters by QEMU's key names, on a US keyboard.
KEYS = {" ": "spc", "\n": "ret", "-": "minus", "/": "slash", ".": "dot",
        ",": "comma", ";": "semicolon", "=": "equal"}
SHIFTED = {">": "dot", "<": "comma", "|": "backslash", "_": "minus",
           ":": "semicolon", "&": "7", "*": "8", "+": "equal", "?": "slash"}

INIT = """#!/bin/busybox sh
%s/agent/agent &
echo "tds-test: tdsd begins"
exec /usr/libexec/tds/tdsd
"""
# As on a KVM host, where tds is a service among others.
SERVICE_INIT = """#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev
$b mount -t tmpfs -o mode=755 run /run
/agent/agent &
# without parameters: a host has a console on its screen, if nobody turned it off
while read -r module parameters; do
	$b insmod $module
done </etc/tds/modules
%s/usr/libexec/tds/tdsd
echo "tds-test: tdsd ended"
while :; do
	wait
	$b usleep 1000000
done
"""


def load_script(path, name):
    """A program of ours that has no .py, as a module."""
    loader = importlib.machinery.SourceFileLoader(name, path)
    spec = importlib.util.spec_from_loader(name, loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


relay = load_script(os.path.join(HERE, "resize-relay"), "resize_relay")
image = load_script(os.path.join(TREE, "hv-glue/image"), "tds_image")


def read(path):
    with open(path, "rb") as f:
        return f.read()


def add_program(tree, path, to, library_path=""):
    """A program and its libraries, into a tree of hv-glue/image."""
    tree.file(to, read(path), 0o755)
    told = subprocess.run(["ldd", path], capture_output=True, text=True,
                          env=dict(os.environ, LD_LIBRARY_PATH=library_path))
    for line in told.stdout.splitlines():
        words = line.split()
        at = words[2] if "=>" in words else words[0]
        if at.startswith("/"):
            inside = "lib64" if "ld-linux" in at else "lib/x86_64-linux-gnu"
            tree.file(os.path.join(inside, os.path.basename(at)), read(at),
                      0o755)


def agent_overlay(build, is_service=False, before=""):
    """What a test adds to the image. is_service: tdsd is not process 1;
    before: lines of shell that run before tdsd."""
    tree = image.Tree()
    tree.node("dev/null", 1, 3)  # a shell wants it before /dev is mounted
    tree.file("bin/busybox", read(os.path.join(CACHE, "userland/busybox")),
              0o755)
    tree.file("agent/agent", read(os.path.join(HERE, "agent")), 0o755)
    kernel = image.Kernel(os.path.join(CACHE, "kernel/tree"))
    tree.file("agent/virtio_console.ko", read(kernel.paths["virtio_console"]))
    add_program(tree, os.path.join(build, "tds/ctl/tdsctl"), "usr/bin/tdsctl")
    painter = os.path.join(build, "tests/vm/painter")
    if os.path.exists(painter):  # not in a build without tests
        add_program(tree, painter, "usr/bin/painter")
    init = SERVICE_INIT if is_service else INIT
    tree.file("init", (init % before).encode(), 0o755)
    return tree


def pack(archives, to):
    """Archives laid over each other, as one file; the later ones win."""
    with open(to, "wb") as out:
        for archive in archives:
            data = read(archive)
            out.write(data + b"\0" * (-len(data) % 512))


def make_image(build, config, out, modules, arguments=()):
    """Run hv-glue/image as a user would."""
    result = subprocess.run(
        [os.path.join(TREE, "hv-glue/image"), "--build", build, "--config",
         config, "--out", out, "--modules", modules, "--kernel",
         os.path.join(CACHE, "kernel/tree"), *arguments],
        capture_output=True, text=True)
    if result.returncode:
        raise Failure(result.stderr.strip())
    return result.stdout


class Qmp(relay.Qmp):
    """QMP with a limit to every call; events are passed over."""

    def __init__(self, path):
        wait("QEMU to listen on " + path, lambda: os.path.exists(path), 20)
        super().__init__(path)
        self.sock.settimeout(30)

    def call(self, command, fds=(), **arguments):
        try:
            return super().call(command, fds, **arguments)
        except (relay.Closed, OSError) as error:
            raise Failure("QMP %s: %s" % (command, error)) from error


class Agent:
    """Commands inside the machine."""

    def __init__(self, path):
        wait("QEMU to listen on " + path, lambda: os.path.exists(path), 20)
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(path)
        self.data = b""

    def take(self, until, limit):
        """Bytes up to a count, or up to a line's end (None)."""
        self.sock.settimeout(limit)
        while (b"\n" not in self.data) if until is None else (
                len(self.data) < until):
            try:
                more = self.sock.recv(1 << 16)
            except socket.timeout as error:
                raise Failure("the agent says nothing for %g s" %
                              limit) from error
            if not more:
                raise Failure("the machine ended")
            self.data += more
        end = self.data.index(b"\n") + 1 if until is None else until
        got, self.data = self.data[:end], self.data[end:]
        return got

    def run(self, command, limit=30):
        """(exit status, what it said)"""
        self.sock.sendall(command.encode() + b"\n")
        status, size = self.take(None, limit).split()
        return int(status), self.take(int(size), limit)


class Machine:
    """QEMU with a kernel, archives laid over each other, and devices."""

    def __init__(self, directory, display="bochs", keyboard="virtio",
                 memory=512, cpus=1, cpu="max", accel=None):
        self.directory = directory
        self.display = display
        self.serial_path = os.path.join(directory, "serial.log")
        self.log = os.path.join(directory, "qemu.log")
        self.devices = list(DISPLAYS[display][0]) + KEYBOARDS[keyboard]
        self.memory, self.cpus, self.cpu = memory, cpus, cpu
        self.accel = accel or self.chosen_accel()
        self.window = "dbus,p2p=yes"  # QEMU's; by which set_head works
        self.environment = dict(os.environ)
        self.is_held = False  # until QMP's cont
        self.process = self.qmp = self.agent = self.bus = None
        self.shots = 0
        self.pressed_at = 0  # when a person would have pressed the last key
        os.makedirs(directory, exist_ok=True)

    @staticmethod
    def chosen_accel():
        with open(os.path.join(CACHE, "vm.env")) as f:
            return "kvm" if "VM_ACCEL=kvm" in f.read() else "tcg"

    def path(self, name):
        return os.path.join(self.directory, name)

    def boot_arguments(self, kernel, archives, append):
        """What QEMU loads; archives are files, the later ones win."""
        initrd = self.path("initrd")
        pack(archives, initrd)
        return ["-kernel", kernel, "-initrd", initrd, "-append", append]

    def start(self, kernel, archives, append=APPEND, wait_agent=60):
        """Boot."""
        for old in ("qmp.sock", "agent.sock", "serial.log"):
            with contextlib.suppress(FileNotFoundError):
                os.remove(self.path(old))
        command = [
            os.path.join(HERE, "qemu"), "-accel", self.accel, "-cpu", self.cpu,
            "-machine", "q35,i8042=off", "-m", str(self.memory),
            "-smp", str(self.cpus), "-nodefaults", "-no-user-config",
            "-display", self.window, "-no-reboot",
            *self.boot_arguments(kernel, archives, append),
            "-serial", "file:" + self.serial_path,
            "-qmp", "unix:%s,server=on,wait=off" % self.path("qmp.sock"),
            "-chardev", "socket,id=agent,server=on,wait=off,path=" +
            self.path("agent.sock"),
            "-device", "virtio-serial-pci",
            "-device", "virtserialport,chardev=agent,name=tds.agent",
            "-device", "qemu-xhci,id=usb",
            "-device", "pcie-root-port,id=plug0,chassis=1,slot=1",
            "-device", "pcie-root-port,id=plug1,chassis=2,slot=2"]
        for device in self.devices:
            command += ["-device", device]
        if self.is_held:
            command += ["-S"]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.environment, start_new_session=True)
        try:
            self.agent = Agent(self.path("agent.sock"))
            self.qmp = Qmp(self.path("qmp.sock"))
            if wait_agent:
                self.agent.take(None, wait_agent)
        except (Failure, OSError) as error:
            raise Failure("%s; QEMU: %s; serial line: %s" % (
                error, tail(self.log), tail(self.serial_path, 5))) from error

    def stop(self):
        if self.process:
            stop(self.process)

    def is_running(self):
        return self.process.poll() is None

    def has_ended(self, seconds):
        """QEMU goes when its machine does, by a reset or a panic."""
        try:
            return self.process is not None and self.process.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            return False

    def ended(self):
        """For a message: that the machine itself went, if it did."""
        if self.process is None or self.is_running():
            return ""
        return "; QEMU ended with %d (0: its machine was reset): %s" % (
            self.process.returncode, tail(self.log, 5))

    def serial(self):
        try:
            with open(self.serial_path, errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def wait_serial(self, text, limit, count=1):
        def said():
            if not self.is_running():
                raise Failure("the machine ended: %s; %s" % (
                    tail(self.log), tail(self.serial_path, 5)))
            return self.serial().count(text) >= count
        wait("the machine to say '%s'" % text, said, limit)

    # --- inside ---

    def run(self, command, limit=30):
        status, said = self.agent.run(command, limit)
        if status:
            raise Failure("%s: %s" % (command, said.decode(
                errors="replace").strip()[-300:]))
        return said.decode(errors="replace")

    def status(self):
        """However long the display takes: setting a mode takes a while."""
        return wait("tdsd to answer", self.try_status, 30)

    def try_status(self):
        status, said = self.agent.run("tdsctl status --json")
        try:
            return json.loads(said) if status == 0 else None
        except ValueError:
            return None

    # --- hands ---

    # desk: a display device that what is plugged in with display=ID belongs
    # to, and so is told from the rest, which belongs to none (None).

    def send(self, *events, desk=None):
        to = {"device": desk} if desk else {}
        self.qmp.call("input-send-event", events=[
            {"type": kind, "data": data} for kind, data in events], **to)

    def pace(self):
        """A dozen presses at once, then 25 a second: tds holds what is typed
        at the speed of a machine."""
        now = time.monotonic()
        self.pressed_at = max(self.pressed_at, now) + 0.04
        time.sleep(max(0, self.pressed_at - now - 0.5))

    def key(self, name, is_down, desk=None):
        if is_down:
            self.pace()
        self.send(("key", {"down": is_down, "key": {
            "type": "qcode", "data": name}}), desk=desk)

    def keys(self, *names, desk=None):
        """Press them in this order, let go in the other."""
        for name in names:
            self.key(name, True, desk)
        for name in reversed(names):
            self.key(name, False, desk)

    def type(self, text, desk=None):
        for character in text:
            if character in SHIFTED:
                self.keys("shift", SHIFTED[character], desk=desk)
            elif character.isupper():
                self.keys("shift", character.lower(), desk=desk)
            else:
                self.keys(KEYS.get(character, character), desk=desk)

    def move(self, x, y, width, height, desk=None):
        """To a pixel of a screen of that size."""
        self.send(*[("abs", {"axis": axis, "value": min(
            32767, (2 * at + 1) * 32768 // (2 * size))})
            for axis, at, size in (("x", x, width), ("y", y, height))],
            desk=desk)

    def button(self, is_down, name="left", desk=None):
        self.send(("btn", {"down": is_down, "button": name}), desk=desk)

    def attention(self, desk=None):
        self.keys("ctrl", "alt", "delete", desk=desk)

    def plug(self, driver, name, **properties):
        self.qmp.call("device_add", driver=driver, id=name, **properties)

    def unplug(self, name):
        self.qmp.call("device_del", id=name)

    def set_head(self, head, width, height):
        """Another size of a virtio-gpu's output; 0, 0 pulls its plug."""
        if not self.bus:
            self.bus = relay.DBus(self.qmp)
        self.bus.drain()
        self.bus.set_ui_info(head, width, height)

    # --- eyes ---

    def screendump(self, path=None, head=0):
        """What the card scans out, as an image."""
        self.shots += 1
        path = path or self.path("shot-%04d.png" % self.shots)
        options = {"device": "gpu0", "head": head}
        if self.display.startswith("bochs"):
            del options["head"]
        self.qmp.call("screendump", filename=path,
                      format=os.path.splitext(path)[1][1:], **options)
        return Image.open(path).convert("RGB")
