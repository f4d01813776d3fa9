import { Image } from "lucide-react";
import { goTo } from "../editor/commands/undoRedo";
import { useEditor } from "../editor/store";
import { useT } from "../i18n";
import { classes } from "./kit";

/** Thumbnails of all history steps, oldest first. A click restores a step; undone steps are dimmed. */
export function HistoryStrip() {
  const t = useT();
  const { past, future } = useEditor((state) => state.history);
  const busy = useEditor((state) => state.job !== null);
  const steps = [...past, ...future];
  const position = past.length;
  return (
    <ol className="-mx-1 flex flex-wrap gap-1" aria-label={t("panel.history")}>
      <li>
        <StepButton
          label={t("history.original")}
          current={position === 0}
          undone={false}
          disabled={busy}
          steps={0}
        >
          <Image aria-hidden="true" size={18} strokeWidth={1.75} />
        </StepButton>
      </li>
      {steps.map((step, index) => (
        <li key={step.id}>
          <StepButton
            label={t("history.step", { number: index + 1, action: t(`history.${step.kind}`) })}
            current={position === index + 1}
            undone={index >= position}
            disabled={busy}
            steps={index + 1}
          >
            <img src={step.thumbnail} alt="" width={56} height={40} draggable={false} />
          </StepButton>
        </li>
      ))}
    </ol>
  );
}

interface StepButtonProps {
  label: string;
  current: boolean;
  undone: boolean;
  disabled: boolean;
  /** Number of steps applied after the click. */
  steps: number;
  children: React.ReactNode;
}

function StepButton({ label, current, undone, disabled, steps, children }: StepButtonProps) {
  return (
    <button
      type="button"
      title={label}
      aria-label={label}
      aria-current={current ? "step" : undefined}
      disabled={disabled}
      className={classes(
        "grid h-10 w-14 place-items-center overflow-hidden rounded-sm bg-sunken text-soft outline-offset-1 transition-opacity",
        current && "outline-2 outline-accent",
        undone && "opacity-45 hover:opacity-80",
      )}
      onClick={() => void goTo(steps)}
    >
      {children}
    </button>
  );
}
