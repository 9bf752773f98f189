"""Steps of a serving engine: against other people's sums of kernels, against bounds, in limits."""

from dataclasses import replace

import numpy as np
import pytest

from hwcalc import catalog
from hwcalc.deployment import Deployment, deploy
from hwcalc.engine_all_reduce import engine_all_reduce_time
from hwcalc.kv_cache import cache_bytes
from hwcalc.serving_step import decode_step, mixed_step, prefill_step
from hwcalc.transformer import parameters

CHIPS, NETWORKS = catalog.accelerators(), catalog.transformers()


def placed(
    chip: str = "h100-sxm", network: str = "llama3.1-8b", ranks: int = 1, form: str = "bf16"
) -> Deployment:
    """Put a network on accelerators in one format."""
    return deploy(CHIPS[chip], NETWORKS[network], ranks, form, form, 2, False)


def decode(deployment: Deployment, sequences: float, cached: float) -> float:
    """Return the time of a step that writes."""
    return sum(decode_step(deployment, sequences, cached).values())


def prefill(deployment: Deployment, prompts: float, tokens: float) -> float:
    """Return the time of a step that reads."""
    return sum(prefill_step(deployment, prompts, tokens).values())


# AIConfigurator 0.12.0 adds up kernels that NVIDIA measured: 1,024 tokens in, 256 out.
AIC = (
    ("h100-sxm", "llama3.1-8b", 1, 1, 22.1e-3, 6.19e-3),
    ("h100-sxm", "llama3.1-8b", 1, 64, 1383e-3, 10.60e-3),
    ("h100-sxm", "llama3.1-70b", 8, 1, 46.2e-3, 10.13e-3),
    ("h100-sxm", "llama3.1-70b", 8, 64, 2495e-3, 12.40e-3),
)


@pytest.mark.parametrize(("chip", "network", "ranks", "batch", "first", "between"), AIC)
def test_sums_of_measured_kernels(
    chip: str, network: str, ranks: int, batch: int, first: float, between: float
) -> None:
    """Prefill and decode come within 10 % of the sum of measured kernels; nothing is fitted."""
    where = placed(chip, network, ranks)
    assert prefill(where, batch, 1024) == pytest.approx(first, rel=0.10)
    assert decode(where, batch, 1024 + 128) == pytest.approx(between, rel=0.10)


def test_other_chips() -> None:
    """An A100 comes within 10 %, a B200 within 14 %: its measured streams were slower than that."""
    where = placed("a100-sxm-80gb")
    assert prefill(where, 1, 1024) == pytest.approx(64.7e-3, rel=0.10)
    assert decode(where, 1, 1152) == pytest.approx(11.88e-3, rel=0.10)
    where = placed("b200", "llama3.1-70b")
    assert prefill(where, 1, 1024) == pytest.approx(93.0e-3, rel=0.11)
    assert decode(where, 1, 1152) == pytest.approx(23.84e-3, rel=0.14)


def test_experts_lie_between_the_bound_and_the_sum_of_kernels() -> None:
    """DeepSeek-V3 on eight H200, 64 sequences: 19.2 ms at least, 36.5 by SGLang's kernels.

    The sum (2,588 and 36.5 ms) is not met: the model is 40 % below it, and nearer to the services
    that were measured on that machine with that engine, as the accuracy page shows.
    """
    where = placed("h200-sxm", "deepseek-v3", 8, "fp8")
    assert 779e-3 < prefill(where, 64, 1024) < 2588e-3
    assert 19.2e-3 < decode(where, 64, 1152) < 36.5e-3


