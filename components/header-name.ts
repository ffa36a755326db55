import { expectThat } from "./expect";

/** RFC 9110, section 5.6.2: a token. */
export const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** They control the connection and the length of the request. */
const RESERVED = ["host", "connection", "content-length", "transfer-encoding", "upgrade"];

/** @throws Error that names the argument and what is allowed */
export function checkHeaderName(argument: string, name: string): void {
  expectThat(
    TOKEN.test(name) && !RESERVED.includes(name.toLowerCase()),
    `\`${argument}\` to have the name of a header other than ${RESERVED.join(", ")}`,
    `"${name}"`,
  );
}
