"""Does it fit: published reference points, and searches that find the largest number."""

import math

import pytest

from hwcalc import catalog
from hwcalc.activations import layer_activation_bytes
from hwcalc.blocks import shape
from hwcalc.card_memory import (
    OPTIMIZER_STATES,
    fine_tuning_memory,
    inference_memory,
    largest_fit,
)
from hwcalc.frameworks import FRAMEWORKS
from hwcalc.layout import Layout
from tests.accuracy.tables import table

NETWORKS = catalog.transformers()
LLAMA, LARGE = NETWORKS["llama3.1-8b"], NETWORKS["llama1-65b"]
CARD = 24 * 2**30


def inference(tokens: float = 8192, cards: float = 1, batch: float = 1) -> float:
    """Memory of Llama 3.1 8B in four bits."""
    parts = inference_memory(LLAMA, "q4_k_m", batch, tokens, 2, cards, 0.0)
    return sum(parts.values())


def training(frozen: str = "", zero: float = 0, cards: float = 1, **changed: float) -> float:
    """Memory of fine-tuning Llama 3.1 8B."""
    asked = {"batch": 1.0, "tokens": 2048.0, "rank": 8.0, "recompute": 2.0, **changed}
    parts = fine_tuning_memory(
        LLAMA, frozen, optimizer="mixed", cards=cards, zero=zero, reserve=0.0, **asked
    )
    return sum(parts.values())


def test_qlora_fits_where_full_training_does_not() -> None:
    """65 billion parameters: more than 780 GB in full, below 48 GB through QLoRA (the paper)."""
    full = fine_tuning_memory(LARGE, "", 1, 512, "mixed", 64, 2, 1, 0, 0.0)
    states = sum(v for k, v in full.items() if k.startswith(("weights", "grad", "master", "mom")))
    assert states > 780e9
    narrow = fine_tuning_memory(LARGE, "nf4-double", 1, 512, "8bit", 64, 2, 1, 0, 0.0)
    assert sum(narrow.values()) < 48e9


def test_bytes_of_a_parameter_are_the_published_ones() -> None:
    """AdamW in mixed precision keeps 16 bytes, or 18 with gradients in 32 bits."""
    total = shape(LLAMA).total
    for optimizer, size in (("mixed", 16), ("mixed-fp32-gradients", 18), ("bf16", 8)):
        parts = fine_tuning_memory(LLAMA, "", 1, 128, optimizer, 8, 2, 1, 0, 0.0)
        kept = ("weights", "gradients", "master", "moments")
        states = sum(v for k, v in parts.items() if k.startswith(kept))
        assert states == pytest.approx(size * total, rel=1e-9), optimizer


def test_activations_are_some_dozens_of_copies_of_the_hidden_state() -> None:
    """A layer keeps 20 to 50 vectors of 16 bits for each token, published for Llama 3.1 8B: 28.

    Where a compiler fuses what lies between products, it keeps fewer.
    """
    layout = Layout(1, 1, 1, 1, 1, 1, 1, 1, 0, 0, False)

    def copies(software: str) -> float:
        parts = layer_activation_bytes(shape(LLAMA), layout, 32768, FRAMEWORKS[software], 0)
        return sum(parts.values()) / (2 * 32768 * LLAMA.hidden)

    assert 20 < copies("litgpt") < 30
    assert 15 < copies("torchtune") < copies("litgpt")


def test_a_layer_of_llama_keeps_seven_gigabytes_at_most_of_32_768_tokens() -> None:
    """28 copies are 7 GiB for 32,768 tokens; with attention in blocks no program keeps more.

    What the published 28 copies are is not said, and they are no property of the network: the
    models count tensors by program, 17 to 23 copies.
    """
    assert 28 * 2 * 32768 * LLAMA.hidden == 7 * 2**30
    layout = Layout(1, 1, 1, 1, 1, 1, 1, 1, 0, 0, False)
    for software in ("litgpt", "torchtune-2024", "llm-foundry", "nanotron", "torchtune"):
        kept = layer_activation_bytes(shape(LLAMA), layout, 32768, FRAMEWORKS[software], 0)
        assert 17 <= sum(kept.values()) / (2 * 32768 * LLAMA.hidden) <= 23, software


def test_measured_steps_that_ran_on_a_card_fit_it() -> None:
    """What torchtune ran on an RTX 4090 must not be refused one."""
    for row in table("training_memory_torchtune"):
        if row["accelerator"] == "rtx-4090" and row["frozen"] == "nf4-double":
            parts = fine_tuning_memory(
                NETWORKS[row["network"]], "nf4-double", row["micro_batch"], row["sequence"],
                "bf16", row["rank"], row["recompute"], 1, 0, 0.0,
            )  # fmt: skip
            assert sum(parts.values()) < CARD


def test_work_in_order_of_its_memory() -> None:
    """Inference in four bits, QLoRA, LoRA, full training."""
    sizes = [inference(2048), training("nf4-double"), training("bf16"), training()]
    assert sizes == sorted(sizes)
    assert sizes[-1] > 10 * sizes[0]


def test_more_cards_and_stages_need_less_of_each() -> None:
    """Sharding and splitting never cost memory, beyond the layer gathered."""
    assert inference(cards=2) < inference()
    stages = [training(zero=zero, cards=8) for zero in (0, 1, 2, 3)]
    assert stages == sorted(stages, reverse=True)
    assert training("bf16", zero=3, cards=8) < training("bf16", zero=0, cards=8)


def test_more_work_needs_more() -> None:
    """Memory grows with batch and length, in every kind of work."""
    assert inference(16384) > inference(8192)
    assert inference(batch=4) > inference()
    for frozen in ("", "bf16", "nf4"):
        assert training(frozen, tokens=4096.0) > training(frozen)
        assert training(frozen, batch=2.0) > training(frozen)
        assert training(frozen, recompute=0.0) > training(frozen)


@pytest.mark.parametrize("memory", [8.5e9, 16e9, 24e9, 80e9])
def test_the_largest_that_fits_fits_and_one_more_does_not(memory: float) -> None:
    """Whether memory is a straight line in the number or has a bend."""
    window = NETWORKS["gemma3-12b"]

    def bent(tokens: float) -> float:
        return sum(inference_memory(window, "q4_k_m", 1, tokens, 2, 1, 0.0).values())

    for memory_of in (inference, bent):
        found = largest_fit(memory_of, memory, 131072)
        if 0 < found < 131072:
            assert memory_of(found) <= memory < memory_of(found + 1)
        elif found:
            assert memory_of(131072) <= memory
        else:
            assert memory_of(1) > memory


def test_a_search_meets_its_ends() -> None:
    """Nothing fits, or everything does."""
    assert largest_fit(lambda _: 2.0, 1.0, 64) == 0
    assert largest_fit(lambda _: 2.0, 3.0, 64) == 64
    assert largest_fit(lambda count: count**2, 100.0, 64) == 10
    assert largest_fit(lambda count: math.sqrt(count), 3.0, 64) == 9
    assert largest_fit(lambda count: count, 1.0, 1) == 1


def test_wrong_choices_are_refused() -> None:
    """A mistake is named with what would be right."""
    with pytest.raises(ValueError, match=", ".join(OPTIMIZER_STATES)):
        fine_tuning_memory(LLAMA, "", 1, 2048, "adamx", 8, 2, 1, 0, 0.0)
    with pytest.raises(ValueError, match="most"):
        largest_fit(lambda count: count, 1.0, 1.5)