def test_another_engine_years_before() -> None:
    """13 billion by FasterTransformer on one and two A100: tokens within 6 %, the prompt likewise.

    Chen 2022, "Transformer inference arithmetic", measured 22.0 and 13.5 ms for a token after 512,
    63.2 ms for the prompt on one (kipp.ly/transformer-inference-arithmetic).
    """
    for ranks, between in ((1, 22.0e-3), (2, 13.5e-3)):
        where = placed("a100-sxm-40gb", "gpt3-13b", ranks, "fp16")
        assert decode(where, 1, 517) == pytest.approx(between, rel=0.06)
    assert prefill(placed("a100-sxm-40gb", "gpt3-13b", 1, "fp16"), 1, 512) == pytest.approx(
        63.2e-3, rel=0.06
    )


@pytest.mark.parametrize("chip", ["h100-sxm", "b200", "a100-sxm-80gb", "mi300x", "l40s", "tpu-v5e"])
@pytest.mark.parametrize("network", ["llama3.1-8b", "qwen3-30b-a3b", "deepseek-v2-lite"])
def test_never_below_the_bytes(chip: str, network: str) -> None:
    """A step reads what one token meets, and its cache, no faster than the memory delivers."""
    where = placed(chip, network)
    counts = parameters(NETWORKS[network])
    shape = where.shape
    idle = (shape.experts - shape.per_token) * shape.expert_parameters
    idle *= shape.layers - shape.dense_layers
    active = sum(counts.values()) - counts["embedding/tokens"] * (not shape.tied) - idle
    read = 2 * active + cache_bytes(NETWORKS[network], 4096, 2)
    assert decode(where, 1, 4096) > read / CHIPS[chip].bandwidth


@pytest.mark.parametrize(
    "network", ["llama3.1-8b", "qwen3-30b-a3b", "deepseek-v2-lite", "gemma2-9b"]
)
def test_more_work_takes_longer(network: str) -> None:
    """More sequences, longer ones and longer prompts never make a step faster (PEERS 6, 16)."""
    where = placed(network=network)
    sequences, lengths = 2.0 ** np.arange(11), 2.0 ** np.arange(7, 18)
    batches: np.ndarray = decode(where, sequences, 1024)  # type: ignore[arg-type,assignment]
    contexts: np.ndarray = decode(where, 16, lengths)  # type: ignore[arg-type,assignment]
    prompts: np.ndarray = prefill(where, 1, lengths)  # type: ignore[arg-type,assignment]
    for times in (batches, contexts, prompts):
        assert (np.diff(times) >= -1e-12).all()


@pytest.mark.parametrize("chip", ["h100-sxm", "a100-sxm-80gb", "b200", "mi300x"])
def test_ranks_help_less_than_they_divide(chip: str) -> None:
    """Tensor parallelism never gains more than its ranks, nor falls below its exchanges."""
    alone = decode(placed(chip, "llama3.1-70b", 1, "bf16"), 1, 1024)
    for ranks in (2, 4, 8):
        where = placed(chip, "llama3.1-70b", ranks)
        together = decode(where, 1, 1024)
        exchanged = 2 * 80 * engine_all_reduce_time(2 * 8192.0, float(ranks), where.fabric)
        assert alone / ranks < together < alone
        assert together > exchanged + alone / ranks / 2
        assert decode_step(where, 1, 1024)["layers/exchange"] == pytest.approx(exchanged)


def test_a_batch_of_one_reads_active_experts() -> None:
    """Speed follows what a token meets, not what memory holds (PEERS 6, 15)."""
    sparse = decode(placed(network="qwen3-30b-a3b"), 1, 128)
    dense = decode(placed(network="qwen2.5-32b"), 1, 128)
    assert sparse < dense / 2
    crowd = decode(placed(network="qwen3-30b-a3b"), 256, 128)
    assert crowd > 2 * sparse


def test_linear_in_layers() -> None:
    """Layers count once each: twice as many take twice as long (PEERS 6, 6)."""
    where = placed()
    shape, layers = where.shape, 2 * where.shape.layers
    twice = replace(where, shape=replace(shape, layers=layers, dense_layers=layers))
    for step, arguments in ((decode_step, (8, 512)), (prefill_step, (2, 512))):
        one, two = step(where, *arguments), step(twice, *arguments)
        for part, time in one.items():
            factor = 2 if part.startswith("layers/") else 1
            assert two[part] == pytest.approx(factor * time)


