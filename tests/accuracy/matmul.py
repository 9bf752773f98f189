"""Matrix multiplications: every table that was measured, large ones and all."""

import functools

from hwcalc import catalog, kernels
from hwcalc.machine import fitted, machine
from tests.accuracy.regimes import Regime
from tests.accuracy.tables import Row, table

LARGE = 10e9  # [FLOP]
SIXTEEN, EIGHT, SWEEP = (0.04, 0.12), (0.08, 0.25), (0.06, 0.18)

CHOICE = "Single shapes for which the library picks a slower kernel than for their neighbours."
THROTTLE = (
    "Kernels of more than a millisecond, whose clock the power limit lowers by up to 20 % in one "
    "run and not in the next: neighbouring shapes of the same size differ by as much."
)
OLD = (
    "A transposed first matrix, up to three times as slow as the same shape without; K of 500,000; "
    "and edges that no tile divides."
)
VARIANT = (
    "The table does not say which H100 it was; the SXM module is assumed. Its engine chooses other "
    "kernels for 768 and 1,536 rows."
)
BOOST = "The cards run above the clock of their data sheet, by up to a fifth."
NOISE = (
    "The same shape takes half or twice the time at neighbouring m; some rows are faster than the "
    "memory, from the 128 MiB beside the arrays."
)
TICKS = "Kernels of some 10 µs, timed in steps of 1 µs, with a different kernel at each m."

# table: accelerators, title, whether constants were fitted on it, the aim for its large
# multiplications, the bounds that hold (median and ninth of large ones, of all), and a remark.
Case = tuple[str, str, bool, tuple[float, float] | None, tuple[float, ...], str]
CASES: dict[str, Case] = {
    "matmul_aic_h100_bf16": (
        *("h100-sxm", "H100, BF16", True, SIXTEEN),
        *((0.04, 0.12, 0.06, 0.18), CHOICE),
    ),
    "matmul_aic_h100_fp8": (
        *("h100-sxm", "H100, FP8", True, EIGHT),
        *((0.08, 0.25, 0.06, 0.18), CHOICE),
    ),
    "matmul_aic_b200_bf16": (
        *("b200", "B200, BF16", True, SIXTEEN),
        *((0.042, 0.12, 0.06, 0.19), THROTTLE),
    ),
    "matmul_aic_b200_fp8": (
        *("b200", "B200, FP8", True, EIGHT),
        *((0.08, 0.25, 0.06, 0.18), THROTTLE),
    ),
    "matmul_aic_b200_nvfp4": (
        *("b200", "B200, FP4", True, EIGHT),
        *((0.08, 0.25, 0.06, 0.18), CHOICE),
    ),
    "matmul_aic_a100_bf16": (
        *("a100-sxm-80gb", "A100, BF16", True, SIXTEEN),
        *((0.04, 0.12, 0.06, 0.18), CHOICE),
    ),
    "matmul_aic_a100_int8_weights": (
        *("a100-sxm-80gb", "A100, 8-bit weights", True, EIGHT),
        *((0.08, 0.25, 0.06, 0.25), TICKS),
    ),
    "matmul_aic_a100_int4_weights": (
        *("a100-sxm-80gb", "A100, 4-bit weights", True, EIGHT),
        *((0.08, 0.25, 0.06, 0.285), TICKS),
    ),
    "matmul_lss_rtxpro6000": (
        *("rtx-pro-6000-blackwell-ws", "RTX PRO 6000, BF16", True, SIXTEEN),
        *((0.04, 0.12, 0.06, 0.18), CHOICE),
    ),
    "matmul_lss_v0_rtx3090": (
        *("rtx-3090", "RTX 3090, BF16", True, SIXTEEN),
        *((0.053, 0.146, 0.06, 0.185), CHOICE),
    ),
    "matmul_lss_v0_h100": (
        *("h100-sxm", "H100, BF16, another engine", False, SIXTEEN),
        *((0.045, 0.12, 0.06, 0.18), VARIANT),
    ),
    "matmul_deepbench_v100_fp16": (
        *("v100-sxm2-16gb", "V100, FP16, 2017", True, SIXTEEN),
        *((0.04, 0.12, 0.06, 0.29), OLD),
    ),
    "matmul_deepbench_v100_fp32": (
        *("v100-sxm2-16gb", "V100, FP32, 2017", True, None),
        *((0.034, 0.067, 0.057, 0.17), OLD),
    ),
    "matmul_deepbench_titan_xp_fp32": (
        *("titan-xp", "Titan Xp, FP32, 2017", True, None),
        *((0.043, 0.145, 0.107, 0.515), OLD),
    ),
    "matmul_deepbench_gtx_1080_ti_fp32": (
        *("gtx-1080-ti", "GTX 1080 Ti, FP32, 2017", False, None),
        *((0.137, 0.206, 0.163, 0.595), BOOST + " " + OLD),
    ),
    "matmul_deepbench_tesla_m40_fp32": (
        *("tesla-m40", "Tesla M40, FP32, 2016", True, None),
        *((0.043, 0.27, 0.056, 0.284), OLD),
    ),
    "matmul_deepbench_titan_x_fp32": (
        *("gtx-titan-x titan-x-pascal", "Titan X of Maxwell and Pascal, FP32, 2016", False, None),
        *((0.102, 0.37, 0.116, 0.5), BOOST + " " + OLD),
    ),
    "matmul_lss_v0_tpu_v6e_1": (
        *("tpu-v6e", "TPU v6e, BF16, a notebook's times", True, None),
        *((0.11, 0.41, 0.125, 1.37), NOISE),
    ),
    "matmul_best_shapes": (
        *("a100-pcie-80gb gh200-144gb h200-sxm", "A100 PCIe, GH200, H200: best shapes", False),
        *(
            SIXTEEN,
            (0.04, 0.12, 0.06, 0.18),
            "Cards of measured architectures. No constant was fitted on them, but the law of power "
            "was found with them in view.",
        ),
    ),
}


