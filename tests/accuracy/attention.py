"""Attention kernels: prompts and single tokens."""

from hwcalc import attention, catalog
from tests.accuracy.regimes import Regime
from tests.accuracy.tables import Row, impossible, table

SMALL = "Kernels below 30 µs, where the launch and the choice of how to split a sequence decide."
TRANSFER = (
    "The constants are the mean of A100, H100 and B200, whose engine is another one; below 20 µs "
    "that mean does not carry over. That keys and values come from memory, not from the cache, was "
    "concluded from these rows."
)


def measured(row: Row) -> float:
    """Return the time in seconds."""
    return float(row["time_us"]) * 1e-6


def prefill(row: Row) -> float:
    """Predict a prompt; the engine of the larger tables also rotates and fills its cache."""
    chip = catalog.accelerators()[row["accelerator"]]
    shape = row["batch"], row["tokens"], row["heads"], row["kv_heads"], row["head_dim"]
    time = attention.prefill_time(chip, *shape, window=row["tokens"], dtype=row["dtype"])
    engine = "_aic_" in row["table"]
    return time + attention.preparation_time(chip, *shape) if engine else time


def decode(row: Row) -> float:
    """Predict one token; the larger tables repeat one kernel, the others run a network."""
    return attention.decode_time(
        catalog.accelerators()[row["accelerator"]],
        *(row["batch"], row["cached"], row["kv_heads"], row["head_dim"], 2),
        window=row["cached"],
        repeated="_aic_" in row["table"],
    )


def _regime(name: str, title: str, fitted: bool, ninth: float, remark: str) -> Regime:
    return Regime(
        name=name.replace("_", "-"),
        title=f"Attention, {title}",
        rows=[row for row in table(name) if not impossible(row)],
        measured=measured,
        predicted=decode if "decode" in name else prefill,
        unit="s",
        fitted=fitted,
        median=0.15,
        ninth=ninth,
        aim=(0.15, 1.0),
        remark=remark,
    )


REGIMES = (
    _regime("attention_aic_a100_prefill", "prompts, A100", True, 0.13, SMALL),
    _regime("attention_aic_h100_prefill", "prompts, H100", True, 0.12, SMALL),
    _regime("attention_aic_b200_prefill", "prompts, B200", True, 0.15, SMALL),
    _regime("attention_lss_rtxpro6000_prefill", "prompts, RTX PRO 6000", False, 0.22, TRANSFER),
    _regime("attention_aic_a100_decode", "single tokens, A100", True, 0.22, SMALL),
    _regime("attention_aic_h100_decode", "single tokens, H100", True, 0.16, SMALL),
    _regime("attention_aic_b200_decode", "single tokens, B200", True, 0.15, SMALL),
    _regime(
        "attention_lss_rtxpro6000_decode", "single tokens, RTX PRO 6000", False, 0.21, TRANSFER
    ),
)
