"""Summaries of the measurements."""


def quantile(values: list[float], share: float) -> float:
    """Return the value below which this share of the measurements lies, by linear interpolation.

    Examples:
        >>> quantile([1.0, 2.0, 3.0, 10.0], 0.5)
        2.5
        >>> quantile([4.0], 0.95)
        4.0
    """
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def format_seconds(seconds: float) -> str:
    """Return a duration in seconds or milliseconds, to two digits or better.

    Examples:
        >>> format_seconds(1.234), format_seconds(0.1234), format_seconds(0.00123)
        ('1.23 s', '123 ms', '1.2 ms')
    """
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1e3:.0f} ms" if seconds >= 0.01 else f"{seconds * 1e3:.1f} ms"


def format_bytes(size: int) -> str:
    """Return a size in kB or MB.

    Examples:
        >>> format_bytes(123_456), format_bytes(5_361_000)
        ('123 kB', '5.36 MB')
    """
    return f"{size / 1e6:.2f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"
