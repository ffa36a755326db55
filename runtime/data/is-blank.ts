const SPACE = 0x20;
const TAB = 0x09;
const CR = 0x0d;

/** Whether the part has no byte but white space. Sources send such lines and messages as heartbeats. */
export function isBlank(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte !== SPACE && byte !== TAB && byte !== CR) return false;
  }
  return true;
}
