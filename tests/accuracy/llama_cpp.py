"""What llama.cpp reaches on one card, on several, and on Apple chips, as its users measured it.

May 2024: Llama 3 on 16 kinds of GPU; the workstation and datacentre cards were fitted on, the
gaming cards were not. From 2025: Llama 2 7B on ten GPUs, fitted on, and gpt-oss-120b.
"""

import functools
from collections.abc import Callable, Mapping

from hwcalc import catalog
from hwcalc.llama_cpp import generation_time, prompt_time
from tests.accuracy.regimes import Regime
from tests.accuracy.tables import Row, table
from tests.accuracy.training import ANY

PRO, GAMING = "llamacpp_xd_pro", "llamacpp_xd_gaming"
CUDA, GPT_OSS = "llamacpp_cuda_15013", "llamacpp_gptoss120b"


@functools.cache
def rows(name: str, phase: str) -> tuple[Row, ...]:
    """Return the rows of a table with one sequence at a time: no other is modelled."""
    return tuple(row for row in table(name) if row["phase"] == phase and row["sequences"] == 1)


def predicted(row: Row, constants: Mapping[str, float] | None = None) -> float:
    """Predict the tokens/s of a row; llama-bench writes after an empty context."""
    chip = catalog.accelerators()[row["accelerator"]]
    network = catalog.transformers()[row["network"]]
    form, cards, release = row["form"], row["cards"], str(int(row["release"]))
    if row["phase"] == "decode":
        # Its tokens come after 0, 1, 2 … others: half of them in the mean.
        cached = row["tokens"] / 2
        parts = generation_time(chip, network, form, cached, cards, release, constants)
        return 1 / sum(parts.values())
    parts = prompt_time(chip, network, form, row["tokens"], cards, release, constants)
    return float(row["tokens"] / sum(parts.values()))


def measured(row: Row) -> float:
    """Return the tokens/s of a row."""
    return float(row["rate"])


def one_card(row: Row) -> bool:
    """Tell the rows of one card."""
    return bool(row["cards"] == 1)


def apple(row: Row) -> bool:
    """Tell the rows of Apple chips."""
    return str(row["accelerator"]).startswith("apple")


def _not_apple(row: Row) -> bool:
    return not apple(row)


def pick(name: str, phase: str, keep: Callable[[Row], bool]) -> tuple[Row, ...]:
    """Return the rows of a table and a phase that pass a test."""
    return tuple(row for row in rows(name, phase) if keep(row))


def _regime(
    name: str,
    title: str,
    chosen: tuple[Row, ...],
    fitted: bool,
    bound: tuple[float, float],
    aim: tuple[float, float] | None,
    remark: str,
) -> Regime:
    return Regime(
        name=name,
        title=title,
        rows=chosen,
        measured=measured,
        predicted=predicted,
        unit="tokens/s",
        fitted=fitted,
        median=bound[0],
        ninth=bound[1],
        aim=aim,
        remark=remark,
    )


REGIMES = (
    _regime(
        "generation-llamacpp-pro",
        "llama.cpp writing, May 2024, workstation and datacentre GPUs, 1 and 4 cards",
        rows(PRO, "decode"),
        True,
        (0.034, 0.10),
        (0.15, ANY),
        "Four A100 SXM are slower than four A100 PCIe in the table itself. Cards of GDDR6 with "
        "error correction (A40, L40S) are 5 to 10 % slower than predicted.",
    ),
    _regime(
        "generation-llamacpp-gaming",
        "llama.cpp writing, May 2024, gaming GPUs, 1 to 8 cards",
        rows(GAMING, "decode"),
        False,
        (0.048, 0.115),
        (0.15, ANY),
        "Six and eight cards, whose handovers took half as long as the fitted ones.",
    ),
    _regime(
        "generation-llamacpp-cuda",
        "llama.cpp writing, 2025, ten GPUs from RTX 3060 to H100",
        rows(CUDA, "decode"),
        True,
        (0.047, 0.09),
        (0.15, ANY),
        "Only the cost of a launch was fitted here; the rest is of 2024.",
    ),
    _regime(
        "generation-llamacpp-gptoss",
        "llama.cpp on a DGX Spark, gpt-oss-120b, writing and reading",
        (*pick(GPT_OSS, "decode", _not_apple), *pick(GPT_OSS, "prefill", _not_apple)),
        False,
        (0.108, 0.125),
        None,
        "One row each. The source does not say how long its prompts are; its rates are those of "
        "512 tokens. The table's M2 Ultra gave the two constants of Apple chips. Rows of several "
        "sequences are not modelled.",
    ),
    _regime(
        "prompt-llamacpp-pro",
        "llama.cpp reading, May 2024, one workstation or datacentre GPU",
        pick(PRO, "prefill", one_card),
        True,
        (0.1, 0.39),
        (0.25, ANY),
        "In 16 bits the A100 SXM and the L40S read at a tenth and a third of their neighbours in "
        "the table itself; the H100 fills its matrix units least.",
    ),
    _regime(
        "prompt-llamacpp-gaming",
        "llama.cpp reading, May 2024, one gaming GPU",
        pick(GAMING, "prefill", one_card),
        False,
        (0.15, 0.27),
        (0.25, ANY),
        "Ada cards, which lose less of the library's speed than the cards fitted on.",
    ),
    _regime(
        "prompt-llamacpp-cards",
        "llama.cpp reading, May 2024, 2 to 8 GPUs of one kind",
        tuple(row for name in (PRO, GAMING) for row in rows(name, "prefill") if not one_card(row)),
        False,
        (0.16, 0.96),
        None,
        "With 70 billion parameters in four bits 2 and 4 cards read no faster than one: they did "
        "not work on different batches at a time, why is not documented.",
    ),
    _regime(
        "prompt-llamacpp-cuda",
        "llama.cpp reading, 2025, ten GPUs from RTX 3060 to H100",
        rows(CUDA, "prefill"),
        True,
        (0.08, 0.3),
        (0.25, ANY),
        "The A100 (33 % too fast) and the RTX 4090 (29 % too slow): operations for a "
        "multiprocessor and clock are not quite the same for all.",
    ),
)
