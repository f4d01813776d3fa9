import { Brush, FolderOpen, Image, Images } from "lucide-react";
import { useServerConfig } from "../api/queries";
import { maskFile } from "../editor/commands/session";
import { reportErrors } from "../editor/commands/reportErrors";
import { useEditor } from "../editor/store";
import { useT } from "../i18n";
import { Button, Select } from "../ui/kit";
import { DropArea } from "./DropArea";
import { isImage } from "./names";
import { PickButton } from "./PickButton";
import { isPluginRule, rulesOf } from "./rules";
import { addMasks, setRule, setTarget, useBatch } from "./store";

/** Selection of masks and of the destination. */
export function BatchOptions() {
  const t = useT();
  const { rule, mask, masks, target } = useBatch();
  const { data: server } = useServerConfig();
  const masksText = masks.length > 0 ? t("batch.masks", { count: masks.length }) : null;
  const chosen = rule === "one" ? mask?.name : rule === "each" ? masksText : null;
  const addMaskFiles = (files: File[]): void => {
    addMasks(files.filter(({ name }) => isImage(name)));
  };
  return (
    <DropArea onFiles={addMaskFiles} className="flex flex-col gap-1 rounded-lg bg-sunken p-3">
      <Select
        label={t("batch.rule")}
        value={rule}
        options={rulesOf({ server: server ?? null }).map((value) => ({
          value,
          label: t(`batch.rule.${value}`),
        }))}
        onChange={setRule}
      />
      <div className="flex min-h-control flex-wrap items-center justify-between gap-2">
        <span className="min-w-0 truncate text-xs text-soft">{chosen ?? t(`batch.rule.${rule}.hint`)}</span>
        {!isPluginRule(rule) && <MaskButtons rule={rule} onFiles={addMaskFiles} />}
      </div>
      {server?.enableAutoSaving && (
        <Select
          label={t("batch.target")}
          value={target}
          options={[
            { value: "zip", label: t("batch.target.zip") },
            { value: "server", label: t("batch.target.server") },
          ]}
          onChange={setTarget}
        />
      )}
    </DropArea>
  );
}

interface MaskButtonsProps {
  rule: "one" | "each";
  onFiles: (files: File[]) => void;
}

/** Buttons that choose mask files, or the mask of the editor. */
function MaskButtons({ rule, onFiles }: MaskButtonsProps) {
  const t = useT();
  const hasMask = useEditor(({ hole }) => hole !== null);
  if (rule === "one")
    return (
      <span className="flex flex-wrap gap-2">
        {hasMask && (
          <Button
            icon={<Brush aria-hidden="true" size={16} />}
            onClick={() => void reportErrors(addEditorMask)}
          >
            {t("batch.paintedMask")}
          </Button>
        )}
        <PickButton icon={<Image aria-hidden="true" size={16} />} multiple={false} onFiles={onFiles}>
          {t("batch.chooseMask")}
        </PickButton>
      </span>
    );
  return (
    <span className="flex gap-2">
      <PickButton icon={<Images aria-hidden="true" size={16} />} onFiles={onFiles}>
        {t("batch.chooseMasks")}
      </PickButton>
      <PickButton icon={<FolderOpen aria-hidden="true" size={16} />} folder onFiles={onFiles}>
        {t("batch.folder")}
      </PickButton>
    </span>
  );
}

/** Adds a copy of the editor's current mask. */
async function addEditorMask(): Promise<void> {
  const file = await maskFile();
  if (file) addMasks([file]);
}
