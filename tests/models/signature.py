"""Signs requests with botocore, at the time and with the headers that they were signed with. Writes the `Authorization` headers."""

import datetime
import hashlib
import json
import sys
from unittest import mock

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ADDED = ("authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256")


def authorization(one):
    headers = {name: value for name, value in one["headers"].items() if name not in ADDED}
    request = AWSRequest(method=one["method"], url=one["url"], headers=headers, data=one["body"].encode())
    if "x-amz-content-sha256" in one["headers"] and one["service"] != "s3":
        request.headers["X-Amz-Content-SHA256"] = hashlib.sha256(one["body"].encode()).hexdigest()
    auth = S3SigV4Auth if one["service"] == "s3" else SigV4Auth
    credentials = Credentials(one["accessKeyId"], one["secretAccessKey"], one.get("sessionToken"))
    time = datetime.datetime.strptime(one["headers"]["x-amz-date"], "%Y%m%dT%H%M%SZ")
    with mock.patch("botocore.auth.get_current_datetime", return_value=time):
        auth(credentials, one["service"], one["region"]).add_auth(request)
    return request.headers["Authorization"]


json.dump([authorization(one) for one in json.load(sys.stdin)], sys.stdout)
