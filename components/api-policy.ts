import * as pulumi from "@pulumi/pulumi";

export interface ApiAccess {
  /** ARN prefix of the API's methods, `arn:aws:execute-api:REGION:ACCOUNT:API`. */
  readonly executionArn: pulumi.Input<string>;
  readonly allowedCidrs: pulumi.Input<readonly string[]>;
  /** Endpoints of a private API. Absent: a public one. */
  readonly vpcEndpointIds?: pulumi.Input<readonly string[]>;
}

/**
 * Resource policy of the API, in the form that API Gateway returns (full ARNs), so that a refresh finds no difference.
 *
 * An Allow for a range of addresses would admit every signed principal of the account, so ranges and endpoints are Denies. Where
 * API Gateway needs an Allow, it names the account, which leaves the decision to the caller's own IAM policies.
 */
export function apiPolicy({ executionArn, allowedCidrs, vpcEndpointIds }: ApiAccess): pulumi.Output<string> {
  return pulumi.all([executionArn, allowedCidrs, vpcEndpointIds]).apply(([arn, cidrs, endpoints]) => {
    const Resource = `${arn}/*`;
    const deny = (Condition: object) => ({
      Effect: "Deny",
      Principal: "*",
      Action: "execute-api:Invoke",
      Resource,
      Condition,
    });
    const [, partition, , , account] = arn.split(":");
    const Principal = { AWS: `arn:${partition}:iam::${account}:root` };
    const statements: object[] = [];
    if (endpoints !== undefined || cidrs.length === 0)
      statements.push({ Effect: "Allow", Principal, Action: "execute-api:Invoke", Resource });
    if (endpoints !== undefined) statements.push(deny({ StringNotEquals: { "aws:SourceVpce": endpoints } }));
    if (cidrs.length > 0) {
      // Inside a VPC the address is private, and has another name.
      const address = endpoints === undefined ? "aws:SourceIp" : "aws:VpcSourceIp";
      statements.push(deny({ NotIpAddress: { [address]: cidrs } }));
    }
    return JSON.stringify({ Version: "2012-10-17", Statement: statements });
  });
}
