import type { Server } from "node:http";
import { listen } from "./http-server";

/** DynamoDB in memory, on a free port. */
export function startDynalite() {
  // The package has no type declarations.
  const dynalite = require("dynalite") as (options: object) => Server;
  return listen(dynalite({ createTableMs: 0 }));
}
