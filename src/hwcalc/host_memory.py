r"""Processor cores and main memory of a machine with accelerators.

Rules of thumb, each with the reason behind it: they say how much is enough, not how fast it is.

- cores: `cores_needed`, and the rule of 2018 `cores_2018`
- memory: `memory_2018`, `loading_memory`, `offload_memory`, `cached_share`

Left out: preprocessing heavier than decoding an image (`hwcalc.data_path` has its time), the
speed of the memory, and other users of the machine.
"""

from hwcalc.numeric import check_count, check_non_negative, check_positive, minimum, where

__all__ = [
    "OFFLOADED",
    "cached_share",
    "cores_2018",
    "cores_needed",
    "loading_memory",
    "memory_2018",
    "offload_memory",
]

# Bytes of a parameter that leave the accelerator when optimizer and gradients go to the host:
# gradient in 16 bits; weight, momentum and variance in 32 (Ren et al. 2021, section 4).
OFFLOADED = 2 + 3 * 4


def cores_needed(accelerators: float, workers: float) -> float:
    r"""Count the processor cores that feed a number of accelerators.

    $$ c = n (w + 1) + 4 $$

    One core for the process that drives an accelerator, one for each of its workers, four for the
    system.

    Args:
        accelerators: Accelerators, $n$. [1]
        workers: Loader workers of each, $w$. [1]

    Returns:
        Cores, $c$. [1]

    Raises:
        ValueError: If accelerators is not a whole number of at least 1, or workers is negative.

    References:
        S. Bekman, Machine Learning Engineering Open Book, CPU cores,
        https://github.com/stas00/ml-engineering/blob/master/compute/cpu/README.md

    Examples:
        >>> cores_needed(8, 2), cores_needed(8, 4)
        (28, 44)
    """
    check_count(accelerators=accelerators)
    check_non_negative(workers=workers)
    return accelerators * (workers + 1) + 4


def cores_2018(accelerators: float, online: bool) -> float:
    r"""Count the processor cores by the rule of 2018.

    Two cores, four threads, for each accelerator when data is prepared during training, one core
    when it was prepared before.

    Args:
        accelerators: Accelerators. [1]
        online: Data is decoded and augmented during training. [1]

    Returns:
        Cores. [1]

    Raises:
        ValueError: If accelerators is not a whole number of at least 1.

    References:
        T. Dettmers, "A Full Hardware Guide to Deep Learning" (2018),
        https://timdettmers.com/2018/12/16/deep-learning-hardware-guide/

    Examples:
        >>> cores_2018(4, online=True), cores_2018(4, online=False)
        (8, 4)
    """
    check_count(accelerators=accelerators)
    return accelerators * where(online, 2, 1)


def memory_2018(memory: float) -> float:
    r"""Return the main memory by the rule of 2018: that of the largest single accelerator.

    Args:
        memory: Memory of the largest accelerator. [B]

    Returns:
        Main memory. [B]

    Raises:
        ValueError: If memory is not positive.

    References:
        T. Dettmers, "A Full Hardware Guide to Deep Learning" (2018),
        https://timdettmers.com/2018/12/16/deep-learning-hardware-guide/

    Examples:
        >>> memory_2018(11 * 2**30) / 2**30
        11.0
    """
    check_positive(memory=memory)
    return memory


def loading_memory(weights: float, copies: float) -> float:
    r"""Return the main memory that loading a network takes.

    $$ M = k\, S $$

    Weights pass through main memory on their way from the disk. A loader that maps the file needs
    one copy at most, whatever the number of processes; one that unpickles in each process needs
    one for every process. An estimate of this site.

    Args:
        weights: Weights as stored, $S$. [B]
        copies: Copies at the same time, $k$. [1]

    Returns:
        Main memory, $M$. [B]

    Raises:
        ValueError: If weights or copies is negative.

    References:
        Hugging Face, safetensors, https://github.com/huggingface/safetensors

    Examples:
        >>> loading_memory(140e9, 1) / 1e9
        140.0
    """
    check_non_negative(weights=weights, copies=copies)
    return weights * copies


def offload_memory(parameters: float) -> float:
    r"""Return the main memory of a training step that keeps gradients and optimizer on the host.

    $$ M = (2 + 3 \cdot 4)\, P $$

    Args:
        parameters: Parameters, $P$. [1]

    Returns:
        Main memory, $M$. [B]

    Raises:
        ValueError: If parameters is negative.

    References:
        J. Ren et al., ZeRO-Offload (2021), section 4, https://arxiv.org/abs/2101.06840

    Examples:
        >>> offload_memory(7e9) / 1e9
        98.0
    """
    check_non_negative(parameters=parameters)
    return OFFLOADED * parameters


def cached_share(dataset: float, memory: float, used: float) -> float:
    r"""Estimate the share of a data set that stays in main memory between epochs.

    $$ \min\!\left(1, \frac{M - U}{D}\right) $$

    Assumption: what programs leave free holds files already read, and each epoch reads all of
    them. A data set slightly larger than the free memory does worse than this where the system
    drops the oldest files first.

    Args:
        dataset: Size of the files, $D$. [B]
        memory: Main memory, $M$. [B]
        used: Main memory that programs use, $U$. [B]

    Returns:
        Share that need not be read again. [1]

    Raises:
        ValueError: If dataset is not positive, or memory or used is negative.

    References:
        G. Leclerc et al., FFCV, guide to its caching options, https://docs.ffcv.io/parameter_tuning.html

    Examples:
        ImageNet as JPEG on a machine with 128 GiB, of which programs use 24:

        >>> cached_share(150e9, 128 * 2**30, 24 * 2**30)
        0.74
    """
    check_positive(dataset=dataset)
    check_non_negative(memory=memory, used=used)
    return where(memory > used, minimum(1.0, (memory - used) / dataset), 0.0)
