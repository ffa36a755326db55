interface FilterProps {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly placeholder?: string;
  /** The key `/` goes to it. */
  readonly first?: boolean;
  readonly problem?: string;
}

export function Filter({ label, value, onValue, placeholder, first, problem }: FilterProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="search"
        value={value}
        placeholder={placeholder}
        data-first={first}
        aria-invalid={problem !== undefined}
        title={problem}
        onInput={({ currentTarget }) => onValue(currentTarget.value)}
        onKeyDown={({ key, currentTarget }) => key === "Escape" && currentTarget.blur()}
      />
      {problem && <em class="bad">{problem}</em>}
    </label>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly onValue: (value: string) => void;
}

export function Choice({ label, value, options, onValue }: ChoiceProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <select value={value} onChange={({ currentTarget }) => onValue(currentTarget.value)}>
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A button with its key. */
export function Action(props: {
  readonly text: string;
  readonly shortcut?: string;
  readonly disabled?: boolean;
  readonly title?: string;
  readonly danger?: boolean;
  readonly onClick: () => void;
}) {
  const { text, shortcut, disabled, title, danger, onClick } = props;
  return (
    <button type="button" class={danger ? "danger" : ""} disabled={disabled} title={title} onClick={onClick}>
      {text}
      {shortcut && <kbd>{shortcut}</kbd>}
    </button>
  );
}
