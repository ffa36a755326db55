import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { SHORTCUTS } from "./shortcuts";

function Dialog(props: { readonly label: string; readonly onClose: () => void; readonly children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => element.current?.showModal(), []);
  return (
    <dialog ref={element} aria-label={props.label} onClose={props.onClose}>
      {props.children}
    </dialog>
  );
}

export function Help({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog label="Keys" onClose={onClose}>
      <h2>Keys</h2>
      <dl class="keys">
        {SHORTCUTS.map(({ keys, does }) => (
          <div key={does}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </Dialog>
  );
}

interface QuestionProps {
  readonly text: string;
  readonly onAnswer: (isConfirmed: boolean) => void;
}

export function Question({ text, onAnswer }: QuestionProps) {
  return (
    <Dialog label="Confirm" onClose={() => onAnswer(false)}>
      <h2>{text}</h2>
      <div class="actions">
        <button type="button" class="danger" onClick={() => onAnswer(true)}>
          Yes
        </button>
        <button type="button" onClick={() => onAnswer(false)}>
          No
        </button>
      </div>
    </Dialog>
  );
}
