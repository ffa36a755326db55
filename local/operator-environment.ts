import type { Cloud } from "./cloud/cloud";

/** What makes a process, or a shell, the operator of this cloud: the AWS clients in it need nothing else. */
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
    // A session of the developer's own would be sent along with the local keys.
    AWS_SESSION_TOKEN: "",
    AWS_PROFILE: "",
  };
}
