"""What frameworks run for one layer of an encoder, kernel by kernel.

`Program` counts what lies between the matrix products: how often a value of the width, of the
MLP's width and of the scores goes through memory, and in how many kernels. Counts are read from
the code that ran, not fitted. A pass reads or writes a value once. The PyTorch layer, forward:

- the key, query and value of each head are copied together (6 of the width), the result of
  the attention back (2); two dropouts write a new tensor and a mask of a byte (4), two
  additions read two and write one (6), two norms read and write (4); a biased activation is two
  kernels (4 of the inner width)
- scores are divided, masked, exponentiated and dropped out, each by a kernel of its own (8)

and backward: norms read input and gradient twice (10), branches meet (12), dropouts (4), copies
(8), sums for biases (4 of the width, 1 of the inner), the activation (3), and of the scores dropout
(2), softmax (3) and the division (2). A compiler fuses chains of them: what remains are the reads
and writes at a chain's ends.

Two constants here are fitted, one for each framework, in data/fitted/encoder.toml: the cycles a
multiprocessor spends on a value in PyTorch's single kernels, which are not limited by bytes alone,
and the time between two kernels of a TensorFlow step.
"""

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hwcalc.datafile import DATA, load

__all__ = ["Passes", "Program", "programs"]


@dataclass(frozen=True)
class Passes:
    """Reads and writes between the products of one layer in one direction."""

    wide: float  # of a token's values of the network's width
    inner: float  # of those of the MLP's width
    scores: float  # of a score
    masks: float  # [B] of masks of dropout, for a score and for each of two widths
    kernels: float


@dataclass(frozen=True)
class Program:
    """What a framework does with an encoder; facts about its code but for `cycles` and `gap`."""

    name: str
    apart: bool  # queries, keys and values are three products
    value: float  # [B] of a value between products where these are mixed
    cycles: float  # [1] of a multiprocessor for each value read or written
    inference: Passes
    forward: Passes
    backward: Passes
    gap: float  # [s] between kernels
    update: tuple[float, float]  # [B] moved for a parameter in an update, mixed and plain FP32
    steps: tuple[float, float]  # kernels of an update for each tensor of parameters, likewise
    host: float  # [s] of the host for such a kernel
    bucket: float  # [B] of gradients that travel in one exchange


TENSORS = 16  # of parameters in a layer: four matrices of attention, two of the MLP, biases, norms
# Apex's optimizers take all tensors in a few kernels. FusedAdam with unscaling, norm and copy is
# 52 bytes (`hwcalc.frameworks`); LAMB reads and writes the update and takes two more norms.
FUSED = 0.1
EAGER = 15e-6  # [s] of the host for one operator, as in `hwcalc.frameworks`
LOGITS = 36  # [B] moved for a logit, forward and backward, as in `hwcalc.frameworks`


@functools.cache
def programs() -> Mapping[str, Program]:
    """Return the programs by id.

    Returns:
        Read-only mapping from id to program. [1]

    References:
        NVIDIA, DeepLearningExamples, PyTorch/LanguageModeling/BERT/modeling.py and
        TensorFlow/LanguageModeling/BERT/modeling.py,
        https://github.com/NVIDIA/DeepLearningExamples

    Examples:
        >>> programs()["pytorch"].apart, programs()["deepspeed"].apart
        (True, False)
    """
    fitted = load(DATA / "fitted" / "encoder.toml")["programs"]
    bucket = 25 * 2**20
    pytorch = {
        "apart": True,
        "value": 2.0,
        "cycles": fitted["pytorch_cycles"],
        "inference": Passes(18, 4, 6, 0, 13),
        "forward": Passes(24, 4, 8, 1, 16),
        "backward": Passes(38, 4, 7, 1, 26),
        "gap": 0.0,
        "host": EAGER,
        "bucket": bucket,
    }
    # Automatic mixed precision keeps softmax, powers and norms, and so their chains, in 32 bits.
    tensorflow = {
        "apart": True,
        "value": 4.0,
        "cycles": 0.0,
        "inference": Passes(20, 2, 4, 0, 14),
        "forward": Passes(24, 2, 8, 1, 14),
        "backward": Passes(34, 4, 7, 1, 20),
        "gap": fitted["tensorflow_gap"],
        "host": 0.0,
        "bucket": 64 * 2**20,
    }
    found = (
        # Fine-tuning: FusedAdam at 16 bits, but at 32 bits an Adam written in Python, 14 small
        # kernels for each tensor. run_squad.py
        Program("PyTorch, fine-tuning", update=(52, 106), steps=(FUSED, 14), **pytorch),
        # Pre-training: FusedLAMB at every precision. run_pretraining.py
        Program("PyTorch, pre-training", update=(58, 58), steps=(FUSED, FUSED), **pytorch),
        # XLA fuses chains; LAMB, compiled as well. https://github.com/NVIDIA/DeepLearningExamples
        Program("TensorFlow with XLA", update=(58, 58), steps=(FUSED, FUSED), **tensorflow),
        # Chains fused by hand into one kernel each, values in 16 bits; gradients of biases and
        # norms in the same pass. https://www.deepspeed.ai/2020/05/27/fastest-bert-training.html
        Program(
            "DeepSpeed",
            apart=False,
            value=2.0,
            cycles=0.0,
            inference=Passes(12, 2, 2, 0, 6),
            forward=Passes(16, 2, 4, 1, 7),
            backward=Passes(24, 3, 5, 1, 9),
            gap=0.0,
            update=(58, 58),
            steps=(FUSED, FUSED),
            host=EAGER,
            bucket=math.inf,
        ),
    )
    ids = ("pytorch", "pytorch-lamb", "tensorflow", "deepspeed")
    return MappingProxyType(dict(zip(ids, found, strict=True)))
