"""Asks the Function to remove what is ours in Azure; it calls back when nothing of it is left."""

from typing import Any

from lambdas import settings, walk
from lambdas.clouds import function


@walk.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: object) -> None:
    """Returns nothing: the state is completed by the Function's callback."""
    here = settings.load()
    function.work(here.spec.azure, walk.azure_work(walk.parse(event, here), here, wanted=None))
