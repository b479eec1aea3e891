"""Energy from processor time alone, where no sensor can be read."""

from modelwright.energy.energy import Energy

WATTS = 6.0
LOW_WATTS = 2.0
HIGH_WATTS = 18.0
"""Watts per busy hardware thread, its share of the memory and the rest of the package included.

The ends are the design powers that makers name, divided by threads: 280 W over 128 threads of an AMD EPYC 7763 make
2.2; 253 W over the 24 cores of an Intel i9-13900K make 10.5, and one core alone at full clock draws more. The value
is the geometric mean of the ends. Cooling, power supplies and screens are not in it.
"""

SOURCE = "modelled from processor time at 6 W per busy thread (2 to 18, from makers' design powers), not measured"


def modelled(cpu_seconds: float) -> Energy:
    """Return the energy that so much processor time is likely to have used."""
    return Energy(WATTS * cpu_seconds, LOW_WATTS * cpu_seconds, HIGH_WATTS * cpu_seconds, SOURCE, cpu_seconds)
