#!/usr/bin/env python3
"""quoted.py TREE: files that docs/ quotes are quoted as they are.

A line "PATH:" of a document, where PATH is a file under tests/, and after it an
indented block: the block is that file.
"""
import glob
import os
import re
import sys

QUOTE = re.compile(r'^(tests/[\w./-]+):\n\n((?: {4}.*\n|\n)+)', re.M)


def judge(document, tree):
    text = open(document, encoding='utf-8').read()
    for quote in QUOTE.finditer(text):
        path = os.path.join(tree, quote.group(1))
        block = re.sub('^ {4}', '', quote.group(2).strip('\n'), flags=re.M)
        is_same = os.path.exists(path) and \
            open(path, encoding='utf-8').read().rstrip('\n') == block.strip('\n')
        yield is_same, '%s: %s' % (document, quote.group(1))


def main():
    tree = sys.argv[1]
    judged = [j for d in sorted(glob.glob(os.path.join(tree, 'docs/*.md')))
              for j in judge(d, tree)]
    wrong = [what for is_same, what in judged if not is_same]
    for what in wrong:
        print('%s is not what the file says' % what)
    print('%d files are quoted' % len(judged))
    sys.exit(1 if wrong or not judged else 0)


if __name__ == '__main__':
    main()
