"""The SNS topic of the alarms."""

from __future__ import annotations

import json

from cdktf_cdktf_provider_aws.sns_topic import SnsTopic
from cdktf_cdktf_provider_aws.sns_topic_policy import SnsTopicPolicy
from cdktf_cdktf_provider_aws.sns_topic_subscription import SnsTopicSubscription
from constructs import Construct


class AlarmTopic(Construct):
    """An SNS topic that this account's CloudWatch alarms may publish to.

    Args:
        name: the topic's name.
        account_id: the account whose alarms may publish.
        email: the subscriber, who has to confirm AWS's first message; None: no subscription.
    """

    def __init__(
        self, scope: Construct, id_: str, *, name: str, account_id: str, email: str | None
    ) -> None:
        super().__init__(scope, id_)
        topic = SnsTopic(self, "topic", name=name)
        SnsTopicPolicy(
            self,
            "policy",
            arn=topic.arn,
            policy=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Sid": "AlarmsOfThisAccount",
                            "Effect": "Allow",
                            "Principal": {"Service": "cloudwatch.amazonaws.com"},
                            "Action": "sns:Publish",
                            "Resource": topic.arn,
                            "Condition": {"StringEquals": {"aws:SourceAccount": account_id}},
                        }
                    ],
                },
                sort_keys=True,
            ),
        )
        if email:
            SnsTopicSubscription(
                self, "email", topic_arn=topic.arn, protocol="email", endpoint=email
            )
        self.topic_arn = topic.arn
