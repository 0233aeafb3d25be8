"""What runs on the gateway instance, and the user data that brings it there.

The instance role needs exactly: dynamodb:GetItem on the link's table, secretsmanager:GetSecretValue on the
PSK's secret, events:PutEvents on the default bus, cloudwatch:PutMetricData (cloudwatch:namespace = Causeway).
"""
