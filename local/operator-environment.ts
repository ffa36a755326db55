import type { Cloud } from "./cloud/cloud";

/**
 * The environment with which AWS clients in a process or shell act as the operator of this cloud. `undefined`: the variable must not be
 * set, because a session token of the developer would be sent with the local keys, and boto3 fails on a profile that is empty.
 */
export function operatorEnvironment({
  endpoint,
  region,
  operator,
}: Pick<Cloud, "endpoint" | "region" | "operator">): Record<string, string | undefined> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    // The name that boto3 reads.
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: operator.accessKeyId,
    AWS_SECRET_ACCESS_KEY: operator.secretAccessKey,
    AWS_SESSION_TOKEN: undefined,
    AWS_PROFILE: undefined,
    AWS_DEFAULT_PROFILE: undefined,
  };
}
