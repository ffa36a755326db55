/** A unique price tick of `bytes` bytes. */
export function eventText(i: number, bytes: number): string {
  const head = `{"type":"PRICE","instrument":"EUR_USD","sequence":${i},"bids":[{"price":"1.${10_000 + (i % 90_000)}","liquidity":1000000}],"asks":[{"price":"1.${10_002 + (i % 90_000)}","liquidity":1000000}],"status":"tradeable","pad":"`;
  return `${head.padEnd(bytes - 2, "x")}"}`;
}
