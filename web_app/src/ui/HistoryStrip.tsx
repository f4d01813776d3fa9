import { Image } from "lucide-react";
import { goTo } from "../editor/commands/undoRedo";
import { useEditor } from "../editor/store";
import { useT } from "../i18n";
import { classes } from "./kit";

/** A small picture of every step, oldest first; a click goes there. What was undone is paler. */
export function HistoryStrip() {
  const t = useT();
  const { past, future } = useEditor((state) => state.history);
  const busy = useEditor((state) => state.job !== null);
  const steps = [...past, ...future];
  const now = past.length;
  return (
    <ol className="-mx-1 flex flex-wrap gap-1" aria-label={t("panel.history")}>
      <li>
        <StepButton
          label={t("history.original")}
          current={now === 0}
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
            label={t("history.step", { number: index + 1, what: t(`history.${step.kind}`) })}
            current={now === index + 1}
            undone={index >= now}
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
  /** How many steps are done when it is chosen. */
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
