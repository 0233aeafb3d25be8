"""`python -m rehearsal.functions_host [folder]`: serves the built Function app as Azure's host would.

Microsoft's own worker library indexes and invokes the app; this file is the part of the host that cannot be installed:
anonymous HTTP routes, and the queue trigger (base64, visibility, five readings, then the poison queue).
Not here: keys, scaling, host.json's retries, timers. Environment: AzureWebJobsStorage, and what the app reads.
"""

import asyncio
import contextlib
import json
import logging
import os
import re
import sys
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import azure_functions_runtime as worker
from azure.core.exceptions import ResourceExistsError
from azure.storage.queue import QueueClient, QueueMessage, TextBase64DecodePolicy, TextBase64EncodePolicy

from rehearsal import places
from rehearsal.json_server import Answer, Request, Server
from rehearsal.worker_messages import PROTOS, Message

logger = logging.getLogger("functions_host")
POLL_S = 0.1  # ours; Azure's host begins at 0.1 s and slows down to host.json's maxPollingInterval
HIDDEN_S = 600  # how long a message is hidden while it is worked on; Azure's host renews it instead


@dataclass(frozen=True)
class Function:
    """One indexed function and its trigger binding."""

    id: str
    name: str
    trigger: dict[str, Any]


class App:
    """The app inside the worker library, whose calls all run on one event loop."""

    def __init__(self, folder: Path) -> None:
        os.chdir(folder)
        sys.path.insert(0, str(folder))
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        worker.start_threadpool_executor()
        init = Message(capabilities={}, function_app_directory=str(folder))
        started = self._call(worker.worker_init_request, worker_init_request=init)
        if started.result.status != PROTOS.StatusResult.Success:
            raise SystemExit(f"the app cannot be indexed: {started.result.exception.message}")
        found = self._call(worker.functions_metadata_request).function_metadata_results or []
        self.functions = [self._load(metadata) for metadata in found]

    def _load(self, metadata: Any) -> Function:
        request = Message(function_id=metadata.function_id, metadata=metadata)
        self._call(worker.function_load_request, function_load_request=request)
        bindings = [json.loads(binding) for binding in metadata.raw_bindings]
        trigger = next(binding for binding in bindings if binding["type"].lower().endswith("trigger"))
        return Function(metadata.function_id, metadata.name, trigger)

    def _call(self, function: Any, **request: Any) -> Any:
        properties = {"host": "127.0.0.1", "protos": PROTOS}
        message = Message(request=Message(**request), properties=properties, **request)
        return asyncio.run_coroutine_threadsafe(function(message), self._loop).result()

    def invoke(self, function: Function, data: Any, metadata: dict[str, Any]) -> Any:
        """What the function returned, or None with a log line when it raised. The second value tells which."""
        invocation = Message(
            invocation_id=str(uuid.uuid4()),
            function_id=function.id,
            input_data=[Message(data=data, name=function.trigger["name"])],
            trigger_metadata=metadata,
            trace_context=Message(trace_parent="", trace_state="", attributes={}),
            retry_context=Message(retry_count=0, max_retry_count=0),
        )
        answer = self._call(worker.invocation_request, invocation_request=invocation)
        done = answer.result.status == PROTOS.StatusResult.Success
        if not done:
            logger.error("%s failed: %s", function.name, answer.result.exception.message)
        return answer.return_value, done


class Routes:
    """The HTTP triggers. This host has no keys, so it opens only what is indexed as anonymous."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._functions = [f for f in app.functions if f.trigger["type"] == "httpTrigger"]

    def answer(self, request: Request) -> Answer:
        """404 without a route, 401 where a key is asked for, 500 when the function raised, else what it answered."""
        found = self._find(request)
        if found is None:
            return Answer(404)
        function, params = found
        if function.trigger.get("authLevel", "").lower() != "anonymous":
            return Answer(401)
        given = PROTOS.RpcHttp(
            method=request.method,
            url=request.base + request.path,
            headers={name.lower(): value for name, value in request.headers.items()},
            query=request.query,
            params=params,
            body=PROTOS.TypedData(bytes=request.body),
        )
        returned, done = self._app.invoke(function, PROTOS.TypedData(http=given), {})
        answer = Answer(int(returned.http.status_code), returned.http.body.bytes) if done else Answer(500)
        logger.info("%s %s%s %d", request.method, request.base, request.path, answer.status)
        return answer

    def _find(self, request: Request) -> tuple[Function, dict[str, str]] | None:
        for function in self._functions:
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", f"/api/{function.trigger['route']}")
            match = re.fullmatch(pattern, request.path, re.IGNORECASE)
            if match and request.method in [method.upper() for method in function.trigger["methods"]]:
                return function, match.groupdict()
        return None


class Trigger:
    """One queue trigger."""

    def __init__(self, app: App, function: Function, settings: dict[str, Any]) -> None:
        self._app, self._function = app, function
        self._readings, self._batch = settings["maxDequeueCount"], settings["batchSize"]
        hours, minutes, seconds = (int(part) for part in settings["visibilityTimeout"].split(":"))
        self._retry_s = hours * 3600 + minutes * 60 + seconds
        name, connection = function.trigger["queueName"], os.environ[function.trigger["connection"]]
        self._queue, self._poison = _queue(connection, name), _queue(connection, f"{name}-poison")

    def poll(self) -> None:
        """Never returns."""
        while True:
            for message in self._queue.receive_messages(max_messages=self._batch, visibility_timeout=HIDDEN_S):
                self._take(message)
            time.sleep(POLL_S)

    def _take(self, message: QueueMessage) -> None:
        metadata = {
            "Id": PROTOS.TypedData(string=message.id),
            "DequeueCount": PROTOS.TypedData(json=str(message.dequeue_count)),
            "PopReceipt": PROTOS.TypedData(string=message.pop_receipt),
        }
        _, done = self._app.invoke(self._function, PROTOS.TypedData(string=message.content), metadata)
        if not done and (message.dequeue_count or 0) < self._readings:
            self._queue.update_message(message, visibility_timeout=self._retry_s)
            return
        if not done:
            self._poison.send_message(message.content)
        self._queue.delete_message(message)


def _queue(connection: str, name: str) -> QueueClient:
    encode, decode = TextBase64EncodePolicy(), TextBase64DecodePolicy()
    queue = QueueClient.from_connection_string(
        connection, name, message_encode_policy=encode, message_decode_policy=decode
    )
    with contextlib.suppress(ResourceExistsError):
        queue.create_queue()
    return queue


class JsonFormatter(logging.Formatter):
    """A log line with the facts that `extra` gave it."""

    STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        facts = {name: value for name, value in vars(record).items() if name not in self.STANDARD}
        said = {"at": record.created, "from": record.name, "level": record.levelname, "said": record.getMessage()}
        return json.dumps({**said, **facts})


def main() -> None:
    """Serves until it is ended."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for library in ("azure", "azure_functions_runtime", "botocore"):
        logging.getLogger(library).setLevel(logging.WARNING)
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else places.AZURE_PACKAGE).resolve()
    app = App(folder)
    settings = json.loads((folder / "host.json").read_text())["extensions"]["queues"]
    for function in app.functions:
        if function.trigger["type"] == "queueTrigger":
            threading.Thread(target=Trigger(app, function, settings).poll, daemon=True).start()
    Server(places.FUNCTIONS_PORT, Routes(app).answer, places.TLS).serve_forever()


if __name__ == "__main__":
    main()
