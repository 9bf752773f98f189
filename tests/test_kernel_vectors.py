"""Kernel models take arrays; apart from the rest because Python in WebAssembly has no numpy."""

from typing import Any

import numpy as np

from hwcalc import attention, catalog, kernels
from hwcalc.machine import machine

CHIPS = catalog.accelerators()
H100 = machine(CHIPS["h100-sxm"])


def test_kernels_of_arrays_give_what_their_numbers_give() -> None:
    """Sweeps are the same calculation: one code path for browser and numpy."""
    m: Any = np.array([1, 17, 128, 1000, 4096, 16384], dtype=float)
    for dtype in ("bf16", "fp8", "fp4", "int4_weights"):
        chip = machine(CHIPS["b200"])
        for repeated in (False, True):
            swept = kernels.matmul_time(chip, m, 4096, m + 64, dtype, repeated)
            single = [
                kernels.matmul_time(chip, float(x), 4096, float(x) + 64, dtype, repeated) for x in m
            ]
            np.testing.assert_allclose(swept, single, rtol=1e-12)
        np.testing.assert_allclose(
            kernels.quantise_time(chip, m, dtype),
            [kernels.quantise_time(chip, float(x), dtype) for x in m],
            rtol=1e-12,
        )


def test_attention_of_arrays_gives_what_their_numbers_give() -> None:
    """Sweeps are the same calculation: one code path for browser and numpy."""
    tokens: Any = np.array([1, 100, 1024, 9000], dtype=float)
    swept = attention.prefill_time(H100, 1, tokens, 32, 8, 128, 4096, "bf16")
    single = [attention.prefill_time(H100, 1, float(t), 32, 8, 128, 4096, "bf16") for t in tokens]
    np.testing.assert_allclose(swept, single, rtol=1e-12)
    for repeated in (False, True):
        swept = attention.decode_time(H100, 64, tokens, 8, 128, 2, 4096, repeated)
        single = [
            attention.decode_time(H100, 64, float(t), 8, 128, 2, 4096, repeated) for t in tokens
        ]
        np.testing.assert_allclose(swept, single, rtol=1e-12)
    swept = attention.decode_latent_time(H100, 64, tokens, 128, 512, 64, 2, "bf16")
    single = [
        attention.decode_latent_time(H100, 64, float(t), 128, 512, 64, 2, "bf16") for t in tokens
    ]
    np.testing.assert_allclose(swept, single, rtol=1e-12)
