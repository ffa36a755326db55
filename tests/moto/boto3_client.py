"""Uses the local cloud with boto3, with nothing but the environment. Writes what it read, and how requests were refused."""

import json
import sys

import boto3
from botocore.exceptions import ClientError

[table] = sys.argv[1:]


def refusal(call, **parameters):
    """The message with which a call fails."""
    try:
        call(**parameters)
    except ClientError as error:
        return str(error)
    raise AssertionError(f"{call} succeeded")


s3 = boto3.client("s3")
s3.put_object(Bucket="bucket", Key="a/ü (1)+b.json", Body=b"hello")
dynamodb = boto3.client("dynamodb")
dynamodb.put_item(TableName=table, Item={"id": {"S": "a"}, "n": {"N": "1"}})
sts = boto3.client("sts")
identity = sts.get_caller_identity()
role = "arn:aws:iam::123456789012:role/processor"
topic = "arn:aws:sns:us-east-1:123456789012:topic"
print(
    json.dumps(
        {
            "region": dynamodb.meta.region_name,
            "object": s3.get_object(Bucket="bucket", Key="a/ü (1)+b.json")["Body"].read().decode(),
            "keys": [one["Key"] for one in s3.list_objects_v2(Bucket="bucket")["Contents"]],
            "items": dynamodb.scan(TableName=table)["Items"],
            "identity": [identity["Account"], identity["Arn"]],
            "refused": {
                "assume_role": refusal(sts.assume_role, RoleArn=role, RoleSessionName="test"),
                "publish": refusal(boto3.client("sns").publish, TopicArn=topic, Message="a"),
                "get_parameter": refusal(boto3.client("ssm").get_parameter, Name="a"),
            },
        }
    )
)
