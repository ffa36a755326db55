import type { Cloud } from "./cloud/cloud";

/** The environment with which AWS clients in a process or shell act as the operator of this cloud. */
export function operatorEnvironment({
  endpoint,
  region,
  operator,
}: Pick<Cloud, "endpoint" | "region" | "operator">): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: operator.accessKeyId,
    AWS_SECRET_ACCESS_KEY: operator.secretAccessKey,
    // A session token of the developer would be sent with the local keys.
    AWS_SESSION_TOKEN: "",
    AWS_PROFILE: "",
  };
}
