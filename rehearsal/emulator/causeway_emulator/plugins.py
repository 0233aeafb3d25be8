"""What LocalEmu finds by entry point: the Lambda executor, resource providers, and the hook that mends the rest."""

import os
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


class OidcProviderPlugin(CloudFormationResourceProviderPlugin):
    name = "AWS::IAM::OIDCProvider"

    def load(self, *args: Any, **kwargs: Any) -> None:
        from causeway_emulator import oidc_provider

        self.factory = oidc_provider.OidcProvider


class SecurityGroupIngressPlugin(CloudFormationResourceProviderPlugin):
    name = "AWS::EC2::SecurityGroupIngress"

    def load(self, *args: Any, **kwargs: Any) -> None:
        from causeway_emulator import security_group

        self.factory = security_group.Ingress


class SecurityGroupEgressPlugin(CloudFormationResourceProviderPlugin):
    name = "AWS::EC2::SecurityGroupEgress"

    def load(self, *args: Any, **kwargs: Any) -> None:
        from causeway_emulator import security_group

        self.factory = security_group.Egress


@hooks.on_infra_start()
def mend() -> None:
    from causeway_emulator import (
        alarms,
        buckets,
        custom_resource,
        cut_off,
        ebs_keys,
        ec2_addresses,
        ec2_instances,
        ec2_launch,
        ec2_routes,
        faults,
        federation,
        iam_audit,
        images,
        lambda_code,
        lambda_logs,
        quotas,
        rollback,
        rules,
        security_group,
        ses,
        states,
        updates,
    )

    custom_resource.serve()
    for part in (
        alarms,
        buckets,
        cut_off,
        rollback,
        updates,
        security_group,
        ebs_keys,
        ec2_addresses,
        ec2_instances,
        ec2_launch,
        ec2_routes,
        faults,
        federation,
        iam_audit,
        images,
        lambda_code,
        lambda_logs,
        quotas,
        rules,
        ses,
        states,
    ):
        part.mend()


@hooks.on_infra_shutdown(priority=-30)  # after LocalEmu's own
def stop() -> None:
    from causeway_emulator import executor

    executor.stop_all()
    os._exit(0)  # under hypercorn LocalEmu does not end by itself
