"""Writes the endpoint of each service in each region, as botocore resolves it."""

import json
import sys

import botocore.session
from botocore.config import Config

asked = json.load(sys.stdin)
session = botocore.session.Session()
json.dump(
    {
        f"{service} {region}": session.create_client(
            service,
            region_name=region,
            aws_access_key_id="id",
            aws_secret_access_key="key",
            config=Config(s3={"us_east_1_regional_endpoint": "regional"}),
        ).meta.endpoint_url
        for service in asked["services"]
        for region in asked["regions"]
    },
    sys.stdout,
)
