"""Training runs: published times and throughputs, and the identity of time and utilisation.

BERT-large is counted as 12 L h^2 weights in its layers: embeddings are looked up, not multiplied.
"""

import pytest

from hwcalc import blocks, training
from hwcalc.blocks import gpt
from hwcalc.catalog import accelerators
from hwcalc.networks import transformers
from hwcalc.training import RECIPES, Phase
from hwcalc.training_flops import utilisations

LAYERS, HIDDEN = 24, 1024
WEIGHTS = 12 * LAYERS * HIDDEN**2
HOUR, DAY = 3600, 86400
V100 = accelerators()["v100-sxm2-32gb"].peak["fp16"]


def flops(recipe: str) -> float:
    """Operations of BERT-large under a recipe."""
    return training.recipe_flops(RECIPES[recipe], WEIGHTS, LAYERS, HIDDEN)


def test_weights_at_work_in_bert() -> None:
    """Without embeddings and norms BERT-large is 12 L h^2 weights, plus biases below 0.1 %."""
    counted = training.working_parameters(transformers()["bert-large"])
    assert WEIGHTS < counted < 1.001 * WEIGHTS


def test_weights_at_work_in_decoders() -> None:
    """A decoder's output matrix works on every token, tied to the embedding or not."""
    tied, untied = transformers()["gpt2-small"], transformers()["llama3-8b"]
    body = 12 * tied.layers * tied.hidden**2
    assert training.working_parameters(tied) == pytest.approx(
        body + tied.vocab * tied.hidden, rel=2e-3
    )
    assert training.working_parameters(untied) == pytest.approx(
        untied.counted - untied.vocab * untied.hidden, rel=1e-3
    )


def test_weights_at_work_in_experts() -> None:
    """A mixture of experts works with the experts chosen for a token, not with all."""
    mixtral = transformers()["mixtral-8x7b"]
    assert training.working_parameters(mixtral) == pytest.approx(12.75e9, rel=2e-3)


def test_encoder_with_decoder_is_refused() -> None:
    """A token of T5 meets either the encoder or the decoder: no single count is right."""
    with pytest.raises(ValueError, match="encoder with a decoder"):
        training.working_parameters(transformers()["t5-large"])


def test_tokens_of_the_recipes() -> None:
    """The original run saw 4.26e10 tokens and NVIDIA's two phases 8.5e10."""
    assert training.recipe_tokens(RECIPES["bert-2018"]) == pytest.approx(4.26e10, rel=1e-3)
    assert training.recipe_tokens(RECIPES["bert-lamb"]) == pytest.approx(8.5e10, rel=5e-3)


@pytest.mark.parametrize(
    ("rates", "hours"),
    [
        ((138_294, 49_663), 1.213),  # 256 A100; the README prints 1.2 h
        ((1_746, 586), 97.7),  # 8 V100 32 GB
        ((4_591, 1_657), 36.5),  # 8 A100
        ((224, 75), 31.7 * 24),  # one V100
    ],
)
def test_time_from_published_throughput(rates: tuple[float, float], hours: float) -> None:
    """Throughputs in NVIDIA's README give the times that follow from its steps and batches."""
    assert training.recipe_time(RECIPES["bert-lamb"], rates) / HOUR == pytest.approx(
        hours, rel=2e-3
    )


def test_published_time_of_256_a100() -> None:
    """Measured rates of 256 A100 predict the 1.2 h NVIDIA printed to 2 %."""
    time = training.recipe_time(RECIPES["bert-lamb"], (138_294, 49_663))
    assert time / HOUR == pytest.approx(1.2, rel=0.02)


@pytest.mark.parametrize(
    ("recipe", "devices", "peak", "time", "expected"),
    [
        ("bert-lamb", 8, V100, 97.7 * HOUR, 0.46),
        ("bert-lamb", 1472, V100, 53 * 60, 0.27),
        ("bert-2018", 64, accelerators()["tpu-v2"].peak["bf16"], 4 * DAY, 0.08),
        ("bert-2018", 64, V100, 3 * DAY, 0.04),  # if it followed the original schedule
    ],
)
def test_utilisation_of_published_runs(
    recipe: str, devices: float, peak: float, time: float, expected: float
) -> None:
    """Published times imply the utilisations quoted for them."""
    reached = training.utilisation(flops(recipe), devices, peak, time)
    assert reached == pytest.approx(expected, abs=0.005)


def test_utilisation_of_a_trillion_tokens_and_more() -> None:
    """Llama 3.1 405B: 3.8e25 operations in 30.84 million hours of H100, 34.5 % of the peak."""
    peak = accelerators()["h100-sxm"].peak["bf16"]
    network = transformers()["llama3.1-405b"]
    total = 6 * network.counted * 15.6e12
    assert total == pytest.approx(3.8e25, rel=0.005)
    reached = training.utilisation(total, 1, peak, 30.84e6 * HOUR)
    assert reached == pytest.approx(0.345, abs=0.002)
    assert reached * peak == pytest.approx(341e12, rel=0.005)


