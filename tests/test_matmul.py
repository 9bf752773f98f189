"""Matrix multiplication: published counts, limits whose answer is obvious, and an exhaustive count.

The example of 2018 is a product of 256 x 1024 with 1024 x 1024 elements at 16 bits.
"""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwcalc import matmul, roofline
from hwcalc.catalog import accelerators

GIB = 2**30
EXAMPLE = (256, 1024, 1024)
sizes = st.integers(1, 60)
tiles = st.integers(1, 20)


def test_the_published_count_of_2018() -> None:
    """Tiles of 128 give 32 MiB, and 52 microseconds at 600 GiB/s, as printed in 2018."""
    traffic = matmul.traffic_dettmers_2018(*EXAMPLE, 128, 2)
    assert traffic == 32 * 2**20
    assert roofline.memory_time(traffic, 600 * GIB) == pytest.approx(5.21e-5, rel=1e-3)


def test_the_published_ratio_of_2018() -> None:
    """Tiles of 96 at 900 GiB/s give 70.2 MiB and 76.2 microseconds: the TPU needs 32 % less."""
    tpu = roofline.memory_time(matmul.traffic_dettmers_2018(*EXAMPLE, 128, 2), 600 * GIB)
    traffic = matmul.traffic_dettmers_2018(*EXAMPLE, 96, 2)
    gpu = roofline.memory_time(traffic, 900 * GIB)
    assert traffic / 2**20 == pytest.approx(70.2, rel=1e-3)
    assert gpu == pytest.approx(7.62e-5, rel=1e-3)
    assert 1 - tpu / gpu == pytest.approx(0.32, abs=0.005)


def test_the_corrected_counts_of_the_example() -> None:
    """128 tile products load 8 MiB without reuse; the three matrices together are 3 MiB."""
    assert matmul.traffic_no_reuse(*EXAMPLE, 128, 2) == 8 * 2**20
    assert matmul.traffic_each_once(*EXAMPLE, 2) == 3 * 2**20
    assert matmul.flops(*EXAMPLE) / matmul.traffic_each_once(*EXAMPLE, 2) == pytest.approx(
        171, rel=0.003
    )


def test_arithmetic_of_the_example_outlasts_its_traffic() -> None:
    """11.9 and 4.3 microseconds at the peaks of a TPU v2 chip and a V100; moving takes 5.2, 3.5."""
    flops, traffic = matmul.flops(*EXAMPLE), matmul.traffic_each_once(*EXAMPLE, 2)
    chips = ((45e12, 600e9, 11.9e-6, 5.2e-6), (125e12, 900e9, 4.3e-6, 3.5e-6))
    for peak, bandwidth, compute, memory in chips:
        assert roofline.compute_time(flops, peak) == pytest.approx(compute, rel=0.01)
        assert roofline.memory_time(traffic, bandwidth) == pytest.approx(memory, rel=0.01)
    assert roofline.ridge_point(45e12, 600e9) == 75


@given(sizes, sizes, sizes, tiles)
def test_tile_products_counted_one_by_one(m: int, k: int, n: int, tile: int) -> None:
    """Walking over all pairs of tiles that meet counts the loads of the no-reuse formula."""
    rows, inner, columns = (range(0, edge, tile) for edge in (m, k, n))
    meetings = sum(1 for _ in itertools.product(rows, inner, columns))
    assert matmul.traffic_no_reuse(m, k, n, tile, 2) == meetings * 2 * tile * tile * 2
    assert matmul.padded_flops(m, k, n, tile) == meetings * 2 * tile**3


