"""What may be asked of EC2, by what it is for: on the link's own resource, on what bears its tag, or in its VPC.

Which resources and condition keys a call knows is in "Actions, resources, and condition keys for Amazon EC2" of the
Service Authorization Reference.
"""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from link import preflight_gateway
from link.spec import LinkSpec
from stacks.statements import Conditions, Made, allow

# Describe calls know no resource, tag or VPC.
LOOK = (
    "ec2:DescribeVpcs",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeSecurityGroupRules",
    "ec2:DescribeSubnets",
    "ec2:DescribeRouteTables",
    "ec2:DescribeInstances",
    "ec2:DescribeAddresses",
)
SURVEY = (
    "ec2:DescribeNetworkAcls",
    "ec2:DescribeInstanceTypeOfferings",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeNetworkInterfaces",
    "ec2:GetEbsDefaultKmsKeyId",
)

CREATE_GRANT = "kms:CreateGrant"


class Ec2Permissions:
    """Statements of one link."""

    def __init__(self, stack: Stack, spec: LinkSpec, made: Made) -> None:
        self._stack = stack
        self._spec = spec
        self._made = made
        self._instances, self._volumes, self._interfaces = map(self._arn, ("instance", "volume", "network-interface"))

    def _arn(self, resource: str, name: str = "*") -> str:
        return self._stack.format_arn(service="ec2", resource=resource, resource_name=name)

    def _ours(self) -> Conditions:
        return {"StringEquals": {"aws:ResourceTag/causeway-link": self._spec.name}}

    def _made_as_ours(self) -> dict[str, str]:
        return {"aws:RequestTag/causeway-link": self._spec.name}

    def _in_vpc(self) -> Conditions:
        return {"ArnEquals": {"ec2:Vpc": self._arn("vpc", self._spec.aws.vpc)}}

    def routes(self, *actions: str) -> iam.PolicyStatement:
        """In any table of the VPC: a table that is declared no more may still hold a route of ours."""
        return allow(*actions, on=self._arn("route-table"), when=self._in_vpc())

    def inbound(self, *actions: str) -> iam.PolicyStatement:
        """The rules of the link's security group."""
        return allow(*actions, on=self._made.security_group)

    def forward(self) -> iam.PolicyStatement:
        """The source/destination check of the gateways."""
        return allow("ec2:ModifyNetworkInterfaceAttribute", on=self._interfaces, when=self._ours())

    def associate(self) -> list[iam.PolicyStatement]:
        """The Elastic IP to a gateway. EC2 may ask for the interface's instance too; both bear the link's tag."""
        return [
            allow("ec2:AssociateAddress", on=self._made.elastic_ip),
            allow("ec2:AssociateAddress", on=[self._interfaces, self._instances], when=self._ours()),
        ]

    def disassociate(self) -> list[iam.PolicyStatement]:
        """The Elastic IP from whatever bears it, which need not be ours."""
        return [
            allow("ec2:DisassociateAddress", on=self._made.elastic_ip),
            allow("ec2:DisassociateAddress", on=self._interfaces, when=self._in_vpc()),
        ]

    def of_gateways(self, action: str) -> iam.PolicyStatement:
        """An action on the link's instances."""
        return allow(action, on=self._instances, when=self._ours())

    def image(self) -> list[iam.PolicyStatement]:
        """To find the image."""
        image = self._spec.aws.image_or_default
        # AWS's public parameters belong to no account ("Calling AMI public parameters", Systems Manager user guide).
        account = "" if image.startswith("/aws/service/") else self._stack.account
        parameter = f"arn:{self._stack.partition}:ssm:{self._stack.region}:{account}:parameter{image}"
        named = [] if image.startswith("ami-") else [allow("ssm:GetParameter", on=parameter)]
        return [allow("ec2:DescribeImages"), *named]

    def launch(self) -> list[iam.PolicyStatement]:
        """EC2 asks for each resource that it makes or uses. What is made must be made with the link's tag."""
        own = self._made_as_ours()
        gateway = {**own, "ec2:MetadataHttpTokens": "required", "ec2:InstanceType": self._spec.aws.instance_type}
        subnet = self._arn("subnet", self._spec.aws.gateway_subnet or "*")
        return [
            allow("ec2:RunInstances", on=self._instances, when={"StringEquals": gateway}),
            allow("ec2:RunInstances", on=[self._volumes, self._interfaces], when={"StringEquals": own}),
            allow("ec2:RunInstances", on=subnet, when=self._in_vpc()),
            allow("ec2:RunInstances", on=[self._made.security_group, self._images()]),
            *self._implied_by_launch(),
            *self._volume_key(),
        ]

    def _volume_key(self) -> list[iam.PolicyStatement]:
        """What EC2 does with the declared key as the launching role (EBS user guide, "Requirements for encryption")."""
        key = self._spec.aws.kms_key
        if key is None:
            return []
        through_ec2 = {"StringEquals": {"kms:ViaService": f"ec2.{self._spec.aws.region}.amazonaws.com"}}
        for_ec2 = {**through_ec2, "Bool": {"kms:GrantIsForAWSResource": "true"}}
        used = [action for action in preflight_gateway.KEY_ACTIONS if action != CREATE_GRANT]
        return [allow(*used, on=key, when=through_ec2), allow(CREATE_GRANT, on=key, when=for_ec2)]

    def _images(self) -> str:
        """A parameter's image is known at the launch alone; it is somebody else's, so it has no tag of ours."""
        image = self._spec.aws.image_or_default
        name = image if image.startswith("ami-") else "*"
        return f"arn:{self._stack.partition}:ec2:{self._stack.region}::image/{name}"

    def _implied_by_launch(self) -> list[iam.PolicyStatement]:
        """RunInstances with tags and with a role asks for these too; no recorded call shows them."""
        made = [self._instances, self._volumes, self._interfaces]
        launching = {"StringEquals": {"ec2:CreateAction": "RunInstances", **self._made_as_ours()}}
        passing = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
        return [
            allow("ec2:CreateTags", on=made, when=launching),
            allow("iam:PassRole", on=self._made.gateway_role, when=passing),
        ]
