import { writeFileSync } from "node:fs";
import { FILE, page } from "./page";

/** Writes docs/aws-behaviours.md. */
writeFileSync(FILE, page());
