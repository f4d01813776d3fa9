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
  /** Told once when the hand lets go. */
  onCommit?: ((value: number) => void) | undefined;
  /** How the value is written and read out; the number itself without it. */
  format?: (value: number) => string;
  /** Only the track is drawn; label and value are for screen readers. */
  bare?: boolean;
  disabled?: boolean;
  className?: string;
}

/** A number between two ends. It is the browser's own control: keys, touch and screen readers know it. */
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
  const paint = useCallback(
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
      ref={paint}
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
