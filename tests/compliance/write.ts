import { writeFileSync } from "node:fs";
import { FILE, judge, page } from "./table";

/** Writes docs/compliance.md. */
void judge().then((verdicts) => writeFileSync(FILE, page(verdicts)));
