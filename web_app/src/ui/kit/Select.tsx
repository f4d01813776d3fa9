import { ChevronDown } from "lucide-react";
import { classes } from "./classes";
import { Field } from "./Field";

export interface Option<T extends string> {
  readonly value: T;
  readonly label: string;
}

export interface SelectProps<T extends string> {
  label: string;
  hint?: string | undefined;
  value: T;
  options: readonly Option<T>[];
  onChange: (value: T) => void;
  layout?: "row" | "column";
  /** Renders the control alone; the label becomes its accessible name. */
  bare?: boolean;
  disabled?: boolean;
  className?: string;
}

/** A drop-down list. It is a native `select`, which phones show with their own picker. */
export function Select<T extends string>(props: SelectProps<T>) {
  const { label, hint, layout = "row", bare = false } = props;
  if (bare) return <Control {...props} />;
  return (
    <Field label={label} hint={hint} layout={layout}>
      {({ id, hintId }) => <Control {...props} id={id} hintId={hintId} />}
    </Field>
  );
}

function Control<T extends string>(props: SelectProps<T> & { id?: string; hintId?: string | undefined }) {
  const { id, hintId, label, value, options, onChange, disabled, className } = props;
  return (
    <span className={classes("relative inline-flex min-w-0", className)}>
      <select
        id={id}
        aria-label={id ? undefined : label}
        aria-describedby={hintId}
        value={value}
        disabled={disabled}
        onChange={(event) => {
          const chosen = options.find((option) => option.value === event.target.value);
          if (chosen) onChange(chosen.value);
        }}
        className="h-control min-h-0 w-full min-w-0 appearance-none truncate rounded-md border border-edge bg-surface pr-8 pl-3 text-sm text-text hover:bg-hover disabled:opacity-40"
      >
        {options.map((option) => (
          <option key={option.value} value={option.value} className="bg-raised text-text">
            {option.label}
          </option>
        ))}
      </select>
      <ChevronDown
        aria-hidden="true"
        size={16}
        className="pointer-events-none absolute top-1/2 right-2 -translate-y-1/2 text-soft"
      />
    </span>
  );
}
