"""Memory of inference: what is stored, what is unpacked, and what a checkpoint holds."""

import pytest

from hwcalc import catalog
from hwcalc.serving_memory import WEIGHTS, plain_memory
from hwcalc.states import checkpoint_bytes
from tests.accuracy.inference_memory import BERT, encoder

NETWORKS = catalog.transformers()
LLAMA, FALCON = NETWORKS["llama2-7b"], NETWORKS["falcon-7b"]


def total(form: str, tokens: float = 128) -> float:
    """Memory of Llama 2 7B for one sequence."""
    return sum(plain_memory(LLAMA, form, 1, tokens, True).values())


def test_wide_weights_are_parameters_times_bytes() -> None:
    """Without a cache worth mentioning nothing else is there."""
    assert total("bf16", 1) == pytest.approx(2 * 6.738e9, rel=1e-3)
    assert total("fp32", 1) == pytest.approx(4 * 6.738e9, rel=1e-3)


def test_narrow_weights_are_unpacked_one_matrix_at_a_time() -> None:
    """Four bits save less than a factor of four: tables stay wide, the largest matrix is twice."""
    parts = plain_memory(LLAMA, "nf4", 1, 128, True)
    assert parts["workspace/unpacked"] == 2 * 2 * LLAMA.vocab * LLAMA.hidden
    assert 2.8 < total("bf16") / total("nf4") < 3.2
    assert total("nf4-double") < total("nf4") < total("int8") < total("bf16")


def test_a_head_stored_apart_is_counted() -> None:
    """Falcon's head is its embedding; a program that copies it needs 0.6 GB more in 16 bits."""
    shared, apart = (
        sum(plain_memory(FALCON, "bf16", 1, 128, shared).values()) for shared in (True, False)
    )
    assert apart - shared == 2 * FALCON.vocab * FALCON.hidden


def test_an_encoder_needs_more_for_longer_sequences_and_keeps_no_cache() -> None:
    """Scores grow with the square of the length."""
    sizes = [encoder(row) for row in BERT]
    assert sizes == sorted(sizes)
    parts = plain_memory(NETWORKS["bert-base"], "fp32", 8, 512, True)
    assert parts["cache/keys_values"] == 0
    longer = plain_memory(NETWORKS["bert-base"], "fp32", 8, 5120, True)
    assert 50 < longer["workspace/scores"] / parts["workspace/scores"] < 100


def test_a_checkpoint_of_adam_is_seven_times_its_weights() -> None:
    """2 bytes of weight against 2 + 4 + 8."""
    assert checkpoint_bytes(1e9, 2, 4, 8) == 7 * checkpoint_bytes(1e9, 2, 0, 0)


def test_wrong_choices_are_refused() -> None:
    """A mistake is named with what would be right."""
    with pytest.raises(ValueError, match=f"must be one of {', '.join(WEIGHTS)}"):
        total("nf5")
    with pytest.raises(ValueError, match="tokens"):
        total("nf4", 0)
    with pytest.raises(ValueError, match="parameters"):
        checkpoint_bytes(0, 2, 4, 8)
