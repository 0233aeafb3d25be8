"""What LocalEmu finds by entry point: the Lambda executor, resource providers, and the hook that mends the rest."""

import os
import threading
from typing import Any

from localemu.runtime import hooks
from localemu.services.cloudformation.resource_provider import CloudFormationResourceProviderPlugin
from localemu.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class ExecutorPlugin(RuntimeExecutorPlugin):
    name = "causeway"

    def load(self, *args: Any, **kwargs: Any) -> type:
        from causeway_emulator import executor

        return executor.Executor


class ElasticIpPlugin(CloudFormationResourceProviderPlugin):
    name = "AWS::EC2::EIP"

    def load(self, *args: Any, **kwargs: Any) -> None:
        from causeway_emulator import elastic_ip

        self.factory = elastic_ip.ElasticIp


class CustomResourcePlugin(CloudFormationResourceProviderPlugin):
    name = "AWS::CloudFormation::CustomResource"

    def load(self, *args: Any, **kwargs: Any) -> None:
        from causeway_emulator import custom_resource

        self.factory = custom_resource.CustomResource


@hooks.on_infra_start()
def mend() -> None:
    from causeway_emulator import custom_resource, ec2_addresses, ec2_instances, images, rollback

    custom_resource.serve()
    rollback.mend()
    ec2_addresses.mend()
    ec2_instances.mend()
    images.mend()


@hooks.on_infra_shutdown()
def stop() -> None:
    from causeway_emulator import executor

    executor.stop_all()
    leave = threading.Timer(1, os._exit, (0,))  # LocalEmu under hypercorn does not end by itself
    leave.daemon = True
    leave.start()
