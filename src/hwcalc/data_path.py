r"""The way of a batch from the disk to the accelerator, and whether it arrives in time.

A batch is read, decoded and augmented by worker processes, collected by the training process and
copied across the bus. One after the other these take the sum of their times; with workers that run
ahead and copies behind the computation the slowest alone decides.

- the parts: `batch_size_bytes`, `read_time`, `loader_rate`, `copy_time`
- the step: `blocking_step`, `prefetched_step`, `idle_share`

Left out: the file system's cache (a data set that fits into memory is read once), decoding on the
accelerator, how the order of reading suits the disk, and memory traffic of the host.
"""

from hwcalc.collectives import transfer_time
from hwcalc.numeric import (
    check_at_least,
    check_count,
    check_fraction,
    check_non_negative,
    check_positive,
    maximum,
    minimum,
)

__all__ = [
    "WORKER_SHARE",
    "batch_size_bytes",
    "blocking_step",
    "copy_time",
    "idle_share",
    "loader_rate",
    "prefetched_step",
    "read_time",
]

# What a worker process keeps of the rate it has alone, two of them running: median of Pillow on
# five processors, 2 x 0.83, in tests/measurements/decode_loader.csv.
WORKER_SHARE = 0.83


def batch_size_bytes(batch: float, side: float, channels: float, value: float) -> float:
    r"""Count the bytes of a batch of decoded square images.

    $$ S = N s^2 c\, b $$

    Args:
        batch: Images, $N$. [1]
        side: Edge of an image, $s$. [pixels]
        channels: Values of a pixel, $c$. [1]
        value: Bytes of a value, $b$: 1 as decoded, 4 as 32-bit numbers. [B]

    Returns:
        Size, $S$. [B]

    Raises:
        ValueError: If an argument is not positive.

    References:
        The definition; T. Dettmers, "A Full Hardware Guide to Deep Learning" (2018),
        https://timdettmers.com/2018/12/16/deep-learning-hardware-guide/, for the case below

    Examples:
        32 images of 225 by 225 in 32 bits, in MiB:

        >>> batch_size_bytes(32, 225, 3, 4) / 2**20
        18.54
    """
    check_positive(batch=batch, side=side, channels=channels, value=value)
    return batch * side * side * channels * value


def read_time(size: float, requests: float, bandwidth: float, request_rate: float) -> float:
    r"""Return how long a drive needs for a number of requests, at least.

    $$ t = \max\!\left( \frac{S}{B},\; \frac{n}{r} \right) $$

    A bound: a drive delivers no more than its sequential rate and answers no more requests in a
    second than it can.

    Args:
        size: Bytes read, $S$. [B]
        requests: Reads from different places, $n$; one file each, unless files are packed. [1]
        bandwidth: Sequential rate of the drive, $B$. [B/s]
        request_rate: Random reads in a second, $r$. [1/s]

    Returns:
        Time, $t$. [s]

    Raises:
        ValueError: If size or requests is negative, or a rate is not positive.

    References:
        S. Bekman, Machine Learning Engineering Open Book, storage,
        https://github.com/stas00/ml-engineering/blob/master/storage/README.md

    Examples:
        The batch of `batch_size_bytes` at 100 MiB/s in one piece, in milliseconds:

        >>> read_time(32 * 225 * 225 * 3 * 4, 1, 100 * 2**20, 100) * 1e3
        185.4
        >>> read_time(32 * 110e3, 32, 160e6, 100) * 1e3
        320.0
    """
    check_non_negative(size=size, requests=requests)
    check_positive(bandwidth=bandwidth, request_rate=request_rate)
    return maximum(size / bandwidth, requests / request_rate)


def loader_rate(workers: float, processes: float, rate: float, ceiling: float) -> float:
    r"""Estimate how many samples a second arrive in the training process.

    $$ R = p \min( w\, \eta\, r,\; R_{max} ) $$

    Worker processes decode side by side, each a little slower than alone ($\eta$, `WORKER_SHARE`).
    What they hand over passes through one process for each accelerator, which takes in no more
    than $R_{max}$ however many workers there are.

    Args:
        workers: Worker processes of one training process, $w$; none means that it decodes itself.
            [1]
        processes: Training processes, one for each accelerator, $p$. [1]
        rate: Samples that one thread decodes in a second, $r$. [1/s]
        ceiling: Samples that one training process takes in, $R_{max}$. [1/s]

    Returns:
        Samples in a second, $R$. [1/s]

    Raises:
        ValueError: If processes is not a whole number of at least 1, workers is negative, or a
            rate is not positive.

    References:
        V. Iglovikov, imread_benchmark, https://github.com/ternaus/imread_benchmark and
        https://arxiv.org/abs/2605.08731; data/machines/decoders.csv

    Examples:
        Two and eight workers that alone decode 600 images a second; then none:

        >>> loader_rate(2, 1, 600, 2000), loader_rate(8, 1, 600, 2000), loader_rate(0, 1, 600, 2000)
        (996.0, 2000, 600.0)
    """
    check_non_negative(workers=workers)
    check_count(processes=processes)
    check_positive(rate=rate, ceiling=ceiling)
    # Without workers, and with one, a single process decodes at its own rate.
    together = maximum(1.0, workers * WORKER_SHARE) * rate
    return processes * minimum(together, ceiling)


