#!/usr/bin/env python3
"""layers.py TREE: who may include whom, and which library may be used where.

The directions of docs/architecture.md, kept by a test: a folder is a trust
domain, so an include that crosses it is a change of trust and not a detail.
"""
import fnmatch
import os
import re
import sys

# folder -> the folders that it may see, besides itself
SEES = {
    'tds/base': [],
    'protocol': ['tds/base'],
    'kbd': ['tds/base', 'protocol'],
    'compositor': ['tds/base', 'protocol', 'kbd'],
    'hdcp': ['tds/base', 'protocol'],
    # the far end has a screen, and draws on it as the core does
    'hdcp/sink': ['tds/base', 'protocol', 'hdcp', 'compositor', 'tds/ctl'],
    'hv-glue': ['tds/base', 'protocol'],
    'tds/super': ['tds/base', 'protocol'],
    'tds/ctl': ['tds/base', 'protocol'],
    'tds/auth': ['tds/base', 'protocol'],
    'tests': ['tds/base', 'protocol', 'kbd', 'compositor', 'hdcp', 'hv-glue',
              'tds/super', 'tds/ctl', 'tds/auth'],
}

# header of a library -> the only files that may include it
LIBRARIES = [
    # headers of the kernel's interface only: nothing of libdrm is linked
    (r'libdrm/drm(_mode|_fourcc)?\.h$',
     ['compositor/*_drm.[ch]', 'tds/super/screen_drm.c',
      'tds/base/rights_table.c', 'tests/*']),
    # a part of a kernel module
    (r'(libdrm/|drm/|xf86drm|drm_|drm\.h)', ['tests/vm/vkms_protection.c']),
    (r'libevdev/|libinput\.h|libudev\.h',
     ['kbd/*_libinput.c', 'kbd/*_evdev.c', 'tests/*']),
    (r'wayland-|.*-protocol\.h', ['hv-glue/*_wayland.c', 'tests/*']),
    (r'xen', ['hv-glue/*_xen.c', 'tests/*']),
    (r'openssl/', ['hdcp/*_openssl.c', 'tests/*']),
    (r'security/', ['tds/auth/*']),
    (r'ini\.h$', ['tds/super/*', 'tests/*']),
    (r'png\.h$', ['tds/ctl/*', 'tests/*']),
    (r'ft2build\.h$|freetype', ['*/bake*.c', 'tests/*']),
    (r'pixman', ['tests/*']),
    (r'cmocka\.h$|pthread\.h$', ['tests/*']),
    (r'setjmp\.h$', ['tds/ctl/*', 'tests/*']), # libpng reports errors so
    # the other side of a ring writes at any time: one file looks at each kind
    (r'stdatomic\.h$', ['protocol/ring.c', 'hv-glue/virtqueue.c',
                         'hv-glue/xenring.c', 'tests/*']),
    # one table of rights, which builds its own filter
    (r'seccomp\.h$', []),
    (r'emmintrin\.h$', ['compositor/copy.c']),
]

C_LIBRARY = set('''arpa/inet.h assert.h ctype.h dirent.h dlfcn.h endian.h
    errno.h fcntl.h fnmatch.h getopt.h glob.h grp.h inttypes.h limits.h
    malloc.h math.h poll.h pwd.h sched.h signal.h spawn.h stdarg.h stdbool.h
    stddef.h stdint.h stdio.h stdlib.h string.h strings.h syscall.h termios.h
    time.h ucontext.h unistd.h wchar.h'''.split())
KERNEL = ('sys/', 'linux/', 'asm/', 'netinet/')

# Pure code: decides, and leaves acting to others.
PURE = ['protocol/*', 'kbd/*', 'compositor/*', 'hdcp/*']
IMPURE = ['*/main.c', 'hdcp/*_openssl.c', 'hdcp/keyfile.c',
          'hdcp/*_side.c', 'hdcp/state_file.c', 'hdcp/install.c',
          'hdcp/sink/file.[ch]', 'hdcp/sink/identity.[ch]', 'hdcp/sink/wire.[ch]', '*/*_drm.[ch]', '*/*_evdev.[ch]', '*/*_libinput.[ch]',
          'compositor/headless*', 'compositor/link*', 'compositor/sealed*',
          'compositor/shell*', 'compositor/font/bake*']
PURE_HEADERS = set('''errno.h limits.h stdatomic.h stdbool.h stddef.h stdint.h
    string.h emmintrin.h linux/input-event-codes.h'''.split())

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def matches(path, patterns):
    return any(fnmatch.fnmatch(path, p) for p in patterns)


def folder_of(path):
    return max((f for f in SEES if path.startswith(f + '/')), key=len,
               default=None)


def judge_own(path, name, tree):
    """An include of ours: from the root of the tree, of a folder it sees."""
    if not os.path.exists(os.path.join(tree, name)):
        beside = os.path.join(tree, os.path.dirname(path), name)
        if os.path.exists(beside):
            return 'is not written from the root of the tree'
        return None  # made by the build; the compiler finds it or fails
    home, target = folder_of(path), folder_of(name)
    if target != home and target not in SEES[home]:
        return 'crosses from %s to %s' % (home, target)
    return None


def judge_system(path, name):
    for pattern, allowed in LIBRARIES:
        if re.match(pattern, name) and name != 'linux/seccomp.h':
            if matches(path, allowed):
                return None
            return 'may only be used in: %s' % (', '.join(allowed) or 'nothing')
    if name not in C_LIBRARY and not name.startswith(KERNEL):
        return 'belongs to no library that layers.py knows'
    if matches(path, PURE) and not matches(path, IMPURE):
        if name not in PURE_HEADERS:
            return 'has no place in pure code'
    return None


def judge(path, tree):
    text = open(os.path.join(tree, path), encoding='utf-8').read()
    for kind, name in INCLUDE.findall(text):
        why = (judge_own(path, name, tree) if kind == '"'
               else judge_system(path, name))
        if why:
            yield '%s: %s %s' % (path, name, why)


def sources(tree):
    for folder, folders, files in os.walk(tree):
        folders[:] = [f for f in folders
                      if not f.startswith(('.', 'build', 'demo-out'))]
        for name in files:
            if name.endswith(('.c', '.h')):
                yield os.path.relpath(os.path.join(folder, name), tree)


def main():
    tree = sys.argv[1]
    found, n = [], 0
    for path in sorted(sources(tree)):
        n += 1
        if folder_of(path) is None:
            found.append('%s: lies in a folder that layers.py does not know'
                         % path)
            continue
        found += judge(path, tree)
    print('\n'.join(found) or '%d files, every include is allowed' % n)
    sys.exit(1 if found or n == 0 else 0)


if __name__ == '__main__':
    main()
