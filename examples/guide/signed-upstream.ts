import { StreamIngestion } from "pulumi-stream-ingestion";

/** An upstream behind an API Gateway of another account. */
export function signedUpstream(): StreamIngestion {
  // #region statement
  const feed = "arn:aws:execute-api:eu-central-1:111122223333:abcdef1234/prod/GET/feed";
  return new StreamIngestion("feed", {
    source: {
      url: "https://abcdef1234.execute-api.eu-central-1.amazonaws.com",
      path: "/prod/feed",
      auth: { kind: "aws-sigv4", service: "execute-api" },
    },
    processor: { entry: "./processor.ts" },
    account: { extraStatements: { connectionManager: [{ actions: ["execute-api:Invoke"], resources: [feed] }] } },
  });
  // #endregion
}
