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
import { addMasks, setRule, setTarget, useBatch } from "./store";

/** Selection of masks and of the destination. */
export function BatchOptions() {
  const t = useT();
  const { rule, mask, masks, target } = useBatch();
  const { data: server } = useServerConfig();
  const hasMask = useEditor(({ hole }) => hole !== null);
  const addMaskFiles = (files: File[]): void => {
    addMasks(files.filter(({ name }) => isImage(name)));
  };
  return (
    <DropArea onFiles={addMaskFiles} className="flex flex-col gap-1 rounded-lg bg-sunken p-3">
      <Select
        label={t("batch.rule")}
        value={rule}
        options={[
          { value: "one", label: t("batch.rule.one") },
          { value: "each", label: t("batch.rule.each") },
        ]}
        onChange={setRule}
      />
      <div className="flex min-h-control flex-wrap items-center justify-between gap-2">
        <span className="min-w-0 truncate text-xs text-soft">
          {rule === "one"
            ? (mask?.name ?? t("batch.rule.one.hint"))
            : masks.length > 0
              ? t("batch.masks", { count: masks.length })
              : t("batch.rule.each.hint")}
        </span>
        {rule === "one" ? (
          <span className="flex flex-wrap gap-2">
            {hasMask && (
              <Button
                icon={<Brush aria-hidden="true" size={16} />}
                onClick={() => void reportErrors(addEditorMask)}
              >
                {t("batch.paintedMask")}
              </Button>
            )}
            <PickButton icon={<Image aria-hidden="true" size={16} />} multiple={false} onFiles={addMaskFiles}>
              {t("batch.chooseMask")}
            </PickButton>
          </span>
        ) : (
          <span className="flex gap-2">
            <PickButton icon={<Images aria-hidden="true" size={16} />} onFiles={addMaskFiles}>
              {t("batch.chooseMasks")}
            </PickButton>
            <PickButton icon={<FolderOpen aria-hidden="true" size={16} />} folder onFiles={addMaskFiles}>
              {t("batch.folder")}
            </PickButton>
          </span>
        )}
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

/** Adds a copy of the editor's current mask. */
async function addEditorMask(): Promise<void> {
  const file = await maskFile();
  if (file) addMasks([file]);
}
