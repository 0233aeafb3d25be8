"""The frequency that a virtual machine is told does not depend on how busy this one is."""

import platform

import pytest

from rehearsal import tsc


@pytest.mark.skipif(platform.machine() != "x86_64", reason="no time stamp counter")
def test_two_measurements_of_the_counter_agree() -> None:
    one, other = tsc.khz.__wrapped__(), tsc.khz.__wrapped__()
    assert one == pytest.approx(other, rel=1e-4)
    assert one is not None
    assert 500_000 < one < 10_000_000
