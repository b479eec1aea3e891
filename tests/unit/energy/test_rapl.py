from pathlib import Path

import pytest

from modelwright.energy.rapl import Rapl


def domain(folder: Path, address: str, name: str, count: int, most: int = 1_000_000) -> Path:
    path = folder / f"intel-rapl:{address}"
    path.mkdir(parents=True)
    (path / "name").write_text(name + "\n")
    (path / "energy_uj").write_text(str(count))
    (path / "max_energy_range_uj").write_text(str(most))
    return path / "energy_uj"


def test_packages_and_memory_are_added_and_nothing_is_counted_twice(tmp_path: Path) -> None:
    domain(tmp_path, "0", "package-0", 500_000)
    domain(tmp_path, "0:0", "core", 400_000)
    domain(tmp_path, "0:1", "dram", 100_000)
    domain(tmp_path, "1", "psys", 900_000)
    sensor = Rapl.found(tmp_path)
    assert sensor is not None
    assert sensor.joules() == pytest.approx(0.6)
    assert sensor.description.source.startswith("RAPL package + memory")


def test_a_counter_that_begins_again_is_followed(tmp_path: Path) -> None:
    counter = domain(tmp_path, "0", "package-0", 900_000)
    sensor = Rapl.found(tmp_path)
    assert sensor is not None
    first = sensor.joules()
    counter.write_text("100000")
    second = sensor.joules()
    counter.write_text("50000")
    third = sensor.joules()
    assert (first, second, third) == (pytest.approx(0.9), pytest.approx(1.1), pytest.approx(2.05))
    assert "memory" not in sensor.description.source


def test_a_counter_that_vanishes_is_gone_for_good(tmp_path: Path) -> None:
    counter = domain(tmp_path, "0", "package-0", 1)
    sensor = Rapl.found(tmp_path)
    assert sensor is not None
    counter.unlink()
    assert sensor.joules() is None
    counter.write_text("5")
    assert sensor.joules() is None


def test_a_counter_that_is_no_number_is_gone(tmp_path: Path) -> None:
    counter = domain(tmp_path, "0", "package-0", 1)
    sensor = Rapl.found(tmp_path)
    assert sensor is not None
    counter.write_text("?")
    assert sensor.joules() is None


def test_no_access_means_no_sensor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    domain(tmp_path, "0", "package-0", 1)

    def deny(self: Path, *_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_text", deny)
    assert Rapl.found(tmp_path) is None


def test_no_folder_and_no_package_mean_no_sensor(tmp_path: Path) -> None:
    assert Rapl.found(tmp_path / "none") is None
    domain(tmp_path, "0:0", "uncore", 1)
    assert Rapl.found(tmp_path) is None


def test_a_second_way_to_the_same_counter_and_dies_are_told_apart(tmp_path: Path) -> None:
    domain(tmp_path, "0", "package-0-die-0", 200_000)
    domain(tmp_path, "1", "package-0-die-1", 300_000)
    mapped = tmp_path / "intel-rapl-mmio:0"
    mapped.mkdir()
    (mapped / "name").write_text("package-0\n")
    (mapped / "energy_uj").write_text("200000")
    (mapped / "max_energy_range_uj").write_text("1000000")
    sensor = Rapl.found(tmp_path)
    assert sensor is not None
    assert sensor.joules() == pytest.approx(0.5)


def test_access_that_is_taken_away_later_ends_the_sensor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    domain(tmp_path, "0", "package-0", 1)
    sensor = Rapl.found(tmp_path)
    assert sensor is not None

    def deny(self: Path, *_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied", str(self))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", deny)
        assert sensor.joules() is None
    assert sensor.joules() is None, "a sum with a gap in it is not gone on with"


def test_a_range_that_cannot_be_read_means_no_sensor(tmp_path: Path) -> None:
    counter = domain(tmp_path, "0", "package-0", 1)
    (counter.parent / "max_energy_range_uj").unlink()
    assert Rapl.found(tmp_path) is None