def measured(row: Row) -> float:
    """Return the time in seconds."""
    return float(row["time_us"]) * 1e-6


def predicted(row: Row, unmeasured: bool = False) -> float:
    """Predict as the table was measured: in a loop, and by engines with their conversion."""
    accelerator = catalog.accelerators()[row["accelerator"]]
    chip = machine(accelerator, fitted(accelerator, unmeasured))
    m, k, n, dtype = row["m"], row["k"], row["n"], row["dtype"]
    time = kernels.matmul_time(chip, m, k, n, dtype, repeated=True)
    engine = "matmul_aic" in row["table"]
    return time + kernels.quantise_time(chip, m * k, dtype) if engine else time


def large(row: Row) -> bool:
    """Tell a multiplication of at least 10 GFLOP."""
    return bool(2 * row["m"] * row["k"] * row["n"] >= LARGE)


# The same tables, predicted as if nobody had measured the architecture: bounds that hold.
UNMEASURED = {
    "matmul_aic_h100_bf16": (0.049, 0.149),
    "matmul_aic_h100_fp8": (0.111, 0.204),
    "matmul_aic_b200_bf16": (0.08, 0.17),
    "matmul_aic_b200_fp8": (0.07, 0.15),
    "matmul_aic_a100_bf16": (0.047, 0.139),
    "matmul_deepbench_v100_fp16": (0.105, 0.165),
    "matmul_lss_rtxpro6000": (0.07, 0.14),
    "matmul_lss_v0_rtx3090": (0.071, 0.201),
}


def _unmeasured(name: str, bounds: tuple[float, float]) -> Regime:
    """Make a regime of a table's large multiplications with the constants of the others."""
    return Regime(
        name=f"{name.replace('_', '-')}-unmeasured",
        title=f"Matrix multiplications, {CASES[name][1]}, architecture left out",
        rows=[row for row in table(name) if large(row)],
        measured=measured,
        predicted=functools.partial(predicted, unmeasured=True),
        unit="s",
        fitted=False,
        median=bounds[0],
        ninth=bounds[1],
        aim=None,
        remark=(
            "What a chip of an architecture that is not in the tables must expect. The three "
            "constants that all share were fitted with it among them."
        ),
    )


def _regimes(name: str, case: Case) -> list[Regime]:
    """Make a regime of a table's large multiplications and one of all."""
    accelerators, title, seen, aim, bounds, remark = case
    rows = [row for row in table(name) if row["accelerator"] in accelerators.split()]
    sweep = "aic" in name or "lss" in name
    return [
        Regime(
            name=f"{name.replace('_', '-')}-{part}",
            title=f"Matrix multiplications, {title}, {what}",
            rows=chosen,
            measured=measured,
            predicted=predicted,
            unit="s",
            fitted=seen,
            median=bounds[place],
            ninth=bounds[place + 1],
            aim=goal,
            remark=remark,
        )
        for part, what, chosen, place, goal in (
            ("large", "10 GFLOP and more", [row for row in rows if large(row)], 0, aim),
            ("all", "all", rows, 2, SWEEP if sweep and aim else None),
        )
    ]


REGIMES = (
    *(regime for name, case in CASES.items() for regime in _regimes(name, case)),
    *(_unmeasured(name, bounds) for name, bounds in UNMEASURED.items()),
)
