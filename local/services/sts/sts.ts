import type { Service } from "../service";

/** Caller identity, account and partition, for Pulumi's provider functions. It has no protocol for clients. */
export const sts: Service<unknown> = {
  open: () => ({ model: {} }),
  resources: {},
  functions: {
    "aws:index/getCallerIdentity:getCallerIdentity": ({ accountId, operator }) => ({
      id: accountId,
      accountId,
      arn: `arn:aws:iam::${accountId}:user/local`,
      userId: operator.accessKeyId,
    }),
    "aws:index/getPartition:getPartition": () => ({
      id: "aws",
      partition: "aws",
      dnsSuffix: "amazonaws.com",
      reverseDnsPrefix: "com.amazonaws",
    }),
  },
};
