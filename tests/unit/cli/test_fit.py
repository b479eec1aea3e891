import pytest

from modelwright.cli.fit import default_output


@pytest.mark.parametrize(
    ("target", "name"),
    [("Churn", "Churn.onnx"), ("price in $/m²", "price_in_m².onnx"), ("../../etc", "etc.onnx"), ("?", "model.onnx")],
)
def test_the_default_name_is_one_that_file_systems_take(target: str, name: str) -> None:
    assert default_output(target) == name
