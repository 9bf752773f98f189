"""llama.cpp on one card and several: limits whose answer is obvious, and mistakes others made."""

from typing import Any

import numpy as np
import pytest

from hwcalc import catalog
from hwcalc.gguf import BLOCKS, FORMS, gguf_active_bytes, gguf_bytes
from hwcalc.llama_cpp import RELEASES, fitted_constants, generation_time, prompt_time
from tests.accuracy.llama_cpp import CUDA, GAMING, GPT_OSS, PRO, measured, rows
from tests.accuracy.tables import table
from tests.fit_llama_cpp import FITTED, STAGES, fit, loss, text

CHIPS, NETWORKS = catalog.accelerators(), catalog.transformers()
LLAMA, LARGE, GPT = NETWORKS["llama3-8b"], NETWORKS["llama3-70b"], NETWORKS["gpt-oss-120b"]
CARD = CHIPS["rtx-4090"]


def rate(chip: str, network: str, form: str, cached: float = 64, cards: float = 1) -> float:
    """Tokens/s of a release of 2025."""
    accelerator = CHIPS[chip]
    times = generation_time(accelerator, NETWORKS[network], form, cached, cards, "2025")
    return 1 / sum(times.values())


def test_a_refit_gives_the_committed_constants() -> None:
    """Whoever doubts a constant can compute it: the file is what the search finds."""
    found = fit()
    assert set(found) == set(fitted_constants())
    for name, value in fitted_constants().items():
        np.testing.assert_allclose(found[name], value, rtol=0.005, err_msg=name)
    assert FITTED.read_text(encoding="utf-8") == text(fitted_constants())


def test_every_constant_matters() -> None:
    """A constant that could be anything would be typed, not fitted: a quarter off is worse."""
    for _, names, chosen in STAGES:
        value = loss(chosen())
        least = value(dict(fitted_constants()))
        for name in names:
            for factor in (0.75, 1.33):
                moved = {**fitted_constants(), name: fitted_constants()[name] * factor}
                assert value(moved) > least + 1e-4, (name, factor)


def test_gaming_cards_are_not_fitted_on() -> None:
    """The error shown for them is that of a prediction."""
    for _, _, chosen in STAGES:
        assert GAMING not in {row["table"] for row in chosen()}


@pytest.mark.parametrize("name", [PRO, GAMING, CUDA, GPT_OSS])
def test_no_measured_rate_beats_its_floor(name: str) -> None:
    """A token reads its weights once, from one card after the other: faster is a wrong number."""
    for row in rows(name, "decode"):
        chip, network = CHIPS[row["accelerator"]], NETWORKS[row["network"]]
        moved = sum(gguf_active_bytes(network, row["form"]).values())
        assert measured(row) < chip.bandwidth / moved, row
        assert sum(gguf_bytes(network, row["form"]).values()) < row["cards"] * chip.memory
        assert row["source"]


def test_rows_left_out_are_those_of_several_sequences() -> None:
    """Rows may be left out for what they are, not for how far the model is off."""
    out = [
        row
        for name in (PRO, GAMING, CUDA, GPT_OSS)
        for row in table(name)
        if row not in (*rows(name, "decode"), *rows(name, "prefill"))
    ]
    assert len(out) == 12
    assert all(row["sequences"] > 1 for row in out)


def test_a_prediction_stays_below_the_floor() -> None:
    """No card writes faster than its memory can be read, in any release."""
    for name in ("rtx-3090", "rtx-5090", "h100-sxm", "apple-m2-ultra", "rx-7900-xtx", "mi300x"):
        for form in FORMS:
            for release in RELEASES:
                times = generation_time(CHIPS[name], LLAMA, form, 0, 1, release)
                floor = sum(gguf_active_bytes(LLAMA, form).values()) / CHIPS[name].bandwidth
                assert sum(times.values()) > floor


def test_a_mixture_of_experts_is_stored_whole_and_read_in_part() -> None:
    """Memory follows all parameters, speed the active ones: the usual mistake swaps them."""
    stored = sum(gguf_bytes(GPT, "mxfp4").values())
    assert stored == pytest.approx(59.02 * 2**30, rel=0.005)  # the published file
    assert sum(gguf_active_bytes(GPT, "mxfp4").values()) < stored / 15
    assert rate("rtx-pro-6000-blackwell-ws", "gpt-oss-120b", "mxfp4") > 5 * rate(
        "rtx-pro-6000-blackwell-ws", "llama3-70b", "q8_0"
    )


def test_a_dense_network_reads_all_but_the_embedding() -> None:
    """A token looks one row of the embedding up and multiplies with everything else."""
    whole, read = gguf_bytes(LLAMA, "f16"), gguf_active_bytes(LLAMA, "f16")
    assert sum(whole.values()) - sum(read.values()) == 2 * LLAMA.vocab * LLAMA.hidden
    tied = NETWORKS["gemma3-4b"]
    assert gguf_active_bytes(tied, "f16")["head"] == gguf_bytes(tied, "f16")["head"] > 0


