import { isIPv4, isIPv6 } from "node:net";
import { expect } from "./expect";

/** Checks the ranges of `api.allowedCidrs`. @throws Error that names the range */
export function cidrs(ranges: readonly string[]): readonly string[] {
  expect(Array.isArray(ranges), "`api.allowedCidrs`", "a list of CIDR ranges such as 203.0.113.0/24", ranges);
  expect(ranges.length > 0, "`api.allowedCidrs`", "omitted, which allows every address, or at least one range", ranges);
  ranges.forEach((range, index) => {
    expect(isCidr(range), `\`api.allowedCidrs[${index}]\``, "a CIDR range such as 203.0.113.0/24", range);
  });
  return ranges;
}

function isCidr(range: unknown): boolean {
  const [, address = "", prefix = ""] = /^([\d.]+|[\da-f:.]+)\/(0|[1-9]\d{0,2})$/i.exec(String(range)) ?? [];
  return (isIPv4(address) && Number(prefix) <= 32) || (isIPv6(address) && Number(prefix) <= 128);
}
