"""Uses the local cloud with boto3, with nothing but the environment. Writes what it read."""

import json
import sys

import boto3

[table] = sys.argv[1:]

s3 = boto3.client("s3")
s3.put_object(Bucket="bucket", Key="a/ü (1)+b.json", Body=b"hello")
dynamodb = boto3.client("dynamodb")
dynamodb.put_item(TableName=table, Item={"id": {"S": "a"}, "n": {"N": "1"}})
print(
    json.dumps(
        {
            "region": dynamodb.meta.region_name,
            "object": s3.get_object(Bucket="bucket", Key="a/ü (1)+b.json")["Body"].read().decode(),
            "keys": [one["Key"] for one in s3.list_objects_v2(Bucket="bucket")["Contents"]],
            "items": dynamodb.scan(TableName=table)["Items"],
        }
    )
)
