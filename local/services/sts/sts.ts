import type { Service } from "../service";

/** Who calls, and in which account and partition. Clients do not call it: a program reads it through Pulumi. */
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
