"""Write files so that a reader or a crash sees the old content or the new, never half of one."""

import os
from pathlib import Path


def write(path: str | os.PathLike[str], content: bytes | str) -> Path:
    """Replace a file's content at once: written under another name first, then renamed over it.

    Args:
        path: the file; its folder exists.
        content: bytes, or a text to encode as UTF-8.

    Returns:
        The path.

    Raises:
        OSError: if the file cannot be written; the old one is untouched.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())  # or a crash may leave the new name with nothing behind it
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path
