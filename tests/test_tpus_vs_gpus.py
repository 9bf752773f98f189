"""The article on TPUs and GPUs: its calculators reach the reference points, its words hold.

Numbers in the article come from the calculators; words such as "half" or "a third" do not, and
each of them is a test here.
"""

import statistics

import pytest

import hwcalc
from hwcalc import published
from hwcalc.calculator import InputError, Toggle, load
from hwcalc.llama_runs import llama_runs, share_of_peak
from hwcalc.networks import transformers
from hwcalc.transformer import parameter_count

CALCULATORS = (
    "tile_traffic",
    "matmul_roofline",
    "ridge_points",
    "matmul_measured",
    "bert_runs",
    "mlperf_bert",
    "pod_runs",
    "chip_growth",
    "torus_or_switch",
    "pod_or_cluster",
    "transformer_training_time",
    "training_run_cost",
)


@pytest.mark.parametrize("calculator", CALCULATORS)
def test_runs_at_start_low_and_high(calculator: str) -> None:
    """Every control can stand at either end without anything but a stated rule being broken."""
    loaded = load(calculator)
    assert loaded.run({}).results
    for name, control in loaded.controls.items():
        if isinstance(control, Toggle):
            ends: list[object] = [True, False]
        else:  # a Choice has no ends; its options need not all have the rates asked for
            ends = [getattr(control, end) for end in ("low", "high") if hasattr(control, end)]
        for end in ends:
            try:
                answered: object = loaded.run({name: end}).results
            except InputError as refused:  # more chips than a pod has, or than the memory allows
                answered = "take " in str(refused)
            assert answered


def test_the_switch_of_2018_flips_the_verdict() -> None:
    """On TPU v2 the example waits for arithmetic, or for memory if counted as in 2018."""
    assert hwcalc.run("matmul_roofline")["limit"].text == "arithmetic"
    assert hwcalc.run("matmul_roofline", counting="2018")["limit"].text == "memory"
    assert hwcalc.run("matmul_roofline", counting="no-reuse")["intensity"].value == 64


@pytest.mark.parametrize("device", ["tpu-v2", "v100-sxm2-32gb", "tpu-v6e", "h100-sxm", "b200"])
def test_one_row_makes_every_chip_wait_for_memory(device: str) -> None:
    """With a single row all chips of the chart are limited by memory."""
    assert hwcalc.run("matmul_roofline", device=device, m=1)["limit"].text == "memory"


def test_rows_at_the_ridge_point_divide_memory_from_arithmetic() -> None:
    """At 16 bits and with large weights the limit changes near as many rows as the ridge point."""
    ridge = hwcalc.run("matmul_roofline", device="h100-sxm")["ridge"].value
    large = {"device": "h100-sxm", "k": 65536, "n": 65536}
    below = hwcalc.run("matmul_roofline", **large, m=round(0.95 * ridge))
    above = hwcalc.run("matmul_roofline", **large, m=round(1.05 * ridge))
    assert (below["limit"].text, above["limit"].text) == ("memory", "arithmetic")


def test_arithmetic_outlasts_moving_each_matrix_once() -> None:
    """On both chips of the example, and the V100 finishes first."""
    answer = hwcalc.run("tile_traffic")
    _, once_tpu, _, once_gpu = answer["countings"].rows[2][1:]
    assert answer["arithmetic"].value > once_tpu
    assert answer["rival_arithmetic"].value > once_gpu
    assert answer["rival_arithmetic"].value < answer["arithmetic"].value


def test_no_reuse_and_arithmetic_bars_of_tpu_v2_are_equally_long() -> None:
    """The 128 array of TPU v2 feeds itself to within 1 %."""
    answer = hwcalc.run("tile_traffic")
    assert answer["countings"].rows[1][2] == pytest.approx(answer["arithmetic"].value, rel=0.01)


def test_deepbench_took_three_times_its_roofline() -> None:
    """18 microseconds for 1,024 x 512 with 512 x 700: the bound is a third of it."""
    bound = hwcalc.run("matmul_roofline", device="v100-sxm2-32gb", m=1024, k=512, n=700)
    assert bound["time"].value / 18e-6 == pytest.approx(1 / 3, abs=0.02)


def test_measured_tpu_takes_twice_as_long_with_the_matrix_turned() -> None:
    """Below 512 tokens the TPU needs about twice the time for MLP out, the H100 about the same."""
    times = {
        (row.accelerator.id, row.layer, row.m): row.time for row in published.multiplications()
    }
    for chip, expected in (("tpu-v6e", 1.94), ("h100-sxm", 1.05)):
        ratio = statistics.median(
            times[chip, "down_proj", m] / times[chip, "gate_proj", m]
            for m in (2, 4, 8, 16, 32, 64, 128, 256)
        )
        assert ratio == pytest.approx(expected, abs=0.05)


