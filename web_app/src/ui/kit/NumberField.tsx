import { useState } from "react";
import { Field } from "./Field";

export interface NumberFieldProps {
  label: string;
  hint?: string | undefined;
  value: number;
  min: number;
  max: number;
  step?: number;
  /** Unit, shown after the number. */
  unit?: string;
  onChange: (value: number) => void;
}

/** A numeric input. Values out of range are clamped when the input loses the focus. */
export function NumberField({ label, hint, value, min, max, step = 1, unit, onChange }: NumberFieldProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const commit = (text: string) => {
    const number = Number(text);
    if (text.trim() !== "" && Number.isFinite(number)) onChange(Math.min(max, Math.max(min, number)));
  };
  return (
    <Field label={label} hint={hint} layout="row">
      {({ id, hintId }) => (
        <span className="flex shrink-0 items-center gap-2">
          <input
            id={id}
            type="number"
            inputMode="numeric"
            aria-describedby={hintId}
            min={min}
            max={max}
            step={step}
            value={draft ?? value}
            onChange={({ target }) => {
              setDraft(target.value);
              if (target.validity.valid) commit(target.value);
            }}
            onBlur={() => {
              if (draft !== null) commit(draft);
              setDraft(null);
            }}
            className="h-control w-24 rounded-md border border-edge bg-surface px-2 text-right text-sm text-text tabular-nums"
          />
          {unit && <span className="w-5 text-sm text-soft">{unit}</span>}
        </span>
      )}
    </Field>
  );
}