def test_utilisation_of_gpt3_on_1024_a100() -> None:
    """1,536 sequences in 32 s: 134 TFLOP/s by 8 operations a parameter, 138 were published."""
    peak = accelerators()["a100-sxm-80gb"].peak["bf16"]
    reached = training.utilisation(8 * 175e9 * 1536 * 2048, 1024, peak, 32)
    assert reached * peak == pytest.approx(134.4e12, rel=1e-3)
    # Its authors count attention and the vocabulary, too.
    _, hardware = utilisations(gpt(96, 12288, 96, 51200, 2048), 2048, 1536, 1024, peak, 32, 2, True)
    assert hardware * peak == pytest.approx(138e12, rel=0.005)


def test_utilisation_of_nanogpt() -> None:
    """GPT-2, 300 billion tokens, eight A100, about four days: 26 % by 6 P, 30 % with attention."""
    network, peak = transformers()["gpt2-small"], accelerators()["a100-sxm-80gb"].peak["bf16"]
    plain = training.utilisation(6 * network.counted * 300e9, 8, peak, 4 * DAY)
    assert plain == pytest.approx(0.26, abs=0.005)
    shape = blocks.shape(network)
    time = 4 * DAY / (300e9 / (480 * 1024))
    whole, _ = utilisations(shape, 1024, 480, 8, peak, time, 0, True)
    assert whole == pytest.approx(0.30, abs=0.005)


@pytest.mark.parametrize(("sequence", "rate", "published"), [(128, 272, 64e12), (512, 52, 53e12)])
def test_operations_agree_with_deepspeed(sequence: float, rate: float, published: float) -> None:
    """DeepSpeed's own FLOP/s on one V100 follow from its sequences per second and our count."""
    one = training.recipe_flops([Phase(1, 1, sequence)], WEIGHTS, LAYERS, HIDDEN)
    assert one * rate == pytest.approx(published, rel=0.02)


def test_calibration_returns_the_utilisation_put_in() -> None:
    """The utilisation implied by a predicted time is the one the prediction assumed."""
    for assumed in (0.03, 0.4, 1.0):
        time = training.training_time(1e20, 64, 1e14, assumed)
        assert training.utilisation(1e20, 64, 1e14, time) == pytest.approx(assumed)


def test_recipe_is_the_sum_of_its_phases() -> None:
    """Operations and time of a recipe are those of its phases added."""
    phases = RECIPES["bert-lamb"]
    parts = [training.recipe_flops([phase], WEIGHTS, LAYERS, HIDDEN) for phase in phases]
    assert flops("bert-lamb") == pytest.approx(sum(parts))
    times = [
        training.recipe_time([phase], [rate])
        for phase, rate in zip(phases, (100.0, 50.0), strict=True)
    ]
    assert training.recipe_time(phases, (100.0, 50.0)) == pytest.approx(sum(times))


def test_twice_the_devices_half_the_time() -> None:
    """At equal utilisation device-time is conserved."""
    one = training.training_time(1e20, 8, 1e14, 0.4)
    assert training.training_time(1e20, 16, 1e14, 0.4) == pytest.approx(one / 2)


def test_longer_sequences_cost_more_per_token() -> None:
    """The same tokens in longer sequences need more operations, by attention alone."""
    short = training.recipe_flops([Phase(4, 1, 128)], WEIGHTS, LAYERS, HIDDEN)
    long = training.recipe_flops([Phase(1, 1, 512)], WEIGHTS, LAYERS, HIDDEN)
    assert long - short == 512 * 12 * LAYERS * HIDDEN * (512 - 128)


def test_refusals_state_the_rule() -> None:
    """Impossible utilisations, empty recipes and unequal lists are refused with the values."""
    with pytest.raises(ValueError, match=r"utilisation = 1\.2: must be between 0 and 1"):
        training.training_time(1e20, 8, 1e14, 1.2)
    with pytest.raises(ValueError, match="utilisation = 0: must be positive"):
        training.training_time(1e20, 8, 1e14, 0)
    with pytest.raises(ValueError, match="at least one phase"):
        training.recipe_tokens([])
    with pytest.raises(ValueError, match="2 phases and 1 rates"):
        training.recipe_time(RECIPES["bert-lamb"], [1.0])
    with pytest.raises(ValueError, match="sequence = 0"):
        training.recipe_tokens([Phase(1, 1, 0)])
    with pytest.raises(ValueError, match="rate = 0"):
        training.recipe_time([Phase(1, 1, 1)], [0.0])
    with pytest.raises(ValueError, match="time = 0"):
        training.utilisation(1e20, 8, 1e14, 0)
