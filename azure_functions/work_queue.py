"""The queue in which long work waits. A message becomes visible after its delay, so nobody sleeps in a function."""

from azure.core.exceptions import ResourceNotFoundError
from azure.identity import ManagedIdentityCredential
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from azure_functions import translate
from azure_functions.settings import Settings
from azure_functions.task import Task

NAME = "causeway-work"
KEPT_S = 3600  # longer than any task may take (turn.LIMIT)


class WorkQueue:
    """Azure's queue storage. The Functions host expects base64 text (its queue extension's default)."""

    def __init__(self, client: QueueClient) -> None:
        self._client = client

    def send(self, task: Task, delay_s: int) -> None:
        """Makes the task come up after `delay_s`. The first message ever creates the queue."""
        text = task.model_dump_json()
        with translate.azure("send to the queue"):
            try:
                self._client.send_message(text, visibility_timeout=delay_s, time_to_live=KEPT_S)
            except ResourceNotFoundError:
                self._client.create_queue()
                self._client.send_message(text, visibility_timeout=delay_s, time_to_live=KEPT_S)


def open_queue(settings: Settings, credential: ManagedIdentityCredential) -> WorkQueue:
    """By connection string where there is one, else by the app's identity."""
    encode = TextBase64EncodePolicy()
    if settings.storage_connection is not None:
        client = QueueClient.from_connection_string(settings.storage_connection, NAME, message_encode_policy=encode)
    else:
        client = QueueClient(settings.storage_queue_uri or "", NAME, credential, message_encode_policy=encode)
    return WorkQueue(client)
