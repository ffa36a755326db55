declare module "stream-json/streamers/stream-values.js" {
  import type { Duplex } from "node:stream";

  const streamValues: { withParserAsStream(): Duplex };
  export default streamValues;
}
