"""Runs each Lambda function in its own process under awslambdaric, as Lambda does.

The Python is LAMBDA_PYTHON, an environment with awslambdaric only; all else comes with the asset.
"""

import json
import os
import pathlib
import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from typing import Any, BinaryIO

from causeway_emulator import runtime_api
from localemu import config
from localemu.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localemu.services.lambda_.invocation.runtime_executor import RuntimeExecutor

running: set["Executor"] = set()
on_invocation: list[Callable[["Executor"], None]] = []  # called when one was handed over


class Executor(RuntimeExecutor):
    """One execution environment: one invocation at a time, reused while its process lives."""

    process: subprocess.Popen[bytes] | None = None
    api: runtime_api.RuntimeApi
    output: BinaryIO
    variables: dict[str, str]

    def start(self, env_vars: dict[str, Any]) -> None:
        self.variables = environment(self.function_version, env_vars)
        self.spawn()
        running.add(self)

    def spawn(self) -> None:
        self.api = runtime_api.RuntimeApi()
        self.output = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self.process = subprocess.Popen(
            [os.environ["LAMBDA_PYTHON"], "-m", "awslambdaric", self.function_version.config.handler],
            cwd=self.variables["LAMBDA_TASK_ROOT"],
            env={**self.variables, "AWS_LAMBDA_RUNTIME_API": self.api.address},
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT,
        )
        threading.Thread(target=report_exit, args=(self.process, self.api), daemon=True).start()

    def stop(self) -> None:
        running.discard(self)
        self.kill()

    def kill(self) -> None:
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        self.process = None
        self.api.close()

    def invoke(self, payload: dict[str, str], function_timeout: int | None = None) -> InvocationResult:
        if self.process is None or self.process.poll() is not None:
            self.kill()
            self.spawn()
        timeout_s = self.function_version.config.timeout
        request_id = payload["invoke-id"]
        read_from = self.output.tell()
        started = time.monotonic()
        self.api.request_id = request_id
        self.api.invocations.put(
            runtime_api.Invocation(
                request_id,
                payload["payload"].encode() or b"{}",
                payload["invoked-function-arn"],
                payload["trace-id"],
                int((time.time() + timeout_s) * 1000),
            )
        )
        for call in on_invocation:
            call(self)
        try:
            answer = self.api.answers.get(timeout=timeout_s)
        except queue.Empty:
            answer = failure(
                "Sandbox.Timedout", f"RequestId: {request_id} Error: Task timed out after {timeout_s}.00 seconds"
            )
            self.kill()
        logs = self.logs_of(request_id, read_from, time.monotonic() - started)
        return InvocationResult(request_id, answer.payload, is_error=answer.failed, logs=logs)

    def logs_of(self, request_id: str, read_from: int, seconds: float) -> str:
        """What the process wrote since `read_from`, framed as Lambda frames it; also kept in a file for people."""
        self.output.seek(read_from)
        written = self.output.read().decode(errors="replace").rstrip("\n")
        report = f"REPORT RequestId: {request_id}\tDuration: {seconds * 1000:.2f} ms"
        logs = "\n".join(
            [f"START RequestId: {request_id} Version: $LATEST", written, f"END RequestId: {request_id}", report]
        )
        if folder := os.environ.get("REHEARSAL_LOGS"):
            path = pathlib.Path(folder, "lambda", f"{self.function_version.id.function_name}.log")
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a") as file:
                file.write(logs + "\n")
        return logs

    def get_logs(self) -> str:
        return ""

    def get_address(self) -> str:
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        return f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}/_lambda/{self.id}"

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        if function_version.config.code:
            function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        pass


def environment(version: FunctionVersion, from_localemu: dict[str, Any]) -> dict[str, str]:
    """What Lambda sets, what the function declares, trust store and price lists of the rehearsed world; no more."""
    code = str(version.config.code.get_unzipped_code_location())
    passed = {k: str(v) for k, v in from_localemu.items() if not k.startswith("LOCALEMU_") and k != "EDGE_PORT"}
    if trust := os.environ.get("REHEARSAL_CA"):
        passed |= {"SSL_CERT_FILE": trust, "REQUESTS_CA_BUNDLE": trust}
    if prices := os.environ.get("REHEARSAL_PRICES"):  # the emulator has no AWS Price List
        passed |= {"AWS_ENDPOINT_URL_PRICING": prices, "CAUSEWAY_AZURE_PRICES": prices}
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        **passed,
        "LAMBDA_TASK_ROOT": code,
        "PYTHONPATH": code,
        "PYTHONUNBUFFERED": "1",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{version.config.runtime}",
    }


def report_exit(process: subprocess.Popen[bytes], api: runtime_api.RuntimeApi) -> None:
    """A process that ends without an answer is an answer (Lambda calls it Runtime.ExitError)."""
    status = process.wait()
    how = f"exit status {status}" if status >= 0 else "signal: killed"
    message = f"RequestId: {api.request_id} Error: Runtime exited with error: {how}"
    api.answers.put(failure("Runtime.ExitError", message))


def failure(kind: str, message: str) -> runtime_api.Answer:
    return runtime_api.Answer(json.dumps({"errorType": kind, "errorMessage": message}).encode(), failed=True)


def stop_all() -> None:
    for environment_of_function in list(running):
        environment_of_function.stop()
