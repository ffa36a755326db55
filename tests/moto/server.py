"""An AWS of moto on loopback, with authentication on: each request needs a valid signature and the permission of its caller.

Reads the roles from stdin as JSON lines: {"name": …, "statements": […]}, and answers each with the role's session credentials.
Ends with its stdin.
"""

import json
import sys
import threading

import boto3
import requests
from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.server import ThreadedMotoServer

REGION = "eu-west-1"

# moto does not lock an item between the check of a condition and the write: requests are handled one at a time.
handle = DomainDispatcherApplication.__call__
lock = threading.Lock()


def handle_alone(self, environ, start_response):
    with lock:
        return handle(self, environ, start_response)


DomainDispatcherApplication.__call__ = handle_alone

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
endpoint = f"http://{host}:{port}"
# Functions answer without Docker and without running code.
requests.post(f"{endpoint}/moto-api/config", json={"lambda": {"use_docker": False}}, timeout=120).raise_for_status()

operator = {"aws_access_key_id": "setup", "aws_secret_access_key": "setup"}


def client(service, **credentials):
    return boto3.client(service, endpoint_url=endpoint, region_name=REGION, **(credentials or operator))


iam = client("iam")
iam.create_user(UserName="operator")
everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
iam.put_user_policy(UserName="operator", PolicyName="all", PolicyDocument=json.dumps(everything))
key = iam.create_access_key(UserName="operator")["AccessKey"]
operator = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
requests.post(f"{endpoint}/moto-api/reset-auth", data="0", timeout=120).raise_for_status()


def credentials(name, statements):
    iam = client("iam")
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=policy)
    session = client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName=name)["Credentials"]
    return {
        "accessKeyId": session["AccessKeyId"],
        "secretAccessKey": session["SecretAccessKey"],
        "sessionToken": session["SessionToken"],
    }


def answer(value):
    print(json.dumps(value), flush=True)


answer(
    {
        "endpoint": endpoint,
        "region": REGION,
        "operator": {"accessKeyId": key["AccessKeyId"], "secretAccessKey": key["SecretAccessKey"]},
    }
)
for line in sys.stdin:
    answer(credentials(**json.loads(line)))
server.stop()
