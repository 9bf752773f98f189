r"""All-reduce by the kernels of inference engines (vLLM, SGLang, TensorRT-LLM) inside one node.

With tensor parallelism a token costs two small all-reduces in every layer, so engines bring their
own kernel, launched from a recorded graph: every rank reads the buffers of all others directly.
In one shot each adds up everything; in two, each adds up its $n$-th part and fetches the others.

Left out: what surrounds the call outside a graph, where it takes 20 to 120 µs whatever its size.
"""

from hwcalc.collective_time import collective_time, local_rate
from hwcalc.fabric import Fabric
from hwcalc.numeric import check_count, check_non_negative, minimum, where

__all__ = ["engine_all_reduce_time"]


def engine_all_reduce_time(size: float, ranks: float, fabric: Fabric) -> float:
    r"""Return the time of an engine's all-reduce in one node.

    A fit: the fastest of one shot, two shots and the library's `collective_time`, to which engines
    turn for long messages and where cards cannot read each other's memory:

    $$ t_1 = \epsilon \lambda + \frac{(n - 1) S}{\sigma_1 B}, \qquad
       t_2 = \epsilon \lambda + \theta \alpha + \frac{2 (n - 1)}{n} \frac{S}{\sigma_2 B} $$

    with the launch $\lambda$, step $\alpha$ and rate $B$ of the fabric.

    Args:
        size: Buffer of each rank, $S$. [B]
        ranks: Participants, all in one node, $n$. [1]
        fabric: What joins them. [1]

    Returns:
        Time of the operation; zero for one rank. [s]

    Raises:
        ValueError: If size is negative or ranks is not a whole number of at least 1.

    References:
        vLLM, https://github.com/vllm-project/vllm/blob/main/csrc/custom_all_reduce.cuh;
        constants: data/fitted/collectives.toml

    Examples:
        Eight H100 and the 8 KiB of one token of a 4,096-wide network; measured were 3.5 to 5 µs.

        >>> from hwcalc import catalog
        >>> from hwcalc.fabric import fabric
        >>> node = fabric(catalog.accelerators()["h100-sxm"], "link", 0.0)
        >>> 3e-6 < engine_all_reduce_time(8192, 8, node) < 6e-6
        True
    """
    check_non_negative(size=size)
    check_count(ranks=ranks)
    library = collective_time("all_reduce", size, ranks, ranks, fabric)
    if fabric.crowding or fabric.axes:
        return library
    protocol = fabric.protocol
    rate = local_rate(ranks, fabric)
    launch = protocol.engine_launch * fabric.launch
    sent = 2 * (ranks - 1) / ranks * size
    one = launch + (ranks - 1) * size / (protocol.engine_one_shot * rate)
    two = launch + protocol.engine_steps * fabric.step + sent / (protocol.engine_two_shot * rate)
    return where(ranks > 1, minimum(library, one, two), 0.0)