def test_fewer_bits_are_fewer_bytes() -> None:
    """A mixture lies between its finest and its coarsest block."""
    total = sum(gguf_bytes(LLAMA, "f32").values()) / 4
    for form, rules in FORMS.items():
        blocks = [BLOCKS[rule.split()[0]] for rule in rules.values()]
        size = sum(gguf_bytes(LLAMA, form).values()) / total
        assert 0.999 * min(blocks) <= size <= max(max(blocks), 2.0 if form == "bf16" else 0) * 1.002


@pytest.mark.parametrize(
    ("form", "size"),
    [("q2_k", 3.18e9), ("q4_k_s", 4.69e9), ("q5_k_m", 5.73e9), ("q6_k", 6.6e9), ("q8_0", 8.54e9)],
)
def test_sizes_are_those_of_published_files(form: str, size: float) -> None:
    """Llama 3 8B as listed beside its files, in GB; nobody has to know "about 4.8 bits"."""
    assert sum(gguf_bytes(LLAMA, form).values()) == pytest.approx(size, rel=0.004)


def test_more_context_and_layers_take_longer() -> None:
    """A step that becomes faster with more work is a bug seen in a peer."""
    times = [rate("rtx-4090", "llama3-8b", "q4_k_m", cached) for cached in (0, 512, 4096, 8192)]
    assert times == sorted(times, reverse=True)
    assert rate("rtx-4090", "llama3-70b", "q2_k") < rate("rtx-4090", "llama3-8b", "q2_k")
    prompts = [
        sum(prompt_time(CARD, LLAMA, "q4_k_m", tokens, 1, "2025").values())
        for tokens in (1, 100, 512, 513, 2048, 8192)
    ]
    assert prompts == sorted(prompts)


def test_cards_that_share_the_layers_take_turns() -> None:
    """A second card gives room, not speed: llama.cpp's default split cannot write faster."""
    assert rate("rtx-3090", "llama3-8b", "q4_k_m", cards=2) < rate(
        "rtx-3090", "llama3-8b", "q4_k_m"
    )


def test_bandwidth_alone_does_not_decide() -> None:
    """An A100 has 2.1 times the bandwidth of an RTX 3090; with four bits it measured 1.2 times."""
    ratio = rate("a100-pcie-80gb", "llama3-8b", "q4_k_m") / rate("rtx-3090", "llama3-8b", "q4_k_m")
    assert 1.1 < ratio < 1.4


def test_arrays_equal_numbers() -> None:
    """A sweep over contexts or prompts is the same calculation."""
    tokens: Any = np.array([1.0, 500.0, 512.0, 3000.0])
    for function in (generation_time, prompt_time):
        for chip in (CARD, CHIPS["apple-m2-ultra"]):
            for release in RELEASES:
                for network in (LLAMA, GPT):
                    swept = function(chip, network, "q4_k_m", tokens, 2, release)
                    for place, value in enumerate(tokens):
                        one = function(chip, network, "q4_k_m", float(value), 2, release)
                        for part, time in one.items():
                            parts = np.broadcast_to(swept[part], tokens.shape)
                            assert parts[place] == pytest.approx(time, rel=1e-12), part


def test_what_cannot_run_is_refused() -> None:
    """A wrong choice is an error with what may be chosen instead."""
    with pytest.raises(ValueError, match=r"llama\.cpp does not run on Google TPU v5p"):
        generation_time(CHIPS["tpu-v5p"], LLAMA, "q4_k_m", 0, 1, "2025")
    with pytest.raises(ValueError, match="form = 'q7'"):
        generation_time(CARD, LLAMA, "q7", 0, 1, "2025")
    with pytest.raises(ValueError, match="release = '2023'"):
        prompt_time(CARD, LLAMA, "q4_k_m", 512, 1, "2023")
    with pytest.raises(ValueError, match="cards"):
        prompt_time(CARD, LLAMA, "q4_k_m", 512, 1.5, "2025")


def test_every_gpu_gets_an_answer() -> None:
    """Clock, multiprocessors or rates that are not published must not stop a prediction."""
    answered = 0
    for chip in CHIPS.values():
        if chip.kind in ("tpu", "asic"):
            continue
        for release in RELEASES:
            for form in ("q4_k_m", "f16"):
                write = sum(generation_time(chip, LLAMA, form, 512, 1, release).values())
                read = sum(prompt_time(chip, LLAMA, form, 512, 1, release).values())
                assert 0 < read < 512 * write < 1000
        answered += 1
    assert answered > 90


def test_cards_of_one_chip_read_alike() -> None:
    """Two entries of one chip, one with a published 16-bit rate of its lanes, one without."""
    times = [
        sum(prompt_time(CHIPS[name], LLAMA, "q4_0", 512, 1, "2025").values())
        for name in ("p100-pcie-16gb", "p100-sxm2", "mi50", "radeon-vii")
    ]
    assert 0.7 < times[0] / times[1] < 1.5
    assert 0.7 < times[2] / times[3] < 1.5
