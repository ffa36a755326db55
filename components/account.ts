import type { Input } from "@pulumi/pulumi";
import type { AccountArgs, ExtraStatementsArgs } from "./args";
import { expect } from "./expect";
import { named, type Statements, statements } from "./references";

/** {@link AccountArgs} with defaults, checked. */
export interface Account {
  readonly kmsKeyArn?: Input<string>;
  readonly permissionsBoundary?: Input<string>;
  readonly rolePath?: string;
  /** 0 = no expiry. */
  readonly logRetentionDays: number;
  readonly tracing: boolean;
  readonly deletionProtection: boolean;
  readonly extraStatements: Readonly<Record<keyof ExtraStatementsArgs, Statements>>;
}

const ACCOUNT_DEFAULTS = { logRetentionDays: 30, tracing: false, deletionProtection: false } as const;

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const RETENTION_DAYS = [
  0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** Checks `account` and adds the defaults. @throws Error that names the argument, the value and what is allowed */
export function normaliseAccount(account: AccountArgs = {}): Account {
  const { rolePath, extraStatements = {} } = account;
  const { logRetentionDays, tracing, deletionProtection } = { ...ACCOUNT_DEFAULTS, ...defined(account) };
  if (rolePath !== undefined)
    expect(
      /^\/([\x21-\x7e]+\/)?$/.test(rolePath) && rolePath.length <= 512,
      "`account.rolePath`",
      "a path such as /teams/data/",
      rolePath,
    );
  expect(
    RETENTION_DAYS.includes(logRetentionDays),
    "`account.logRetentionDays`",
    `one of ${RETENTION_DAYS.join(", ")}`,
    logRetentionDays,
  );
  expect(typeof tracing === "boolean", "`account.tracing`", "true or false", tracing);
  expect(typeof deletionProtection === "boolean", "`account.deletionProtection`", "true or false", deletionProtection);
  return {
    kmsKeyArn: named(
      "account.kmsKeyArn",
      "the ARN of a key, not of an alias",
      /^arn:[^:]+:kms:[^:]+:\d{12}:key\/.+$/,
      account.kmsKeyArn,
    ),
    permissionsBoundary: named(
      "account.permissionsBoundary",
      "the ARN of an IAM policy",
      /^arn:[^:]+:iam::(\d{12}|aws):policy\/.+$/,
      account.permissionsBoundary,
    ),
    rolePath,
    logRetentionDays,
    tracing,
    deletionProtection,
    extraStatements: {
      connectionManager: statements("account.extraStatements.connectionManager", extraStatements.connectionManager),
      connectionApi: statements("account.extraStatements.connectionApi", extraStatements.connectionApi),
      watchdog: statements("account.extraStatements.watchdog", extraStatements.watchdog),
    },
  };
}

/** Without the members whose value is undefined, so that they get their defaults. */
const defined = <T extends object>(values: T): Partial<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
