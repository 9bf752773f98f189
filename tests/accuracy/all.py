"""All regimes; a topic joins by its module's list."""

from tests.accuracy import (
    attention,
    collectives,
    convolution,
    encoder,
    forecasts,
    inference,
    inference_memory,
    llama_cpp,
    matmul,
    power,
    ranking,
    training,
    training_memory,
)
from tests.accuracy.regimes import Regime

ALL: tuple[Regime, ...] = (
    *matmul.REGIMES,
    *attention.REGIMES,
    *collectives.REGIMES,
    *training.REGIMES,
    *training_memory.REGIMES,
    *inference_memory.REGIMES,
    *encoder.REGIMES,
    *ranking.REGIMES,
    *llama_cpp.REGIMES,
    *inference.REGIMES,
    *power.REGIMES,
    *convolution.REGIMES,
    *forecasts.REGIMES,
)
