import { writeFileSync } from "node:fs";
import { evaluateRules, FILE, page } from "./table";

/** Writes docs/compliance.md. */
void evaluateRules().then((results) => writeFileSync(FILE, page(results)));
