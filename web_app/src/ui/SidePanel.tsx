import { setHardness, setMode } from "../editor/commands/options";
import { setMaskAmount, useMaskAmount } from "../editor/maskAmount";
import { setPanel, usePanel } from "../editor/panel";
import { useEditor } from "../editor/store";
import { usesBrush } from "../editor/tools";
import { useT, type MessageKey } from "../i18n";
import { ModelOptions } from "../settings/ModelOptions";
import { RANGES } from "../settings/settings";
import { updateSettings, useSettings } from "../settings/store";
import { StrategySettings } from "../settings/StrategySettings";
import { ActionButton } from "./ActionButton";
import { HistoryStrip } from "./HistoryStrip";
import { Select, Sheet, Slider } from "./kit";
import { useNarrow } from "./useNarrow";

/**
 * Tool, mask and model options and the history, in a panel on the right or a bottom sheet on narrow screens.
 */
export function SidePanel() {
  const t = useT();
  const open = usePanel((state) => state.open);
  const narrow = useNarrow();
  if (narrow) {
    return (
      <Sheet open={open} onOpenChange={setPanel} title={t("panel.label")} side="bottom">
        <Sections />
      </Sheet>
    );
  }
  if (!open) return null;
  return (
    <aside className="side-panel floating" aria-label={t("panel.label")}>
      <Sections />
    </aside>
  );
}

function Sections() {
  return (
    <>
      <ToolSection />
      <MaskSection />
      <Section title="panel.history">
        <HistoryStrip />
      </Section>
      <Section title="panel.model">
        <StrategySettings />
        <ModelOptions />
      </Section>
    </>
  );
}

function Section({ title, children }: { title: MessageKey; children: React.ReactNode }) {
  const t = useT();
  return (
    <section className="flex flex-col gap-2 border-b border-line px-4 py-3 last:border-0 max-sm:px-0">
      <h2 className="text-xs font-semibold text-soft">{t(title)}</h2>
      {children}
    </section>
  );
}

function ToolSection() {
  const t = useT();
  const tool = useEditor((state) => state.tool);
  const mode = useEditor((state) => state.mode);
  const hardness = useEditor((state) => state.hardness);
  if (tool === "pan") return null;
  const isBrush = tool === "brush" || tool === "eraser";
  return (
    <Section title={`tool.${tool}`}>
      {usesBrush(tool) && (
        <Slider
          label={t("panel.hardness")}
          value={Math.round(hardness * 100)}
          min={0}
          max={100}
          format={(percent) => `${percent}%`}
          onChange={(percent) => {
            setHardness(percent / 100);
          }}
        />
      )}
      {!isBrush && (
        <Select
          label={t("panel.mode")}
          value={mode}
          options={[
            { value: "add", label: t("panel.mode.add") },
            { value: "remove", label: t("panel.mode.remove") },
          ]}
          onChange={setMode}
        />
      )}
      {!isBrush && <p className="text-xs text-soft">{t(`tool.${tool}.hint`)}</p>}
    </Section>
  );
}

const MASK_ACTIONS = [
  "growMask",
  "shrinkMask",
  "featherMask",
  "invertMask",
  "clearMask",
  "maskFromOpacity",
  "importMask",
  "saveMask",
] as const;

function MaskSection() {
  const t = useT();
  const amount = useMaskAmount((state) => state.amount);
  const opacity = useSettings((state) => state.maskOpacity);
  return (
    <Section title="panel.mask">
      <Slider
        label={t("panel.amount")}
        value={amount}
        min={1}
        max={64}
        format={(pixels) => `${pixels} px`}
        onChange={setMaskAmount}
      />
      <div className="-mx-2 grid grid-cols-2">
        {MASK_ACTIONS.map((id) => (
          <ActionButton key={id} id={id} showLabel className="justify-start px-2" />
        ))}
      </div>
      <Slider
        label={t("settings.maskOpacity")}
        value={Math.round(opacity * 100)}
        min={RANGES.maskOpacity.min * 100}
        max={RANGES.maskOpacity.max * 100}
        format={(percent) => `${percent}%`}
        onChange={(percent) => {
          updateSettings({ maskOpacity: percent / 100 });
        }}
      />
    </Section>
  );
}
