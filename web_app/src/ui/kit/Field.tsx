import { useId, type ReactNode } from "react";
import { classes } from "./classes";

export interface FieldProps {
  label: string;
  /** One line of help below the label. */
  hint?: string | undefined;
  /** `row` places the control to the right of the label, `column` below it. */
  layout?: "row" | "column";
  /** Renders the control, which takes `id` as its id and `hintId` as its `aria-describedby`. */
  children: (ids: { id: string; hintId: string | undefined }) => ReactNode;
}

/** A form control with a label and an optional hint. */
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
