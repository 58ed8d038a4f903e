"""Files that commands write."""

from deadsim.errors import UsageError


def numbered(file: str, number: int) -> str:
    """Name the file of the n-th picture: NAME.svg, NAME-2.svg."""
    if number == 1:
        return file
    stem, dot, ending = file.rpartition(".")
    return f"{stem}-{number}{dot}{ending}" if dot and "/" not in ending else f"{file}-{number}"


def save(file: str, content: str | bytes) -> None:
    """Write a file; raises UsageError where that cannot be."""
    try:
        with open(file, "wb") as stream:
            stream.write(content if isinstance(content, bytes) else content.encode("utf-8"))
    except OSError as error:
        from deadsim.api import reason

        raise UsageError(f"{file}: cannot be written ({reason(error)})") from None
