"""Convolution models take arrays; apart, because Python in WebAssembly has no numpy."""

from typing import Any

import numpy as np
import pytest

from hwcalc import catalog
from hwcalc.cnn_time import inference_throughput, training_throughput
from hwcalc.convolution import PASSES, Convolution, convolution_flops, convolution_traffic
from hwcalc.convolution_time import convolution_time

LAYER = Convolution(16, 256, 512, 28, 28, (3, 3), padding=(1, 1))
SWEPT = {
    "batch": [1.0, 3.0, 64.0, 1000.0],
    "in_channels": [1.0, 8.0, 100.0, 512.0],
    "out_channels": [1.0, 64.0, 100.0, 2048.0],
    "height": [7.0, 28.0, 112.0, 300.0],
}


@pytest.mark.parametrize("name", SWEPT)
def test_layers_of_arrays_give_what_their_numbers_give(name: str) -> None:
    """Sweeps are the same calculation: one code path for browser and numpy."""
    values: list[Any] = [*SWEPT[name], np.array(SWEPT[name])]
    *layers, swept = (Convolution(**{**vars(LAYER), name: value}) for value in values)
    for count in (convolution_flops, lambda layer: convolution_traffic(layer, 2)):
        np.testing.assert_allclose(count(swept), [count(x) for x in layers], rtol=1e-12)
    for key, dtype in (("v100-sxm2-16gb", "fp32"), ("a100-sxm-80gb", "fp16")):
        chip = catalog.accelerators()[key]
        for direction in PASSES:
            for layout in ("nhwc", "nchw"):
                np.testing.assert_allclose(
                    convolution_time(chip, swept, direction, dtype, layout),
                    [convolution_time(chip, x, direction, dtype, layout) for x in layers],
                    rtol=1e-12,
                )


@pytest.mark.parametrize("throughput", [training_throughput, inference_throughput])
def test_batches_as_an_array_give_what_their_numbers_give(throughput: Any) -> None:
    """A curve over the batch is one call."""
    chip, network = catalog.accelerators()["rtx-4090"], catalog.convnets()["mobilenet-v2"]
    batches: Any = np.array([1.0, 7.0, 256.0])
    for dtype in ("fp32", "fp16"):
        np.testing.assert_allclose(
            throughput(network, chip, batches, dtype),
            [throughput(network, chip, float(n), dtype) for n in batches],
            rtol=1e-12,
        )
