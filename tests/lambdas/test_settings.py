"""A missing setting stops the cold start and names itself."""

import pytest
from pydantic import ValidationError

from lambdas import settings
from tests.lambdas.conftest import World


def _environment(made: settings.Settings) -> dict[str, str]:
    names = made.model_dump(mode="json", exclude={"spec", "region"})
    return {
        "AWS_REGION": made.region,
        "CAUSEWAY_SPEC": made.spec.model_dump_json(),
        **{f"CAUSEWAY_{name.upper()}": str(value) for name, value in names.items()},
    }


def test_the_environment_round_trips(world: World) -> None:
    assert settings.from_environment(_environment(world.settings)) == world.settings


@pytest.mark.parametrize("value", ["", None])
def test_a_missing_or_empty_value_is_named(world: World, value: str | None) -> None:
    environment = {key: text for key, text in _environment(world.settings).items() if key != "CAUSEWAY_TABLE"}
    with pytest.raises(ValidationError, match="table"):
        settings.from_environment(environment if value is None else {**environment, "CAUSEWAY_TABLE": value})
