#!/usr/bin/env python3
"""tree.py TREE: what must not be in a file of the tree.

No unfinished marks, no host that serves packages, no path of somebody's
machine, no file that the build makes; headers guard themselves.
"""
import os
import re
import subprocess
import sys

# split, so that this file does not find itself
MARKS = re.compile(r'\b(TO' r'DO|FIX' r'ME|X' r'XX)\b')
HOSTS = re.compile(r'\b(deb|ftp|security|snapshot|packages|archive)\.'
                   r'(debian|ubuntu)\.(org|com)|\bpy' r'pi\.org'
                   r'|crates\.' r'io|reg' r'istry\.npm', re.I)
PATHS = re.compile(r'(?<![\w.])/(work|root|wt)/\w|/tmp/(wt|b-)')
CONFLICT = re.compile(r'^(<{7}|>{7}) ', re.M)

RULES = [
    (MARKS, 'an unfinished mark'),
    (HOSTS, 'a host that serves packages'),
    (PATHS, "a path of somebody's machine"),
    (CONFLICT, 'a merge conflict'),
]
MADE = ('.o', '.a', '.so', '.pyc', '.gcda', '.gcno', '.profraw', '.orig')
BINARY = ('.png', '.bin', '.pdf', '.ttf')


def tracked(tree):
    out = subprocess.run(['git', '-C', tree, 'ls-files', '-z'], check=True,
                         stdout=subprocess.PIPE).stdout
    return [p for p in out.decode().split('\0') if p]


def judge(path, tree):
    full = os.path.join(tree, path)
    if path.endswith(MADE):
        yield '%s: is made by the build' % path
    if (path.endswith(BINARY) or '/corpus/' in path or os.path.islink(full)
            or not os.path.exists(full)):
        return
    text = open(full, encoding='utf-8').read()
    for pattern, what in RULES:
        for m in pattern.finditer(text):
            line = text.count('\n', 0, m.start()) + 1
            yield '%s:%d: %s: %s' % (path, line, what, m.group())
    if path.endswith('.h') and '#pragma once' not in text:
        yield '%s: no #pragma once' % path
    if text and not text.endswith('\n'):
        yield '%s: no line end at its end' % path


def main():
    tree = sys.argv[1]
    paths = tracked(tree)
    found = [f for p in paths for f in judge(p, tree)]
    print('\n'.join(found) or '%d files are clean' % len(paths))
    sys.exit(1 if found or not paths else 0)


if __name__ == '__main__':
    main()
