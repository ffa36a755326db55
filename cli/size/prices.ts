/**
 * List prices of us-east-1 in dollars, as of November 2026, without free tiers, discounts and taxes.
 * https://aws.amazon.com/lambda/pricing/ https://aws.amazon.com/dynamodb/pricing/ https://aws.amazon.com/fargate/pricing/
 * https://aws.amazon.com/kinesis/data-streams/pricing/
 */
export const PRICES = {
  asOf: "2026-11",
  region: "us-east-1",
  lambdaArmGbSecond: 0.0000133334,
  lambdaRequest: 0.2 / 1e6,
  /** On demand. */
  writeUnit: 0.625 / 1e6,
  readUnit: 0.125 / 1e6,
  /** Provisioned, for an hour. */
  writeUnitHour: 0.00065,
  storedGbMonth: 0.25,
  fargateArmVcpuHour: 0.03238,
  fargateArmGbHour: 0.00356,
  kinesisShardHour: 0.015,
  /** A record of up to 25 KB. */
  kinesisPutUnit: 0.014 / 1e6,
} as const;
