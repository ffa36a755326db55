import type { Service } from "../service";
import { stsProtocol } from "./sts-protocol";

/** Caller identity, account and partition. */
export const sts: Service<unknown> = {
  open: ({ accountId }) => ({ model: {}, protocol: { signingName: "sts", ...stsProtocol(accountId) } }),
  resources: {},
  functions: {
    "aws:index/getCallerIdentity:getCallerIdentity": ({ accountId, operator, principals }) => {
      const { arn, name } = principals.find(operator.accessKeyId)!.principal;
      return { id: accountId, accountId, arn, userId: name };
    },
    "aws:index/getPartition:getPartition": () => ({
      id: "aws",
      partition: "aws",
      dnsSuffix: "amazonaws.com",
      reverseDnsPrefix: "com.amazonaws",
    }),
  },
};
