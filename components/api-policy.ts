import * as pulumi from "@pulumi/pulumi";

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html */
const MAX_POLICY = 8192;

export interface ApiAccess {
  /** ARN prefix of the API's methods, `arn:aws:execute-api:REGION:ACCOUNT:API`. */
  readonly executionArn: pulumi.Input<string>;
  readonly allowedCidrs: pulumi.Input<readonly string[]>;
  /** Endpoints of a private API; absent = a public API. */
  readonly vpcEndpointIds?: pulumi.Input<readonly string[]>;
}

/**
 * Creates the API's resource policy in the form that API Gateway returns (full ARNs), so that `pulumi refresh` finds no difference.
 *
 * Ranges and endpoints are Denies, because an Allow for a range would admit every principal of the account, even without IAM
 * permissions. Where API Gateway needs an Allow, it names the account, so that the caller's own IAM policies decide.
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
      // Inside a VPC the address is private, and its condition key is different.
      const address = endpoints === undefined ? "aws:SourceIp" : "aws:VpcSourceIp";
      statements.push(deny({ NotIpAddress: { [address]: cidrs } }));
    }
    const policy = JSON.stringify({ Version: "2012-10-17", Statement: statements });
    if (policy.length > MAX_POLICY)
      throw new pulumi.RunError(
        `Expected \`api.allowedCidrs\` to fit into a resource policy of ${MAX_POLICY} characters, got ${cidrs.length} ranges, ${policy.length} characters. Combine ranges.`,
      );
    return policy;
  });
}
