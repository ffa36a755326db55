/**
 * Compares two sequences (`generation.connection.counter`). The order is that of the source only within one connection; across
 * an overlap or between batches it is only a stable sort. Parts are compared as integers of any length.
 */
export function compareSequence(a: string, b: string): number {
  const left = a.split(".");
  const right = b.split(".");
  for (let part = 0; part < Math.max(left.length, right.length); part++) {
    const x = left[part] ?? "";
    const y = right[part] ?? "";
    // Decimal integers without leading zeros: the longer one is larger, and equal lengths compare as text.
    if (x.length !== y.length) return x.length - y.length;
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}
