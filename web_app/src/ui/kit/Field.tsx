import { useId, type ReactNode } from "react";
import { classes } from "./classes";

export interface FieldProps {
  label: string;
  /** A line that says what the setting does. */
  hint?: string | undefined;
  /** `row`: label at the left, control at the right. */
  layout?: "row" | "column";
  /** Draws the control, which is named by `labelId` and described by `hintId`. */
  children: (ids: { id: string; hintId: string | undefined }) => ReactNode;
}

/** A control with its label. */
export function Field({ label, hint, layout = "column", children }: FieldProps) {
  const id = useId();
  const hintId = hint ? `${id}hint` : undefined;
  return (
    <div className={classes("flex min-w-0 flex-col gap-1", layout === "row" && "py-1")}>
      <div className={classes(layout === "row" && "flex min-w-0 items-center justify-between gap-4")}>
        <label htmlFor={id} className="min-w-0 text-sm">
          {label}
        </label>
        {layout === "row" && children({ id, hintId })}
      </div>
      {hint && (
        <p id={hintId} className="text-xs text-soft">
          {hint}
        </p>
      )}
      {layout === "column" && children({ id, hintId })}
    </div>
  );
}
