"""Keeps what Python compiles out of zip files.

Ansible sends each module as a zip file, and Python compiles all of it each time, which is a good part of what a task
costs on a host of the lab. The same source gives the same code, so that it is compiled once a host.
"""

import marshal
import os
import zipimport

PLACE = "/var/cache/lab-compiled"
# It gives no other way to know the source.
compile_source = zipimport._compile_source


def kept(pathname, source):
    """The code of a file in a zip file, as zipimport's own function gives it."""
    import _imp
    from importlib.util import MAGIC_NUMBER

    key = _imp.source_hash(int.from_bytes(MAGIC_NUMBER, "little"), pathname.rpartition(".zip")[2].encode() + source)
    path = f"{PLACE}/{key.hex()}"
    try:
        with open(path, "rb") as file:
            return marshal.load(file)  # noqa: S302 - only root writes there
    except (OSError, EOFError, ValueError):
        code = compile_source(pathname, source)
    try:
        with open(f"{path}.{os.getpid()}", "wb") as file:
            marshal.dump(code, file)
        os.rename(file.name, path)
    except OSError:
        pass  # somebody who may not write there
    return code


zipimport._compile_source = kept
