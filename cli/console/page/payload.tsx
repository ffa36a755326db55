import type { CommandResult, Payload } from "../protocol";
import { useConsole } from "./console-context";
import { Action } from "./field";
import { bytes, count, pretty } from "./format";
import { useKeys } from "./keys";

interface PayloadProps {
  /** Absent: it was not sent to the page. */
  readonly payload: Payload | undefined;
  /** Whether the server can read it, so that it can be copied. Otherwise only the key is known. */
  readonly readable: boolean;
  /** What the payload belongs to, by which the server finds all of it. */
  readonly kind: "event" | "failure";
  readonly id: string;
}

/** The data of an event, with a button and a key that copy all of it as received. */
export function PayloadBlock({ payload, readable, kind, id }: PayloadProps) {
  const { say, payload: whole } = useConsole();
  const copy = async () => {
    const found = payload?.cut === false ? payload : await whole(kind, id);
    if (found === undefined || isRefusal(found)) return say(found?.message ?? "There is nothing to copy.");
    await navigator.clipboard.writeText(found.text).then(
      () => say(payload?.cut === false ? "Copied." : `Copied all ${bytes(found.bytes)}.`),
      () => say("The browser did not allow to copy. Select the text instead."),
    );
  };
  useKeys(readable ? { c: () => void copy() } : {});
  const { text, encoding, bytes: length, cut } = payload ?? {};
  return (
    <section aria-label="Payload">
      <div class="bar">
        <h3>Payload</h3>
        <span class="quiet">
          {length !== undefined && bytes(length)}
          {encoding === "base64" && ", base64"}
        </span>
        {readable && <Action text={cut ? "Copy all" : "Copy"} shortcut="c" onClick={() => void copy()} />}
      </div>
      {text === undefined ? (
        <p class="quiet">
          {readable
            ? "It is too large for the list. Copy reads it from the stack."
            : "It is not known here, only its key."}
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolled text needs the keys
        <pre tabIndex={0}>{cut ? text : pretty(text)}</pre>
      )}
      {cut && text && <p class="warn">Truncated: the first {count(text.length)} characters are shown.</p>}
    </section>
  );
}

function isRefusal(answer: Payload | CommandResult): answer is CommandResult {
  return "message" in answer;
}
