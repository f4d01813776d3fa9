import { useCallback } from "react";
import { classes } from "./classes";
import { Field } from "./Field";

export interface SliderProps {
  label: string;
  hint?: string | undefined;
  value: number;
  min: number;
  max: number;
  step?: number;
  onChange: (value: number) => void;
  /** Called once at the end of a drag or key press. */
  onCommit?: ((value: number) => void) | undefined;
  /** Formats the value for display and screen readers. Default: the number. */
  format?: (value: number) => string;
  /** Renders the track alone; label and value remain available to screen readers. */
  bare?: boolean;
  disabled?: boolean;
  className?: string;
}

/** A range slider. It is a native input, which supports keys, touch and screen readers. */
export function Slider(props: SliderProps) {
  const { label, hint, value, format = String, bare = false } = props;
  if (bare) return <Track {...props} />;
  return (
    <Field label={label} hint={hint}>
      {({ id, hintId }) => (
        <div className="flex items-center gap-3">
          <Track {...props} id={id} hintId={hintId} className="flex-1" />
          <output htmlFor={id} className="min-w-[5ch] text-right text-sm text-soft tabular-nums">
            {format(value)}
          </output>
        </div>
      )}
    </Field>
  );
}

function Track(props: SliderProps & { id?: string; hintId?: string | undefined }) {
  const {
    id,
    hintId,
    label,
    value,
    min,
    max,
    step = 1,
    onChange,
    onCommit,
    format,
    disabled,
    className,
  } = props;
  const fill = max > min ? (100 * (value - min)) / (max - min) : 0;
  const setFill = useCallback(
    (input: HTMLInputElement | null) => {
      input?.style.setProperty("--fill", `${fill}%`);
    },
    [fill],
  );
  const commit = onCommit
    ? ({ currentTarget }: { currentTarget: HTMLInputElement }) => {
        onCommit(currentTarget.valueAsNumber);
      }
    : undefined;
  return (
    <input
      ref={setFill}
      id={id}
      type="range"
      aria-label={id ? undefined : label}
      aria-describedby={hintId}
      aria-valuetext={format?.(value)}
      min={min}
      max={max}
      step={step}
      value={value}
      disabled={disabled}
      onChange={(event) => {
        onChange(event.target.valueAsNumber);
      }}
      onPointerUp={commit}
      onKeyUp={commit}
      className={classes("kit-range", className)}
    />
  );
}
