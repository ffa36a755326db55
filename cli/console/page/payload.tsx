import type { Payload } from "../protocol";
import { useConsole } from "./console-context";
import { Action } from "./field";
import { bytes, pretty } from "./format";
import { useKeys } from "./keys";

/** The data of an event, with a button and a key that copy it as received. */
export function PayloadBlock({ payload }: { readonly payload: Payload | undefined }) {
  const { say } = useConsole();
  const copy = async () => {
    if (payload === undefined) return say("There is nothing to copy.");
    await navigator.clipboard.writeText(payload.text).then(
      () => say(payload.cut ? "Copied the part that is shown here." : "Copied."),
      () => say("The browser did not allow to copy. Select the text instead."),
    );
  };
  useKeys({ c: () => void copy() });
  if (payload === undefined) return <p class="quiet">The payload is in the failure bucket, or not known here.</p>;
  const { text, encoding, bytes: length, cut } = payload;
  return (
    <section aria-label="Payload">
      <div class="bar">
        <h3>Payload</h3>
        <span class="quiet">
          {bytes(length)}
          {encoding === "base64" && ", base64"}
          {cut && ", cut"}
        </span>
        <Action text="Copy" shortcut="c" onClick={() => void copy()} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolled text needs the keys */}
      <pre tabIndex={0}>{cut ? text : pretty(text)}</pre>
    </section>
  );
}
