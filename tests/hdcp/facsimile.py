"""Key folders of the published facsimile keys, which protect nothing.

	facsimile.py FOLDER     makes one, for both ends
"""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = ('authority', 'srm', 'lc128', 'source-key')
SINK = ('cert', 'private', 'lc128', 'source-key')


def vector(name):
    """A published vector, out of the tests' header."""
    with open(os.path.join(HERE, 'vectors.h')) as f:
        text = f.read()
    body = re.search(r'#define %s \\\n((?:\t"[0-9a-f]+"(?: \\)?\n)+)' % name,
                     text).group(1)
    return bytes.fromhex(''.join(re.findall(r'"([0-9a-f]+)"', body)))


def files(source_key):
    """The list that is published with the keys revokes other receivers than
    this one."""
    return {'authority': vector('AUTHORITY'), 'srm': vector('SRM2_TEST'),
            'cert': vector('CERT_22_R2'), 'private': vector('PRIVATE_22_R2'),
            'lc128': bytes.fromhex('93ce5a56a0a1f4f73c658a1bd2aef0f7'),
            'source-key': source_key}


def write_keys(folder, changed=None, names=None, source_key=bytes(range(32))):
    os.makedirs(folder, mode=0o700)
    content = files(source_key)
    content.update(changed or {})
    for name in names or content:
        path = os.path.join(folder, name)
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), 'wb') as f:
            f.write(content[name])


if __name__ == '__main__':
    write_keys(sys.argv[1], source_key=os.urandom(32))
