import type { CompilerOptions, Diagnostic } from "typescript";

export const DECLARATIONS: CompilerOptions;
export function declareEach(entries: readonly string[]): {
  readonly declarations: ReadonlyMap<string, string>;
  readonly problems: readonly Diagnostic[];
};
