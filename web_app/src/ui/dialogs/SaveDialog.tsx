import { Download } from "lucide-react";
import { useEditor } from "../../editor/store";
import { keepsOpenedJpeg, saveImage } from "../../files/save";
import { useT } from "../../i18n";
import { SavingSettings } from "../../settings/SavingSettings";
import { useSettings } from "../../settings/store";
import { Button, Dialog } from "../kit";

/** Format and quality for saving. The choice becomes the default for later saves. */
export default function SaveDialog({ onClose }: { onClose: () => void }) {
  const t = useT();
  const name = useEditor(({ image }) => image?.name);
  const onServer = useEditor(({ server }) => server?.enableAutoSaving === true);
  const settings = useSettings();
  const keepsJpeg = useEditor((state) => keepsOpenedJpeg(state, settings));
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={t("save.title")}
      description={onServer ? t("save.onServer") : name}
      size="sm"
      footer={
        <>
          <Button variant="quiet" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button
            variant="primary"
            icon={<Download aria-hidden="true" size={16} />}
            onClick={() => {
              onClose();
              void saveImage();
            }}
          >
            {t("action.save")}
          </Button>
        </>
      }
    >
      <SavingSettings keepsJpeg={keepsJpeg} />
    </Dialog>
  );
}
