"""Kernel times of matrix multiplications, conversions and streams."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwcalc import catalog, kernels, matmul, roofline
from hwcalc.machine import FORMATS, machine

CHIPS = catalog.accelerators()
H100 = machine(CHIPS["h100-sxm"])
SIZES = st.integers(1, 20000)


@given(m=SIZES, k=SIZES, n=SIZES, name=st.sampled_from(sorted(CHIPS)))
def test_no_multiplication_beats_the_roofline(m: int, k: int, n: int, name: str) -> None:
    """Whatever the shape and the chip: the model lies above the bound of operations and bytes."""
    chip = machine(CHIPS[name])
    for dtype in ("bf16", "fp32", "fp8"):
        form = FORMATS[dtype]
        peaks = [chip.peak[rate] for rate in form.rate if rate in chip.peak]
        if peaks:
            bytes_ = m * k * form.first + k * n * form.second + m * n * form.result
            floor = roofline.kernel_time(matmul.flops(m, k, n), bytes_, peaks[0], chip.bandwidth)
            assert kernels.matmul_time(chip, m, k, n, dtype) > floor


@given(m=SIZES, k=SIZES, n=SIZES)
def test_a_loop_is_never_slower_than_a_single_call(m: int, k: int, n: int) -> None:
    """What the cache still holds can only help."""
    once = kernels.matmul_time(H100, m, k, n, "bf16")
    assert kernels.matmul_time(H100, m, k, n, "bf16", repeated=True) <= once


@given(m=SIZES, k=SIZES, n=SIZES)
def test_a_multiplication_is_as_fast_from_either_side(m: int, k: int, n: int) -> None:
    """C and its transpose are the same work, on the same tiles turned round."""
    there = kernels.matmul_time(H100, m, k, n, "bf16")
    assert kernels.matmul_time(H100, n, k, m, "bf16") == pytest.approx(there, rel=1e-12)


def test_doubling_any_side_of_a_large_multiplication_doubles_its_time() -> None:
    """Where arithmetic decides, time follows operations; tiles fit 8,192 exactly."""
    base = kernels.matmul_time(H100, 8192, 8192, 8192, "bf16")
    for shape in ((16384, 8192, 8192), (8192, 16384, 8192), (8192, 8192, 16384)):
        assert kernels.matmul_time(H100, *shape, "bf16") == pytest.approx(2 * base, rel=0.05)


def test_one_row_takes_as_long_as_its_weights_need() -> None:
    """For one token the bytes decide: time follows the width of the weights, beyond the launch."""
    launch = H100.constants["launch"]
    times = {
        dtype: kernels.matmul_time(H100, 1, 16384, 65536, dtype) - launch
        for dtype in ("bf16", "fp8", "int8_weights")
    }
    assert times["bf16"] / times["fp8"] == pytest.approx(2, rel=0.05)
    bytes_ = 16384 * 65536 * 2
    assert bytes_ / times["bf16"] / H100.bandwidth == pytest.approx(
        H100.constants["stream"], rel=0.02
    )


def test_the_smallest_multiplication_costs_a_launch_and_a_little() -> None:
    """One number times one number: nothing but overhead, a few microseconds."""
    assert H100.constants["launch"] < kernels.matmul_time(H100, 1, 1, 1, "bf16") < 5e-6


def test_a_faster_chip_is_faster() -> None:
    """Raising one figure and keeping all others never slows a kernel down."""
    shapes = [(1, 4096, 4096), (256, 8192, 1024), (8192, 8192, 8192)]
    for better in (
        dataclasses.replace(H100, bandwidth=2 * H100.bandwidth),
        dataclasses.replace(H100, power=2 * H100.power),
    ):
        for shape in shapes:
            fast = kernels.matmul_time(better, *shape, "bf16")
            assert fast <= kernels.matmul_time(H100, *shape, "bf16")


def test_a_launch_floor_does_not_shrink_with_the_number_of_chips() -> None:
    """PEERS 6, row 17: cutting a multiplication into eight cannot make it eight times faster."""
    whole = kernels.matmul_time(H100, 1, 8192, 8192, "bf16")
    eighth = kernels.matmul_time(H100, 1, 8192, 1024, "bf16")
    assert whole / eighth < 6
    assert eighth > H100.constants["launch"]


@given(m=st.integers(1, 4096))
def test_more_rows_never_take_much_less_time(m: int) -> None:
    """PEERS 6, row 16: a larger batch is not faster, but for the quantisation of tiles.

    A split into more parts becomes possible at some sizes, so a few percent are allowed.
    """
    time = kernels.matmul_time(H100, m, 8192, 8192, "bf16")
    assert kernels.matmul_time(H100, 2 * m, 8192, 8192, "bf16") >= 0.97 * time


def test_formats_that_need_no_conversion_take_no_time_for_it() -> None:
    """Only FP8, INT8 and FP4 activations are converted."""
    assert kernels.quantise_time(H100, 1e6, "bf16") == 0
    assert kernels.quantise_time(H100, 1e6, "int8") == kernels.quantise_time(H100, 1e6, "fp8") > 0


def test_a_stream_of_one_second_of_bytes_takes_more_than_a_second() -> None:
    """PEERS 6, row 1: gigabytes are 1e9 bytes; 3.35e12 of them at 3.35 TB/s take 1 s at least."""
    time = kernels.stream_time(H100, 3.35e12)
    assert time == pytest.approx(1 / H100.constants["stream"], rel=1e-4)


def test_mistakes_are_named() -> None:
    """The message says which argument and which rule."""
    with pytest.raises(ValueError, match=r"m = 0 and k = 2\.5: must be a whole number"):
        kernels.matmul_time(H100, 0, 2.5, 8, "bf16")
    with pytest.raises(ValueError, match="dtype = 'fp64': must be one of fp32, tf32"):
        kernels.matmul_time(H100, 8, 8, 8, "fp64")
    with pytest.raises(ValueError, match="has no rate for fp4"):
        kernels.matmul_time(H100, 8, 8, 8, "fp4")
    with pytest.raises(ValueError, match="traffic = -1"):
        kernels.stream_time(H100, -1)