def copy_time(size: float, bandwidth: float, share: float, latency: float, staging: float) -> float:
    r"""Estimate the time of a copy from the host's memory to an accelerator.

    $$ t = \alpha + \frac{S}{\eta B} + \frac{S}{B_s} $$

    From pinned memory the bus works alone. From pageable memory the driver first copies the bytes
    to pinned memory, at the rate $B_s$ of one processor core.

    Args:
        size: Bytes, $S$. [B]
        bandwidth: Specified rate of the slot, one direction, $B$. [B/s]
        share: Share of it that long copies reach, $\eta$. [1]
        latency: Start of a copy, $\alpha$. [s]
        staging: Rate of the copy within the host's memory, $B_s$; infinite for pinned memory.
            [B/s]

    Returns:
        Time, $t$. [s]

    Raises:
        ValueError: If size or latency is negative, a rate is not positive, or share is not above 0
            and at most 1.

    References:
        M. Harris, "How to optimize data transfers in CUDA C/C++" (2012),
        https://developer.nvidia.com/blog/how-optimize-data-transfers-cuda-cc/

    Examples:
        64 MiB to a V100 took 5.46 ms, where long copies reach 12.36 GB/s and a start costs 27 µs:

        >>> copy_time(64 * 2**20, 15.754e9, 12.36 / 15.754, 27e-6, float("inf")) * 1e3
        5.46
    """
    check_fraction(share=share)
    check_positive(share=share, bandwidth=bandwidth, staging=staging)
    return transfer_time(size, share * bandwidth, latency) + size / staging


def blocking_step(compute: float, read: float, decode: float, copy: float) -> float:
    r"""Return the time of a step that waits for its batch.

    $$ T = t_{compute} + t_{read} + t_{decode} + t_{copy} $$

    Args:
        compute: Time of the computation. [s]
        read: Time to read a batch. [s]
        decode: Time until the workers have decoded one. [s]
        copy: Time to copy one. [s]

    Returns:
        Time of the step, $T$. [s]

    Raises:
        ValueError: If an argument is negative.

    References:
        T. Dettmers, "A Full Hardware Guide to Deep Learning" (2018),
        https://timdettmers.com/2018/12/16/deep-learning-hardware-guide/

    Examples:
        A step of 216 ms whose copy takes 9 ms over four lanes and 2 ms over sixteen:

        >>> blocking_step(0.216, 0, 0, 0.009) / blocking_step(0.216, 0, 0, 0.002)
        1.032
    """
    check_non_negative(compute=compute, read=read, decode=decode, copy=copy)
    return compute + read + decode + copy


def prefetched_step(compute: float, read: float, decode: float, copy: float) -> float:
    r"""Return the time of a step whose next batch is prepared meanwhile.

    $$ T = \max(t_{compute}, t_{read}, t_{decode}, t_{copy}) $$

    Assumption: each stage works on a batch of its own, with queues long enough that none waits for
    another's fluctuations.

    Args:
        compute: Time of the computation. [s]
        read: Time to read a batch. [s]
        decode: Time until the workers have decoded one. [s]
        copy: Time to copy one. [s]

    Returns:
        Time of the step, $T$. [s]

    Raises:
        ValueError: If an argument is negative.

    References:
        PyTorch, data loading with worker processes, https://pytorch.org/docs/stable/data.html

    Examples:
        >>> prefetched_step(0.216, 0.185, 0.05, 0.009)
        0.216
    """
    check_non_negative(compute=compute, read=read, decode=decode, copy=copy)
    return maximum(compute, read, decode, copy)


def idle_share(compute: float, step: float) -> float:
    r"""Return the share of the time in which an accelerator waits for data.

    $$ 1 - \frac{t_{compute}}{T} $$

    Args:
        compute: Time of the computation. [s]
        step: Time of the step, $T$. [s]

    Returns:
        Share. [1]

    Raises:
        ValueError: If compute is negative, or step is shorter than compute.

    References:
        `prefetched_step`

    Examples:
        >>> idle_share(0.1, 0.4)
        0.75
    """
    check_non_negative(compute=compute)
    check_at_least(0, waiting=step - compute)
    return minimum(1.0, 1 - compute / maximum(step, 1e-30))
