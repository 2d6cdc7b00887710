"""How sentences of findings write names and numbers."""

from collections.abc import Sequence


def listed(names: Sequence[str]) -> str:
    """Write names as "a, b and c", and of more than 12 the first 10.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    >>> listed(list("abcdefghijklm"))
    'a, b, c, d, e, f, g, h, i, j and 3 others'
    """
    if len(names) > 12:
        names = [*names[:10], f"{len(names) - 10:,} others"]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def count(number: int, what: str) -> str:
    """Write a number of things.

    >>> count(1, "code"), count(1234, "sample")
    ('1 code', '1,234 samples')
    """
    return f"{number:,} {what}{'s' if number != 1 else ''}"


def percent(share: float, digits: int = 0) -> str:
    """Write a share of 1.

    >>> percent(0.256), percent(0.256, 1)
    ('26%', '25.6%')
    """
    return f"{share:.{digits}%}"


def are(names: Sequence[object]) -> str:
    """Return the verb that goes with so many names."""
    return "is" if len(names) == 1 else "are"
