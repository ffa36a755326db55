import { useEffect, useRef } from "preact/hooks";

export type KeyActions = Readonly<Record<string, () => void>>;

/** Whether a key belongs to the focused field. */
function isTyping({ target, key }: KeyboardEvent): boolean {
  return target instanceof HTMLElement && key !== "Escape" && target.matches("input, select, textarea");
}

/** Single keys of the whole page, while the component is there. A dialog has the keys to itself. */
export function useKeys(actions: KeyActions): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event)) return;
      if (document.querySelector("dialog[open]") !== null) return;
      const action = latest.current[event.key];
      if (action === undefined) return;
      event.preventDefault();
      action();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}
