"""The emulator's audit lines, as LocalEmu 1.3.2 writes them."""

import pytest

from rehearsal import audit

STAMP = "2026-11-23T14:24:04.559  WARN --- [   asgi_gw_0] l.s.i.enforcer             : "
WHY = "because no allowing policy"
ROLE = "arn:aws:sts::000000000000:assumed-role/causeway-demo-AdjustRoutes/causeway-demo-AdjustRoutes"
REPORT = f"User: {ROLE} is not authorized to perform: ec2:CreateRoute on resource: arn:aws:ec2:eu-west-1:0:* {WHY}"
CDK = f"User: arn:aws:sts::000000000000:assumed-role/cdk-hnb659fds-deploy-role/aws-cdk is not authorized {WHY}"
UNSIGNED = "anonymous (unsigned) request not authorized to perform: s3:GetObject because explicit deny"
STRANGER = "unknown caller for ec2:CreateRoute"


def log(*messages: str) -> str:
    return "".join(f"{STAMP}{message}\n" for message in messages)


def test_a_call_denied_to_a_role_of_ours_is_listed_once() -> None:
    denied = f"IAM AUDIT DENY: {REPORT}"
    assert audit.denied_lines(log(denied, "AWS ec2.CreateRoute => 200", denied)) == [REPORT]


@pytest.mark.parametrize("role", ["CausewayWatch-eu-west-1", "CausewayCosts-eu-west-1"])
def test_roles_of_the_region_and_of_the_cost_mail_are_ours_too(role: str) -> None:
    denied = REPORT.replace("causeway-demo-AdjustRoutes", role)
    assert audit.denied_lines(log(f"IAM AUDIT DENY: {denied}")) == [denied]


def test_what_is_denied_to_the_cdk_or_to_nobody_is_not_ours() -> None:
    assert audit.denied_lines(log(f"IAM AUDIT DENY: {CDK}", f"IAM AUDIT DENY: {UNSIGNED}")) == []


def test_a_key_that_belongs_to_nobody_is_listed() -> None:
    assert audit.denied_lines(log(f"IAM: {STRANGER} — key=AKIA (account=0) is not a known IAM user")) == [STRANGER]
