"""What a client machine has beside tds: KVM, Debian's QEMU, stock guests."""
import glob
import os

import machine
from machine import CACHE, image, read

MODULES = "kvm_amd,virtio_pci"
LIBRARIES = "usr/lib/x86_64-linux-gnu"
QEMU_DATA = ("seabios/bios-256k.bin", "qemu/kvmvapic.bin",
             "qemu/linuxboot_dma.bin")
# The ring features as in run-guest.
START_GUEST = """#!/bin/busybox sh
name=$1
rings=indirect_desc=off,event_idx=off,queue_reset=off
set --
for device in gpu keyboard tablet mouse; do
	kind=input
	[ $device = gpu ] && kind=gpu
	set -- "$@" -chardev socket,id=$device,path=/run/tds/$name/$device.sock \\
	    -device vhost-user-$kind-pci,chardev=$device,$rings
done
exec qemu-system-x86_64 -name $name -accel kvm -cpu host \\
    -machine q35,i8042=off,memory-backend=mem -m 192 \\
    -object memory-backend-memfd,id=mem,size=192M,share=on \\
    -nodefaults -no-user-config -display none "$@" \\
    -serial file:/run/agent/$name.serial \\
    -kernel /client/vmlinuz -initrd /client/initramfs.gz \\
    -append "console=ttyS0 quiet tds.name=$name" \\
    </dev/null >/run/agent/$name.log 2>&1
"""


def overlay(out):
    """The client machine's own part of its root file system: a file."""
    root = os.path.join(CACHE, "qemu")
    libraries = ":".join(os.path.join(root, d, "x86_64-linux-gnu")
                         for d in ("usr/lib", "lib"))
    tree = image.Tree()
    machine.add_program(tree, os.path.join(root, "usr/bin/qemu-system-x86_64"),
                        "usr/bin/qemu-system-x86_64", libraries)
    for path in glob.glob(os.path.join(
            root, LIBRARIES, "qemu/hw-display-virtio-gpu*.so")):
        if "-gl" not in path:
            tree.file(LIBRARIES + "/qemu/" + os.path.basename(path),
                      read(path), 0o755)
    for name in QEMU_DATA:
        tree.file("usr/share/qemu/" + os.path.basename(name),
                  read(os.path.join(root, "usr/share", name)))
    tree.file("client/vmlinuz", read(os.path.join(CACHE, "kernel/vmlinuz")))
    tree.file("client/initramfs.gz", read(os.path.join(CACHE,
                                                       "initramfs.gz")))
    tree.file("client/start-guest", START_GUEST.encode(), 0o755)
    with open(out, "wb") as f:
        f.write(tree.cpio())
