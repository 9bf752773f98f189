"""One layer on several ranks: shapes, messages, and the same product."""

import random

import numpy as np
import pytest

from hwcalc import matmul
from hwcalc.layer_split import SPLITS, crossover_batch, exchanged, rank_shape, split_product


def test_the_shapes_of_the_old_example() -> None:
    """(128 x 1000)(1000 x 500) on two GPUs, along either dimension of the weights."""
    assert rank_shape("rows", 128, 1000, 500, 2) == (128, 500, 500)
    assert rank_shape("columns", 128, 1000, 500, 2) == (128, 1000, 250)
    assert rank_shape("columns", 128, 1000, 1000, 4) == (128, 1000, 250)


def test_a_square_layer_of_4096() -> None:
    """In FP32: 67.1 MB of gradients, 2.1 MB of activations, a factor of 32, and 2,731 rows."""
    gradients = 4096 * 4096 * 4
    assert gradients == pytest.approx(67.1e6, rel=1e-3)
    whole = exchanged("batch", 128, 4096, 4096, 2)["backward/gradients"]
    assert whole / exchanged("rows", 128, 4096, 4096, 2)["forward/outputs"] == 32
    assert crossover_batch("columns", 4096, 4096) == pytest.approx(2731, abs=0.5)
    assert crossover_batch("columns", 3000, 3000) == pytest.approx(2000)


def test_two_wide_layers_over_several_gpus_of_2014() -> None:
    """100,000 to 40,000 to 20,000 units took 117.7 ms for 128 rows: 10.4 TFLOP/s together.

    Their weights, 15.3 GB and 3.05 GB as printed with 2^20 bytes to a MB, fit no card of that year.
    """
    sizes = ((100_000, 40_000), (40_000, 20_000))
    flops = sum(matmul.flops(128, inner, outer) for inner, outer in sizes)
    assert flops / 0.1177 == pytest.approx(10.4e12, rel=0.005)
    for (inner, outer), printed in zip(sizes, (15.3e3, 3.05e3), strict=True):
        assert 4 * inner * outer / 2**20 == pytest.approx(printed, rel=0.005)


@pytest.mark.parametrize("split", ["columns", "rows"])
def test_at_the_crossover_both_send_the_same(split: str) -> None:
    """By definition, and for any number of ranks."""
    batch = crossover_batch(split, 1000, 4000)
    for ranks in (2, 7, 64):
        weights = sum(exchanged(split, batch, 1000, 4000, ranks).values())
        assert weights == pytest.approx(sum(exchanged("batch", batch, 1000, 4000, ranks).values()))


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("ranks", [1, 2, 3, 8])
def test_the_parts_make_the_product(split: str, ranks: int) -> None:
    """Splitting changes who computes, not what, even where it does not come out even."""
    draw = random.Random(1)
    left = [[draw.uniform(-1, 1) for _ in range(11)] for _ in range(9)]
    right = [[draw.uniform(-1, 1) for _ in range(7)] for _ in range(11)]
    np.testing.assert_allclose(
        split_product(split, left, right, ranks), np.array(left) @ np.array(right), atol=1e-12
    )


@pytest.mark.parametrize("split", SPLITS)
def test_one_rank_sends_nothing(split: str) -> None:
    """There is nobody to send it to."""
    assert sum(exchanged(split, 128, 1000, 500, 1).values()) == 0


def test_an_unknown_split_is_refused() -> None:
    """Diagonals are no way to split a matrix."""
    with pytest.raises(ValueError, match="split = 'diagonal'"):
        rank_shape("diagonal", 1, 1, 1, 1)
    with pytest.raises(ValueError, match="columns or rows"):
        crossover_batch("batch", 1, 1)
