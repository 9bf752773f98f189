"""What training frameworks do, as far as a step's time depends on it.

Every field is decided from the source's text or code, none is fitted on a measured step. Bytes are
counted from the kernels that run:

- adding a 16-bit gradient to a 16-bit sum: read both, write one (6); to a 32-bit sum: read 2 + 4,
  write 4 (10); a sharded framework flattens each gradient (read 2, write 2), widens it for the
  exchange (2 + 4) and divides it (4 + 4): 16.
- the loss of Megatron-LM widens a logit (2 + 4), looks for the largest (4), subtracts (8),
  exponentiates (8), adds (4), divides (8), and backwards scales (8) and narrows (6): 52. Written
  by PyTorch it takes 36, in one fused kernel 8.
- Adam in a mixed-precision step reads a gradient to widen (2 + 4), unscale and check (8) and take
  the norm (4), reads and writes master and two moments (24) with the gradient (4), and writes the
  16-bit weight (4 + 2): 52; without loss scaling 44.

An operator costs the host 5 to 25 µs between Python and the launch
(https://jiahuanglin.xyz/all_lessons/gpu_kernel_serving/18_pytorch_to_kernel.html); 15 is taken,
and 5 where graphs of kernels are captured. Compiled programs cost nothing.
"""

from collections.abc import Mapping
from types import MappingProxyType

from hwcalc.layout import Software

__all__ = ["FRAMEWORKS"]

_EAGER, _CAPTURED = 15e-6, 5e-6  # [s]

FRAMEWORKS: Mapping[str, Software] = MappingProxyType(
    {
        # Narayanan et al. 2021, sections 4 and 5.8: fused softmax, bias and GELU, bias, dropout
        # and residual; scatter/gather between stages. https://doi.org/10.48550/arXiv.2104.04473
        "megatron-2021": Software(
            precision="fp16",
            attention="scores",
            fused=True,
            dropout=True,
            accumulate=6,
            gradient=2,
            loss=52,
            update=52,
            overlap_data=False,
            overlap_tensor=0,
            overlap_pipeline=False,
            scatter=True,
            operators=45,
            host=_EAGER,
        ),
        # Korthikanti et al. 2022, section 4.2.2: exchanges behind the gradient of weights.
        # https://doi.org/10.48550/arXiv.2205.05198
        "megatron-2022": Software(
            precision="fp16",
            attention="scores",
            fused=True,
            dropout=True,
            accumulate=6,
            gradient=2,
            loss=52,
            update=52,
            overlap_data=False,
            overlap_tensor=1,
            overlap_pipeline=False,
            scatter=True,
            operators=45,
            host=_EAGER,
        ),
        # Megatron-LM's layers of 2021 in DeepSpeed's pipeline, which sends whole activations.
        # https://github.com/bigscience-workshop/Megatron-DeepSpeed
        "megatron-deepspeed": Software(
            precision="fp16",
            attention="scores",
            fused=True,
            dropout=True,
            accumulate=6,
            gradient=2,
            loss=52,
            update=52,
            overlap_data=False,
            overlap_tensor=0,
            overlap_pipeline=False,
            scatter=False,
            operators=45,
            host=_EAGER,
        ),
        # PyTorch's FSDP around an eager network without dropout and biases, FlashAttention in
        # Triton, fused loss. https://github.com/mosaicml/llm-foundry
        "llm-foundry": Software(
            precision="bf16",
            attention="flash-1",
            fused=False,
            dropout=False,
            accumulate=16,
            gradient=4,
            loss=8,
            update=60,
            overlap_data=True,
            overlap_tensor=0,
            overlap_pipeline=False,
            scatter=False,
            operators=40,
            host=_EAGER,
        ),
        # Gradients are summed in 32 bits; the column-parallel gather overlaps with the product of
        # the own shard, backwards as in Megatron-LM. https://github.com/huggingface/nanotron
        "nanotron": Software(
            precision="bf16",
            attention="flash-2",
            fused=False,
            dropout=False,
            accumulate=10,
            gradient=4,
            loss=52,
            update=44,
            overlap_data=True,
            overlap_tensor=1,
            overlap_pipeline=False,
            scatter=True,
            operators=50,
            host=_EAGER,
        ),
        # Megatron Core with Transformer Engine as NeMo and Megatron Bridge run it: exchanges in
        # pieces behind products. https://github.com/NVIDIA-NeMo/Megatron-Bridge
        "megatron-core": Software(
            precision="bf16",
            attention="native",
            fused=True,
            dropout=False,
            accumulate=6,
            gradient=2,
            loss=36,
            update=44,
            overlap_data=True,
            overlap_tensor=2,
            overlap_pipeline=True,
            scatter=True,
            operators=30,
            host=_CAPTURED,
        ),
        # One compiled program; sharded weights are gathered ahead.
        # https://github.com/AI-Hypercomputer/maxtext
        "maxtext": Software(
            precision="bf16",
            attention="native",
            fused=True,
            dropout=False,
            accumulate=0,
            gradient=4,
            loss=36,
            update=44,
            overlap_data=True,
            overlap_tensor=2,
            overlap_pipeline=True,
            scatter=True,
            operators=0,
            host=0,
        ),
    }
)