def test_a_prompt_shares_the_weights() -> None:
    """Reading a short prompt beside running sequences costs less than in a step of its own."""
    where = placed()
    both = sum(mixed_step(where, 1, 64, 8, 1024).values())
    assert decode(where, 8, 1024) < both < decode(where, 8, 1024) + prefill(where, 1, 64)


def test_narrow_weights_and_cache() -> None:
    """Fewer bytes for weights or cache never slow a decoding step down."""
    wide = decode(placed(), 1, 1024)
    for form in ("fp8", "int8_weights", "int4_weights"):
        assert decode(placed(form=form), 1, 1024) < wide
    network = NETWORKS["llama3.1-8b"]
    narrow = deploy(CHIPS["h100-sxm"], network, 1, "bf16", "bf16", 1, False)
    assert decode(narrow, 64, 8192) < decode(placed(), 64, 8192)


def test_a_window_bounds_the_cache() -> None:
    """Layers with a window stop slowing down where it ends, the others go on: here half each."""
    where = placed(network="gemma2-9b")
    assert where.shape.window_layers == where.shape.layers / 2

    def attention(cached: float) -> float:
        return decode_step(where, 256, cached)["layers/attention"]

    window = float(where.shape.window)
    within = attention(window) - attention(window / 2)
    beyond = attention(8 * window) - attention(7.5 * window)
    assert beyond == pytest.approx(within / 2, rel=0.02)


@pytest.mark.parametrize("chip", sorted(CHIPS))
def test_every_accelerator_has_an_answer(chip: str) -> None:
    """Any chip of the catalogue with a rate for products gets a finite, positive step."""
    try:
        where = placed(chip, form="bf16")
    except ValueError as error:
        assert "rate" in str(error)  # noqa: PT017
        return
    assert 0 < decode(where, 4, 1024) < 10
    assert 0 < prefill(where, 1, 1024) < 1000


def test_ranks_that_do_not_divide_the_heads() -> None:
    """The rank with one more head decides: 12 ranks for 32 heads wait as long as if it had 36."""
    uneven = placed(ranks=12)
    assert (uneven.heads, uneven.kv_heads) == (3, 1)
    assert decode(placed(ranks=16), 1, 1024) < decode(uneven, 1, 1024) < decode(placed(), 1, 1024)


def test_arrays() -> None:
    """Sweeps over arrays give what single numbers give."""
    where = placed("h200-sxm", "qwen3-235b-a22b", 4, "fp8")
    sequences, cached = np.array([1.0, 8.0, 64.0]), np.array([512.0, 1024.0, 4096.0])
    swept: np.ndarray = decode(where, sequences, cached)  # type: ignore[arg-type,assignment]
    pairs = zip(sequences.tolist(), cached.tolist(), strict=True)
    single = [decode(where, *pair) for pair in pairs]
    np.testing.assert_allclose(swept, single)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: placed(ranks=0), "ranks = 0"),
        (lambda: placed(network="bert-large"), "generates no text"),
        (lambda: placed(network="qwen3-next-80b-a3b"), "one kind of attention"),
        (lambda: placed("a100-sxm-80gb", form="fp8"), "no rate for fp8"),
        (lambda: placed(form="fp7"), "fp7"),
        (lambda: decode(placed(), 0, 100), "sequences = 0"),
        (lambda: prefill(placed(), 1, 0), "tokens = 0"),
        (lambda: sum(mixed_step(placed(), 0, 1, 1, 1).values()), "prompts = 0"),
    ],
)
def test_mistakes(call: object, says: str) -> None:
    """A reader's mistake is refused with its name and value."""
    with pytest.raises(ValueError, match=says):
        call()  # type: ignore[operator]