def test_h100_finishes_a_small_batch_in_about_half_the_time() -> None:
    """Measured at 64 tokens the TPU takes 1.85 times as long; the bounds say 2.05."""
    times = {
        row.accelerator.id: row.time
        for row in published.multiplications()
        if row.layer == "gate_proj" and row.m == 64
    }
    assert times["tpu-v6e"] / times["h100-sxm"] == pytest.approx(1.85, abs=0.01)
    assert hwcalc.run("matmul_measured")["bound_ratio"].value == pytest.approx(2.05, abs=0.01)


def test_v100_runs_lie_between_a_quarter_and_a_half() -> None:
    """Of the two-phase runs on V100 none used less than 25 % or more than 50 % of the peak."""
    shares = [
        row[4]
        for row in hwcalc.run("bert_runs")["runs"].rows
        if "V100" in row[1] and "LAMB" in row[2]
    ]
    assert len(shares) >= 8
    assert min(shares) > 0.25
    assert max(shares) < 0.5


def test_the_same_bert_three_times_faster_on_as_many_v100() -> None:
    """Both runs behind the heading are on 64 V100, half a year and a factor of three apart."""
    answer = hwcalc.run("bert_runs")
    assert "64 V100, 2019-03" in answer["first"].label
    assert "64 V100, 2019-09" in answer["alike"].label
    assert answer["gain"].value == pytest.approx(2.93, abs=0.01)


def test_new_a100_below_the_old_v100() -> None:
    """In June 2020 256 A100 with TensorFlow used less of their peak than 256 V100 in 2019."""
    shares = {row[1]: row[4] for row in hwcalc.run("bert_runs")["runs"].rows}
    assert shares["NVIDIA TensorFlow, 256 A100 40 GB"] < shares["NVIDIA PyTorch, 256 V100"]


def test_mlperf_pairs_are_about_a_fifth_apart_at_most() -> None:
    """The ratio of times stays within 0.8 and 1.21, weighed by peak or not."""
    for per_peak in (False, True):
        answer = hwcalc.run("mlperf_bert", per_peak=per_peak)
        ratios = [answer[f"ratio_{chips}"].value for chips in (8, 16, 64)]
        assert 0.8 < min(ratios) < 1 < max(ratios) < 1.21


def test_measured_speed_gives_the_published_reference() -> None:
    """NVIDIA's speeds on 8 V100 are 4.07 days and 46 % of the peak."""
    answer = hwcalc.run("transformer_training_time", measured=True)
    assert answer["time"].value / 86400 == pytest.approx(4.07, abs=0.005)
    assert answer["reached"].value == pytest.approx(0.46, abs=0.005)


def test_impossible_speed_is_refused() -> None:
    """A speed that would need more than the peak is answered with what to change."""
    with pytest.raises(ValueError, match="lower the speed or add devices"):
        hwcalc.run("transformer_training_time", measured=True, speed=100_000)


def test_cost_of_the_reference_run() -> None:
    """256 A100 for 1.2 h at $2.45 an hour are 307 device-hours, $753 and 123 kWh."""
    share = next(
        row[4]
        for row in hwcalc.run("bert_runs")["runs"].rows
        if row[1] == "NVIDIA PyTorch, 256 A100"
    )
    answer = hwcalc.run(
        "training_run_cost",
        recipe="bert-lamb",
        offer="a100-runpod-2026-11",
        price=2.45,
        utilisation=100 * share,
        devices=256,
        watts=400,
        pue=1,
    )
    assert answer["device_hours"].value == pytest.approx(307, abs=0.5)
    assert answer["rent"].value == pytest.approx(753, abs=1)
    assert answer["energy"].value / 3.6e6 == pytest.approx(123, abs=0.5)


def test_one_h100_is_listed_at_three_times_another() -> None:
    """In November 2026 the dearest list price of an H100 is three times the cheapest."""
    prices = [
        rent.price
        for rent in published.rents().values()
        if rent.chip == "H100" and rent.date == "2026-11"
    ]
    assert max(prices) / min(prices) == pytest.approx(3, abs=0.1)


