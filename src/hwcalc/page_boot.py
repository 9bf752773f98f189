r"""How long a page takes from a click on its link to the first answer of Python in it.

The browser asks for one thing after another (page, script, worker, runtime), each of which it
learns about from the one before. Then all files of the runtime come at once, while the browser
compiles the WebAssembly it has. When both are done, the interpreter starts, imports the model and
answers.

What it leaves out: the handshakes of a new connection, losses and the slow start of TCP, what
other pages do to the link and the processor, and that compilation can use more than one core. A
processor's speed is one factor for all of its work.

References:
    Pyodide 314, "Loading Pyodide", https://pyodide.org/en/stable/usage/api/js-api.html
"""

from hwcalc.numeric import check_non_negative, check_positive, maximum

__all__ = ["break_even_bandwidth", "first_answer", "start_time"]


def first_answer(
    size: float,
    bandwidth: float,
    latency: float,
    round_trips: float,
    compilation: float,
    start: float,
) -> float:
    r"""Estimate the time from navigation to the first answer of Python in a page.

    $$ T = n\,\lambda + \max(S / B,\; t_w) + t_p $$

    Assumption: files of the runtime arrive together at the full rate of the link while WebAssembly
    compiles, and Python starts when both are done.

    Args:
        size: What the page and its runtime send, compressed, $S$. [B]
        bandwidth: Rate of the reader's link, $B$. [B/s]
        latency: From a request to the first byte of its answer, $\lambda$. [s]
        round_trips: Requests that wait for one another, $n$. [1]
        compilation: Compiling the WebAssembly, $t_w$. [s]
        start: What Python does from its first instruction to the answer, $t_p$. [s]

    Returns:
        Time to the first answer. [s]

    Raises:
        ValueError: If bandwidth is not positive or another argument is negative.

    References:
        Pyodide 314, "Loading Pyodide", https://pyodide.org/en/stable/usage/api/js-api.html

    Examples:
        5 MB at 10 Mbit/s, five requests of 40 ms in a row, half a second of work:

        >>> first_answer(5e6, 1.25e6, 0.04, 5, 0.3, 0.2)
        4.4
    """
    check_positive(bandwidth=bandwidth)
    check_non_negative(
        size=size, latency=latency, round_trips=round_trips, compilation=compilation, start=start
    )
    return round_trips * latency + maximum(size / bandwidth, compilation) + start


def start_time(
    measured: float, size: float, bandwidth: float, latency: float, round_trips: float
) -> float:
    r"""Conclude from one measurement on a slow link what Python itself takes: an estimate.

    $$ t_p = T - n\,\lambda - S / B $$

    Assumption: the link was so slow that WebAssembly was compiled before the last byte came.

    Args:
        measured: Time to the first answer on a slow link, $T$. [s]
        size: What the page and its runtime send, compressed, $S$. [B]
        bandwidth: Rate of that link, $B$. [B/s]
        latency: From a request to the first byte of its answer, $\lambda$. [s]
        round_trips: Requests that wait for one another, $n$. [1]

    Returns:
        Time from the first instruction of Python to the answer, at least zero. [s]

    Raises:
        ValueError: If measured or bandwidth is not positive, or another argument is negative.

    References:
        The equation of `first_answer`, solved for its last term.
        Pyodide 314, "Loading Pyodide", https://pyodide.org/en/stable/usage/api/js-api.html

    Examples:
        >>> start_time(4.4, 5e6, 1.25e6, 0.04, 5)
        0.2
    """
    check_positive(measured=measured, bandwidth=bandwidth)
    check_non_negative(size=size, latency=latency, round_trips=round_trips)
    return maximum(0.0, measured - round_trips * latency - size / bandwidth)


def break_even_bandwidth(extra: float, saved: float) -> float:
    r"""Compute the rate of a link above which more bytes for less work pay: a bound.

    $$ B^* = \Delta S / \Delta t $$

    Assumption: the link, not the compiler, sets the pace of the start. A link faster than that
    needs less time for the additional bytes than they save.

    Args:
        extra: Additional bytes to send, $\Delta S$. [B]
        saved: Work on the reader's processor that they save, $\Delta t$. [s]

    Returns:
        Rate at which both ways take equally long. [B/s]

    Raises:
        ValueError: If extra is negative or saved is not positive.

    References:
        The equation of `first_answer` for two runtimes, set equal.
        Pyodide 314, "Loading Pyodide", https://pyodide.org/en/stable/usage/api/js-api.html

    Examples:
        4.3 MB that save a quarter of a second pay above 138 Mbit/s:

        >>> break_even_bandwidth(4.3e6, 0.25) * 8 / 1e6
        137.6
    """
    check_non_negative(extra=extra)
    check_positive(saved=saved)
    return extra / saved
