"""`python -m rehearsal.functions_host [folder]`: serves the built Function app as Azure's host would.

Microsoft's own worker library indexes and invokes the app; this file is the part of the host that cannot be installed:
HTTP routes with a function key, and the queue trigger (base64, visibility, five readings, then the poison queue).
Not here: scaling, host.json's retries, timers. Environment: FUNCTIONS_KEY, AzureWebJobsStorage, and what the app reads.
"""

import asyncio
import contextlib
import http.server
import json
import logging
import os
import re
import ssl
import sys
import threading
import time
import urllib.parse
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import azure_functions_runtime as worker
from azure.core.exceptions import ResourceExistsError
from azure.storage.queue import QueueClient, QueueMessage, TextBase64DecodePolicy, TextBase64EncodePolicy

from rehearsal import places
from rehearsal.worker_messages import PROTOS, Message

logger = logging.getLogger("functions_host")
POLL_S = 0.1  # ours; Azure's host begins at 0.1 s and slows down to host.json's maxPollingInterval


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
        os.environ.setdefault("FUNCTIONS_WORKER_RUNTIME", "python")
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        worker.start_threadpool_executor()
        started = self._call(
            worker.worker_init_request,
            worker_init_request=Message(capabilities={}, function_app_directory=str(folder)),
        )
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
        message = Message(request=Message(**request), properties={"host": "127.0.0.1", "protos": PROTOS}, **request)
        return asyncio.run_coroutine_threadsafe(function(message), self._loop).result()

    def invoke(self, function: Function, data: Any, metadata: dict[str, Any]) -> Any:
        """The worker's InvocationResponse."""
        bound = Message(data=data, name=function.trigger["name"])
        invocation = Message(
            invocation_id=str(uuid.uuid4()),
            function_id=function.id,
            input_data=[bound],
            trigger_metadata=metadata,
            trace_context=Message(trace_parent="", trace_state="", attributes={}),
            retry_context=Message(retry_count=0, max_retry_count=0),
        )
        return self._call(worker.invocation_request, invocation_request=invocation)


def _route(app: App, method: str, path: str) -> tuple[Function, dict[str, str]] | None:
    for function in app.functions:
        trigger = function.trigger
        if trigger["type"].lower() != "httptrigger" or method not in [m.upper() for m in trigger["methods"]]:
            continue
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", f"/api/{trigger['route']}")
        if match := re.fullmatch(pattern, path, re.IGNORECASE):
            return function, match.groupdict()
    return None


class Handler(http.server.BaseHTTPRequestHandler):
    """One request to the app."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    app: App
    key: str

    def log_message(self, format: str, *args: Any) -> None:
        """The address may hold the function key, so only the path and the answer are logged."""

    def _answer(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = _route(self.app, self.command, url.path)
        given = self.headers.get("x-functions-key") or dict(urllib.parse.parse_qsl(url.query)).get("code")
        if found is None:
            self._send(404, b"")
        elif given != self.key:
            self._send(401, b"")
        else:
            self._send(*self._invoke(found[0], found[1], body))

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = _answer

    def _invoke(self, function: Function, params: dict[str, str], body: bytes) -> tuple[int, bytes]:
        request = PROTOS.RpcHttp(
            method=self.command,
            url=f"https://{self.headers['Host']}{self.path}",
            headers={name.lower(): value for name, value in self.headers.items()},
            query=dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query)),
            params=params,
            body=PROTOS.TypedData(bytes=body),
        )
        data = PROTOS.TypedData(http=request)
        answer = self.app.invoke(function, data, {k: PROTOS.TypedData(string=v) for k, v in params.items()})
        if answer.result.status != PROTOS.StatusResult.Success:
            logger.error("%s failed: %s", function.name, answer.result.exception.message)
            return 500, b""
        http_answer = answer.return_value.http
        return int(http_answer.status_code), http_answer.body.bytes or (http_answer.body.string or "").encode()

    def _send(self, status: int, content: bytes) -> None:
        logger.info("%s %s %d", self.command, urllib.parse.urlsplit(self.path).path, status)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class Trigger:
    """One queue trigger."""

    def __init__(self, app: App, function: Function, host: dict[str, Any]) -> None:
        settings = host["extensions"]["queues"]
        self._app, self._function = app, function
        self._readings, self._batch = settings["maxDequeueCount"], settings["batchSize"]
        hours, minutes, seconds = (int(part) for part in settings["visibilityTimeout"].split(":"))
        self._retry_s = hours * 3600 + minutes * 60 + seconds
        name, connection = function.trigger["queueName"], os.environ[function.trigger["connection"]]
        self._queue, self._poison = (_queue(connection, n) for n in (name, f"{name}-poison"))

    def poll(self) -> None:
        """Never returns."""
        while True:
            for message in self._queue.receive_messages(max_messages=self._batch, visibility_timeout=600):
                self._take(message)
            time.sleep(POLL_S)

    def _take(self, message: QueueMessage) -> None:
        metadata = {
            "Id": PROTOS.TypedData(string=message.id),
            "DequeueCount": PROTOS.TypedData(json=str(message.dequeue_count)),
            "PopReceipt": PROTOS.TypedData(string=message.pop_receipt),
        }
        answer = self._app.invoke(self._function, PROTOS.TypedData(string=message.content), metadata)
        if answer.result.status == PROTOS.StatusResult.Success:
            self._queue.delete_message(message)
        elif (message.dequeue_count or 0) >= self._readings:
            self._poison.send_message(message.content)
            self._queue.delete_message(message)
            logger.error("%s gave up a message: %s", self._function.name, answer.result.exception.message)
        else:
            self._queue.update_message(message, visibility_timeout=self._retry_s)


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
        line = {"at": record.created, "level": record.levelname, "said": record.getMessage(), **facts}
        return json.dumps(line | ({"raised": self.formatException(record.exc_info)} if record.exc_info else {}))


def main() -> None:
    """Serves until it is ended."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for library in ("azure", "azure_functions_runtime", "botocore"):
        logging.getLogger(library).setLevel(logging.WARNING)
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else places.AZURE_PACKAGE).resolve()
    app = App(folder)
    for function in app.functions:
        if function.trigger["type"].lower() == "queuetrigger":
            trigger = Trigger(app, function, json.loads((folder / "host.json").read_text()))
            threading.Thread(target=trigger.poll, daemon=True).start()
    Handler.app, Handler.key = app, os.environ["FUNCTIONS_KEY"]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", places.FUNCTIONS_PORT), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(places.TLS / "cert.pem", places.TLS / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


if __name__ == "__main__":
    main()
