"""Performance models of deep-learning hardware, and the calculators built on them."""

from hwcalc.calculator import run

__all__ = ["run"]
__version__ = "0.1.0"