@given(sizes, sizes, sizes, tiles)
def test_count_of_2018_over_the_loads_that_happen(m: int, k: int, n: int, tile: int) -> None:
    """The count of 2018 is the number of inner tiles over two times the loads without reuse."""
    inner = -(-k // tile)
    counted = matmul.traffic_dettmers_2018(m, k, n, tile, 4)
    assert counted == pytest.approx(matmul.traffic_no_reuse(m, k, n, tile, 4) * inner / 2)


def test_tiles_of_one_element_reuse_nothing() -> None:
    """With tiles of 1 x 1 every multiply-accumulate loads both its inputs."""
    assert matmul.traffic_no_reuse(7, 11, 13, 1, 2) == 2 * 7 * 11 * 13 * 2


def test_one_tile_for_everything_loads_each_input_once() -> None:
    """When one tile covers the product, no-reuse loads the two inputs and nothing more."""
    assert matmul.traffic_no_reuse(64, 64, 64, 64, 2) == 2 * 64 * 64 * 2


@given(sizes, sizes, sizes)
def test_least_traffic_is_between_once_and_no_reuse(m: int, k: int, n: int) -> None:
    """More on-chip memory never means more traffic, and never less than each matrix once."""
    once = matmul.traffic_each_once(m, k, n, 2)
    capacities = [2.0**power for power in range(4, 24)]
    least = [matmul.traffic_least(m, k, n, 2, capacity) for capacity in capacities]
    assert least == sorted(least, reverse=True)
    assert min(least) >= once
    assert matmul.traffic_least(m, k, n, 2, 1e12) == once


def test_least_traffic_when_memory_is_small() -> None:
    """With little on-chip memory the bound approaches 2 M K N over the square root of S."""
    elements = 1024
    bound = matmul.traffic_least(4096, 4096, 4096, 2, elements * 2)
    assert bound == pytest.approx(2 * 4096**3 / 32 * 2, rel=1e-4)


def test_a_schedule_that_keeps_a_block_obeys_the_bound() -> None:
    """Keeping a t x t block of sums on chip and streaming the inputs stays above the bound."""
    size, block = 8192, 512
    streamed = 2 * size**3 / block * 2 + size * size * 2  # inputs per block, result once
    on_chip = (block * block + 2 * block) * 2  # the block, a column of A and a row of B
    bound = matmul.traffic_least(size, size, size, 2, on_chip)
    assert bound <= streamed <= 1.1 * bound


def test_the_tile_that_balances_a_tpu_v2() -> None:
    """The array of 128 in TPU v2 is the tile at which its arithmetic and memory balance."""
    chip = accelerators()["tpu-v2"]
    ridge = roofline.ridge_point(chip.peak["bf16"], chip.bandwidth)
    edge = matmul.tile_needed(ridge, 2)
    assert edge == pytest.approx(128, rel=0.01)
    assert matmul.tile_intensity(128, 2) == pytest.approx(ridge, rel=0.01)


def test_tile_needed_inverts_tile_intensity() -> None:
    """A tile of the edge needed has the intensity of the ridge."""
    assert matmul.tile_needed(matmul.tile_intensity(96, 2), 2) == 96


def test_padding_is_free_on_whole_tiles_only() -> None:
    """Whole tiles waste nothing; one row on an array of 128 wastes 127 of 128 operations."""
    assert matmul.padded_flops(256, 1024, 1024, 128) == matmul.flops(256, 1024, 1024)
    assert matmul.padded_flops(1, 128, 128, 128) == 128 * matmul.flops(1, 128, 128)


def test_refusals_name_the_argument() -> None:
    """Fractional sizes, zero sizes and bytes that are not positive are refused by name."""
    with pytest.raises(ValueError, match=r"m = 2\.5"):
        matmul.flops(2.5, 1, 1)
    with pytest.raises(ValueError, match="tile = 0"):
        matmul.traffic_no_reuse(1, 1, 1, 0, 2)
    with pytest.raises(ValueError, match="element_size = 0"):
        matmul.traffic_each_once(1, 1, 1, 0)
    with pytest.raises(ValueError, match="on_chip = -1"):
        matmul.traffic_least(1, 1, 1, 2, -1)
    with pytest.raises(ValueError, match="ridge = 0"):
        matmul.tile_needed(0, 2)
