"""All regimes; a topic joins by its module's list."""

from tests.accuracy import attention, collectives, matmul
from tests.accuracy.regimes import Regime

ALL: tuple[Regime, ...] = (
    *matmul.REGIMES,
    *attention.REGIMES,
    *collectives.REGIMES,
)
