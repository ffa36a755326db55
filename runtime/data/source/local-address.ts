import { BlockList, isIP } from "node:net";

const LOCAL = new BlockList();
LOCAL.addSubnet("0.0.0.0", 8);
LOCAL.addSubnet("127.0.0.0", 8);
// Link-local, with the metadata services of EC2 and Lambda.
LOCAL.addSubnet("169.254.0.0", 16);
LOCAL.addAddress("::", "ipv6");
LOCAL.addAddress("::1", "ipv6");
LOCAL.addSubnet("fe80::", 10, "ipv6");
LOCAL.addAddress("fd00:ec2::254", "ipv6");

/** Whether a URL's host names this machine or its link: loopback and link-local addresses, `localhost`. */
export function isLocalHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  return host === "localhost" || host.endsWith(".localhost") || isLocalAddress(host);
}

export function isLocalAddress(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && LOCAL.check(address, family === 6 ? "ipv6" : "ipv4");
}
