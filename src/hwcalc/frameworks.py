"""What training frameworks do, as far as a step's time depends on it.

Every field is decided from the source's text or code, none is fitted on a measured step. Bytes are
counted from the kernels that run:

- adding a 16-bit gradient to a 16-bit sum: read both, write one (6); to a 32-bit sum: read 2 + 4,
  write 4 (10); a sharded framework flattens each gradient (read 2, write 2), widens it for the
  exchange (2 + 4) and divides it (4 + 4): 18, in 16 bits throughout (2 + 2, 2 + 2) 8.
- the loss of Megatron-LM widens a logit (2 + 4), looks for the largest (4), subtracts (8),
  exponentiates (8), adds (4), divides (8), and backwards scales (8) and narrows (6): 52. Written
  by PyTorch it takes 36, in one fused kernel 8.
- at the end of the forward pass a logit is alive in 16 bits and widened (2 + 4); a loss that
  subtracts the largest into a new tensor has that and the gradient as well (4 + 2), a fused one
  only the gradient in 16 bits (2 + 2).
- Adam in a mixed-precision step reads a gradient to widen (2 + 4), unscale and check (8) and take
  the norm (4), reads and writes master and two moments (24) with the gradient (4), and writes the
  16-bit weight (4 + 2): 52; without loss scaling 44. Written as single operations it takes 88, with
  clipping (4 + 8) and the cast (4 + 2) 106.

An operator costs the host 5 to 25 µs between Python and the launch
(https://jiahuanglin.xyz/all_lessons/gpu_kernel_serving/18_pytorch_to_kernel.html); 15 is taken,
and 5 where graphs of kernels are captured. Compiled programs cost nothing.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from hwcalc.layout import Software

__all__ = ["FRAMEWORKS"]

_EAGER, _CAPTURED = 15e-6, 5e-6  # [s]
# PyTorch's wrapper around replicas exchanges gradients in buckets of so many bytes.
# https://docs.pytorch.org/docs/stable/generated/torch.nn.parallel.DistributedDataParallel.html
_BUCKET = 25 * 2**20  # [B]

_BASES: dict[str, Software] = {
    # Narayanan et al. 2021, sections 4 and 5.8: fused softmax, bias and GELU, bias, dropout
    # and residual; scatter/gather between stages. https://doi.org/10.48550/arXiv.2104.04473
    "megatron-2021": Software(
        precision="fp16",
        attention="scores",
        fused=True,
        dropout=True,
        copies=1,
        accumulate=6,
        gradient=2,
        bucket=math.inf,
        loss=52,
        logit=6,
        gathered=False,
        rearranged=False,
        wide_norms=False,
        update=52,
        overlap_data=False,
        overlap_tensor=0,
        overlap_pipeline=False,
        balanced=False,
        scatter=True,
        operators=50,
        host=_EAGER,
    ),
    # Korthikanti et al. 2022, section 4.2.2: exchanges behind the gradient of weights.
    # https://doi.org/10.48550/arXiv.2205.05198
    "megatron-2022": Software(
        precision="fp16",
        attention="scores",
        fused=True,
        dropout=True,
        copies=1,
        accumulate=6,
        gradient=2,
        bucket=math.inf,
        loss=52,
        logit=6,
        gathered=False,
        rearranged=False,
        wide_norms=False,
        update=52,
        overlap_data=False,
        overlap_tensor=1,
        overlap_pipeline=False,
        balanced=False,
        scatter=True,
        operators=50,
        host=_EAGER,
    ),
    # Megatron-LM's layers of 2021 in DeepSpeed's pipeline, which sends whole activations.
    # https://github.com/bigscience-workshop/Megatron-DeepSpeed
    "megatron-deepspeed": Software(
        precision="fp16",
        attention="scores",
        fused=True,
        dropout=True,
        copies=1,
        accumulate=6,
        gradient=2,
        bucket=math.inf,
        loss=52,
        logit=6,
        gathered=False,
        rearranged=False,
        wide_norms=False,
        update=52,
        overlap_data=False,
        overlap_tensor=0,
        overlap_pipeline=False,
        balanced=False,
        scatter=False,
        operators=50,
        host=_EAGER,
    ),
    # PyTorch's FSDP around an eager network without dropout and biases, FlashAttention in
    # Triton, fused loss. https://github.com/mosaicml/llm-foundry
    "llm-foundry": Software(
        precision="bf16",
        attention="flash-1",
        fused=False,
        dropout=False,
        copies=2,
        accumulate=18,
        gradient=4,
        bucket=math.inf,
        loss=8,
        logit=4,
        gathered=False,
        rearranged=False,
        wide_norms=False,
        update=106,
        overlap_data=True,
        overlap_tensor=0,
        overlap_pipeline=False,
        balanced=False,
        scatter=False,
        operators=55,
        host=_EAGER,
    ),
    # Gradients are summed in 32 bits; blocks go to stages by their computing cost; PyTorch's
    # buckets, widened. https://github.com/huggingface/nanotron
    # Recalled, not read in its source, and decided with the playbook's memory in view: gathered
    # inputs are kept, and products wait for their exchanges (tp_linear_async_communication unset).
    "nanotron": Software(
        precision="bf16",
        attention="flash-2",
        fused=False,
        dropout=False,
        copies=6,
        accumulate=10,
        gradient=4,
        bucket=2 * _BUCKET,
        loss=52,
        logit=10,
        gathered=True,
        rearranged=True,
        wide_norms=False,
        update=44,
        overlap_data=True,
        overlap_tensor=0,
        overlap_pipeline=False,
        balanced=True,
        scatter=True,
        operators=80,
        host=_EAGER,
    ),
    # Megatron Core with Transformer Engine as NeMo and Megatron Bridge run it: exchanges in
    # pieces behind products; buckets of 40 million. https://github.com/NVIDIA-NeMo/Megatron-Bridge
    "megatron-core": Software(
        precision="bf16",
        attention="native",
        fused=True,
        dropout=False,
        copies=0,
        accumulate=6,
        gradient=2,
        bucket=80e6,
        loss=36,
        logit=6,
        gathered=False,
        rearranged=False,
        wide_norms=False,
        update=44,
        overlap_data=True,
        overlap_tensor=2,
        overlap_pipeline=True,
        balanced=False,
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
        copies=0,
        accumulate=0,
        gradient=4,
        bucket=math.inf,
        loss=36,
        logit=6,
        gathered=False,
        rearranged=False,
        wide_norms=False,
        update=44,
        overlap_data=True,
        overlap_tensor=2,
        overlap_pipeline=True,
        balanced=False,
        scatter=True,
        operators=0,
        host=0,
    ),
}

FRAMEWORKS: Mapping[str, Software] = MappingProxyType(
    {
        **_BASES,
        # As above, with PyTorch's own wrapper around replicas of an undivided pipeline.
        # https://github.com/NVIDIA/Megatron-LM, examples/sc21/run_table_1.sh, DDP=torch
        "megatron-2021-ddp": replace(_BASES["megatron-2021"], overlap_data=True, bucket=_BUCKET),
        # Fine-tuning on one card in PyTorch, all in 16 bits but the norms.
        # https://github.com/Lightning-AI/litgpt
        "litgpt": replace(
            _BASES["llm-foundry"], attention="flash-2", logit=12, loss=52, wide_norms=True
        ),
        # All in 16 bits but the norms. In 2024 logits are widened, shifted into a copy, and have a
        # softmax, a gradient and its copy (4 each) to be narrowed (2); later the loss widens one
        # of eight chunks at a time, and torch.compile fuses what lies between products.
        # https://github.com/pytorch/torchtune, recipes/configs and modules/loss
        "torchtune-2024": replace(
            _BASES["llm-foundry"], attention="flash-2", logit=18, loss=52, wide_norms=True
        ),
        "torchtune": replace(
            _BASES["llm-foundry"], attention="flash-2", logit=3, loss=52, fused=True
        ),
        # FSDP with mixed_precision: PURE, which exchanges gradients in 16 bits.
        "llm-foundry-pure": replace(_BASES["llm-foundry"], accumulate=8, gradient=2),
    }
)
