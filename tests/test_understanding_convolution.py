"""The words of the article on convolution, as far as they are claims about numbers."""

import statistics

import hwcalc
from hwcalc import catalog
from hwcalc.cnn_time import inference_throughput, training_throughput
from hwcalc.cnn_work import macs_by_kind
from hwcalc.convolution import Convolution, convolution_flops
from hwcalc.convolution_runs import CARDS, deepbench, layers_2015, libraries_2016
from hwcalc.convolution_time import convolution_machine
from tests.accuracy.convolution import REGIMES
from tests.accuracy.regimes import errors
from tests.accuracy.tables import table

CHIPS, NETWORKS = catalog.accelerators(), catalog.convnets()


def test_the_first_layer_is_counted_as_the_text_says() -> None:
    """0.118 billion multiply-accumulates, 118,013,952 to be exact."""
    layer = Convolution(1, 3, 64, 224, 224, (7, 7), (2, 2), (3, 3))
    assert convolution_flops(layer) / 2 == 118_013_952


def test_what_was_measured_on_the_4090() -> None:
    """The two rates of the footnote are rows of a table, and 2.3 times apart."""
    rates = {
        row["network"]: row["images_per_s"]
        for row in table("cnn_timm_infer_4090_nhwc")
        if row["side"] == 224 and row["batch"] == 512
    }
    assert (round(rates["resnet50"]), round(rates["mobilenet-v2"])) == (5088, 11768)
    assert round(rates["mobilenet-v2"] / rates["resnet50"], 1) == 2.3
    predicted = inference_throughput(NETWORKS["resnet50"], CHIPS["rtx-4090"], 512, "fp16")
    assert abs(predicted / rates["resnet50"] - 1) < 0.06


def test_every_layer_in_16_bits_is_a_matrix_product() -> None:
    """None by FFT, none by Winograd; in FP32 both occur, and nearly all 3 x 3 are Winograd's."""
    assert {run.way for run in deepbench("v100_half")} == {"Matrix product"}
    assert {run.way for run in deepbench("v100")} == {"Matrix product", "Winograd", "FFT"}
    small = [
        run for run in deepbench("v100") if (run.layer.kernel, run.layer.stride) == ((3, 3), (1, 1))
    ]
    assert sum(run.way == "Winograd" for run in small) > 0.85 * len(small)
    assert all(len(deepbench(card)) == 82 for card in CARDS)


def test_the_page_shows_rows_of_the_measured_tables() -> None:
    """Data for the page and the tables of the tests were taken from one benchmark."""
    measured = {
        (row["batch"], row["in_channels"], row["out_channels"], row["height"], row["time_us"])
        for row in table("convolution_deepbench_v100_sxm2_16gb_fp16")
        if row["direction"] == "forward"
    }
    for run in deepbench("v100_half"):
        layer = run.layer
        key = (layer.batch, layer.in_channels, layer.out_channels, layer.height)
        assert (*key, round(run.time * 1e6, 3)) in measured


def test_the_layers_of_2015_add_up_to_the_sum_of_their_page() -> None:
    """The FFT library's forward passes took 101 ms in all, as the benchmark's summary says."""
    assert round(sum(layer.fft for layer in layers_2015()) * 1e3) == 101


def test_networks_of_2016_are_the_tested_ones() -> None:
    """VGG-11 by Winograd's algorithm: 64 images in 320 ms."""
    rows = [row for row in table("cnn_soumith_titan_x") if row["engine"] == "Nervana neon"]
    vgg = next(r for r in rows if r["network"] == "vgg11" and r["phase"] == "training")
    shown = next(
        run for run in libraries_2016() if run.network == "VGG-11" and "neon" in run.library
    )
    assert round(shown.batch / shown.both) == round(vgg["images_per_s"])


def test_shares_that_the_text_rounds() -> None:
    """A quarter of the peak, eight times the rate, a fourteenth, 60 microseconds."""
    card = hwcalc.run("network_cost")
    achieved = card["achieved"].value / CHIPS["rtx-4090"].peak["fp16"]
    assert 0.22 < achieved < 0.28
    peak = CHIPS["v100-sxm2-16gb"].peak
    assert round(peak["fp16"] / peak["fp32"]) == 8
    macs = macs_by_kind(NETWORKS["mobilenet-v2"])
    assert round(sum(macs.values()) / macs["depthwise"]) in (14, 15)
    host = convolution_machine(CHIPS["rtx-4090"]).constants["host"]
    assert 55e-6 < host < 65e-6


def test_depthwise_layers_are_the_longest_part_of_training_a_mobilenet() -> None:
    """In inference it is what lies between the layers."""
    settings = {"network": "mobilenet-v2", "other": "resnet50"}
    assert hwcalc.run("network_cost", **settings, training=True)["longest"].text == "depthwise"
    assert hwcalc.run("network_cost", **settings)["longest"].text != "depthwise"


def test_a_classic_that_arithmetic_limits() -> None:
    """VGG-16 gains more from a faster chip than from a faster memory, ResNet-50 does not."""
    vgg, resnet = (hwcalc.run("network_cost", network=key) for key in ("vgg16", "resnet50"))
    assert vgg["by_peak"].value > vgg["by_bandwidth"].value
    assert resnet["by_peak"].value < resnet["by_bandwidth"].value


def test_how_far_the_models_are_off() -> None:
    """The fractions of the section on what the models leave out."""
    layers = [r for r in REGIMES if r.name.startswith("convolution-")]
    networks = [r for r in REGIMES if r.name.startswith("cnn-")]

    def median(found: list[float]) -> float:
        return statistics.median(map(abs, found))

    every = [e for r in layers for e in errors(r)]
    assert 1850 < len(every) < 1950
    assert median(every) < 1 / 6
    assert median([e for r in layers if not r.fitted for e in errors(r)]) < 1 / 5
    assert median([e for r in networks if not r.fitted for e in errors(r)]) < 1 / 10
    old = next(r for r in networks if "soumith" in r.name)
    assert 0.3 < statistics.median(errors(old)) < 0.4
    training = next(r for r in networks if "dle-resnet50-training" in r.name)
    a100 = [
        error
        for error, row in zip(errors(training), training.rows, strict=True)
        if (row["accelerator"], row["dtype"]) == ("a100-sxm-80gb", "fp16")
    ]
    assert -0.2 < a100[0] < -0.13


def test_channels_first_waste_bandwidth_in_training() -> None:
    """On an H100 more than half of the speed, on an RTX 4090 a fraction of it."""
    lost = {
        key: 1
        - training_throughput(NETWORKS["resnet50"], CHIPS[key], 512, "fp16", "nchw")
        / training_throughput(NETWORKS["resnet50"], CHIPS[key], 512, "fp16", "nhwc")
        for key in ("h100-sxm", "a100-sxm-80gb", "rtx-4090")
    }
    assert lost["h100-sxm"] > 0.4
    assert lost["a100-sxm-80gb"] > 0.4
    assert lost["rtx-4090"] < 0.3
