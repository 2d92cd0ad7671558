"""Model archives: `model.tar.gz`, as SageMaker keeps models, unpacked by a process of its own.

`python -m monitors.predictors.archives ARCHIVE FOLDER`: what can't be unpacked ends it with 1, and a line that says why.
"""

import shutil
import sys
import tarfile
from pathlib import Path

MOST_MEMBERS = 100_000


def unpack(archive: Path, folder: Path) -> None:
    """Unpack an archive into a folder; a file that is no archive is copied there.

    Links that lead outside, devices, absolute names and those with `..` are refused (PEP 706's filter `data`). How much may
    be written is the process's limit.

    Raises:
        ValueError: it is damaged, or holds what may not be unpacked.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if archive.is_dir():
        shutil.copytree(archive, folder, dirs_exist_ok=True)
        return
    if not tarfile.is_tarfile(archive):
        shutil.copy(archive, folder / archive.name)
        return
    try:
        with tarfile.open(archive) as held:
            for number, member in enumerate(held):
                if number >= MOST_MEMBERS:
                    raise ValueError(f"it holds more than {MOST_MEMBERS} files")
                held.extract(member, folder, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ValueError(str(error)) from error


if __name__ == "__main__":
    try:
        unpack(Path(sys.argv[1]), Path(sys.argv[2]))
    except ValueError as error:
        sys.exit(str(error)[:1000])