def test_newest_pairs_are_closer_than_those_of_mlperf() -> None:
    """TPU v7 over GB200 is near one at equal batch, and GB300 is ahead of both."""
    answer = hwcalc.run("pod_runs")
    assert answer["ratio_v7_gb200"].value == pytest.approx(0.98, abs=0.01)
    assert answer["ratio_v7_gb200_405b"].value == pytest.approx(0.88, abs=0.01)
    assert answer["ratio_v7_gb300"].value < 0.8
    runs = llama_runs()
    for tpu, gpu in (
        ("70b-v7-64-fp8", "70b-gb200-64-fp8"),
        ("405b-v7-256-fp8", "405b-gb200-256-fp8"),
    ):
        assert runs[tpu].layout.batch == runs[gpu].layout.batch
        assert runs[tpu].chips == runs[gpu].chips


def test_shares_of_the_peak_line_up() -> None:
    """Of one network in one format all use between 40 and 57 % of the peak, whoever made them."""
    shares = [share_of_peak(run, run.time) for run in llama_runs().values()]
    assert 0.4 < min(shares) < max(shares) < 0.57


def test_one_gpu_of_each_machine_takes_ten_times_as_long() -> None:
    """512 chips, one adapter each: ten times the torus; with machines filled not twice."""
    assert hwcalc.run("torus_or_switch")["ratio"].value < 2
    assert hwcalc.run("torus_or_switch", filled=False)["ratio"].value == pytest.approx(10, abs=0.3)


def test_all_to_all_goes_to_the_torus_first_and_to_the_switches_later() -> None:
    """On v5p against H100 the torus wins at 512 chips; at 4,096 it has lost."""
    answer = hwcalc.run("torus_or_switch", operation="all_to_all")
    assert answer["ratio"].value > 1.5
    assert answer["crossing"].text == "from 4,096 chips on"
    assert hwcalc.run("torus_or_switch", operation="all_to_all", chips=4096)["ratio"].value < 1


def test_a_rack_on_one_switch_takes_a_quarter_of_the_time() -> None:
    """64 GB200 on one switch against 4 x 4 x 4 TPU v7, all-to-all."""
    answer = hwcalc.run(
        "torus_or_switch", operation="all_to_all", tpu="tpu-v7", chips=64, gpu="gb200", node=72
    )
    assert answer["ratio"].value == pytest.approx(0.25, abs=0.03)


def test_a_slice_without_rings_takes_twice_as_long() -> None:
    """32 TPU v5p are no whole cube."""
    open_ends = hwcalc.run("torus_or_switch", closed=False, chips=32)["torus"].value
    assert open_ends / hwcalc.run("torus_or_switch", chips=32)["torus"].value == pytest.approx(
        2, abs=0.01
    )


def test_an_h100_has_a_ninth_of_its_links_towards_the_network() -> None:
    """450 GB/s to the switch, 50 to the adapter."""
    answer = hwcalc.run("torus_or_switch")
    assert answer["switch_links"].value / answer["network"].value == pytest.approx(9)


def test_what_the_step_of_a_pod_goes_into() -> None:
    """As set nearly a quarter is computed again; with short sequences most of it is waiting."""
    answer = hwcalc.run("pod_or_cluster")
    assert answer["repeated"].text == "each layer on TPUs, each layer on GPUs"
    rows = answer["parts"].marks
    again = next(bars for bars in rows if bars.series == "Computed again")
    assert again.values[0] / answer["torus"].value == pytest.approx(0.24, abs=0.02)
    short = hwcalc.run("pod_or_cluster", sequences=1, sequence=2048)
    assert min(short["torus_waits"].value, short["switch_waits"].value) > 0.5
    assert short["ratio"].value < 1  # the switch has more bytes per second
    pair = {"tpu": "tpu-v6e", "gpu": "h100-sxm", "node": 8, "chips": 256, "precision": "bf16"}
    assert hwcalc.run("pod_or_cluster", **pair)["ratio"].value == pytest.approx(1, abs=0.06)


def test_the_model_of_the_page_gives_the_measured_step() -> None:
    """64 TPU v7, four sequences each, FP8: 7.93 s measured."""
    assert hwcalc.run("pod_or_cluster")["torus"].value == pytest.approx(7.93, rel=0.03)


def test_arithmetic_outgrew_links() -> None:
    """NVIDIA's arithmetic grew less than Google's, its links more."""
    tpu, gpu = hwcalc.run("chip_growth"), hwcalc.run("chip_growth", family="nvidia")
    assert tpu["arithmetic"].value > gpu["arithmetic"].value > gpu["links"].value
    assert gpu["links"].value > tpu["links"].value


def test_the_network_is_two_hundred_times_as_large_as_bert() -> None:
    """70.6 billion parameters over 0.34."""
    networks = transformers()
    sizes = [parameter_count(networks[key], active=False) for key in ("llama3.1-70b", "bert-large")]
    assert sizes[0] / sizes[1] == pytest.approx(200, rel=0.1)
