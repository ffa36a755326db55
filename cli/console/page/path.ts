import type { EventStep } from "../protocol";

export function labelOf({ step, ok }: EventStep): string {
  return step === "attempt" && ok === false ? "attempt failed" : step;
}

export function classOf({ step, ok }: EventStep): string {
  if (step === "failed" || step === "lost" || ok === false) return "failed";
  return step === "processed" ? "done" : "";
}

/** The path of an event in one line: failed attempts are counted, and steps that a later one implies are left out. */
export function shortPath(path: readonly EventStep[]): readonly { readonly text: string; readonly step: EventStep }[] {
  const failed = path.filter(({ ok }) => ok === false);
  const implied = (step: EventStep, i: number) =>
    step.ok === false
      ? step !== failed.at(-1)
      : i < path.length - 1 && (step.step === "attempt" || (step.step === "delivered" && failed.length > 0));
  return path
    .filter((step, i) => !implied(step, i))
    .map((step) => ({
      text: step.ok === false && failed.length > 1 ? `${failed.length} attempts failed` : labelOf(step),
      step,
    }));
}
