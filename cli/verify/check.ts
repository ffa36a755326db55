/** The outcome of one check of `verify`. */
export interface Check {
  readonly what: string;
  readonly result: "passed" | "failed" | "not checked";
  readonly detail: string;
}
