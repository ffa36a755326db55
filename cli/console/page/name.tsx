/** Characters at the end of a long name that stay visible: names often differ there. */
const TAIL = 10;

/** A name on one line. The middle of a long one is left out when there is no room. */
export function Name({ text }: { readonly text: string }) {
  if (text.length < 2 * TAIL) return <>{text}</>;
  return (
    <span class="name" title={text}>
      <span>{text.slice(0, -TAIL)}</span>
      <span>{text.slice(-TAIL)}</span>
    </span>
  );
}
