import { FolderOpen, Images, Package, Play, RotateCw, Trash2 } from "lucide-react";
import { errorMessage } from "../api/errors";
import { useT } from "../i18n";
import { Button, Dialog, notify } from "../ui/kit";
import { BatchOptions } from "./BatchOptions";
import { DropArea } from "./DropArea";
import { isImage } from "./names";
import { ImageRow } from "./ImageRow";
import { PickButton } from "./PickButton";
import { addImages, cancelAll, clear, downloadResults, hasMask, start, useBatch } from "./store";
import { summarize, type Summary } from "./summary";

/** The batch dialog. The batch continues while the dialog is closed. */
export default function BatchDialog({ onClose }: { onClose: () => void }) {
  const t = useT();
  const batch = useBatch();
  const summary = summarize(batch.images);
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={t("batch.title")}
      description={t("batch.description")}
      size="lg"
      height="fixed"
      footer={summary.total > 0 && <Footer summary={summary} />}
    >
      <BatchOptions />
      <DropArea onFiles={addImageFiles} className="mt-3 flex min-h-40 flex-1 flex-col rounded-lg">
        {batch.images.length === 0 ? <Empty /> : <ImageList />}
      </DropArea>
    </Dialog>
  );
}

function addImageFiles(files: File[]): void {
  addImages(files.filter(({ name }) => isImage(name)));
}

function ImageButtons() {
  const t = useT();
  return (
    <span className="flex gap-2">
      <PickButton icon={<Images aria-hidden="true" size={16} />} onFiles={addImageFiles}>
        {t("batch.addImages")}
      </PickButton>
      <PickButton icon={<FolderOpen aria-hidden="true" size={16} />} folder onFiles={addImageFiles}>
        {t("batch.addFolder")}
      </PickButton>
    </span>
  );
}

function Empty() {
  const t = useT();
  return (
    <div className="flex flex-1 flex-col items-center justify-center gap-3 rounded-lg border border-dashed border-edge p-6 text-center">
      <p className="text-sm text-soft">{t("batch.empty")}</p>
      <ImageButtons />
    </div>
  );
}

function ImageList() {
  const t = useT();
  const batch = useBatch();
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h3 className="text-sm font-medium">{t("batch.images", { count: batch.images.length })}</h3>
        <ImageButtons />
      </div>
      <ul className="mt-1">
        {batch.images.map((image) => (
          <ImageRow key={image.id} image={image} hasMask={hasMask(image, batch)} />
        ))}
      </ul>
    </>
  );
}

function Footer({ summary }: { summary: Summary }) {
  const t = useT();
  const { total, done, failed, open, remaining } = summary;
  const { packing, target } = useBatch();
  const ready = useBatch((batch) => batch.images.some((image) => hasMask(image, batch)));
  const finished = done > 0 && open === 0;
  return (
    <>
      <p role="status" className="min-w-0 flex-1 text-sm text-soft tabular-nums">
        {done + failed + open > 0 && t("batch.progress", { done, total })}
        {failed > 0 && `, ${t("batch.failed", { count: failed })}`}
      </p>
      {total > 0 && open === 0 && (
        <Button variant="quiet" icon={<Trash2 aria-hidden="true" size={16} />} onClick={clear}>
          {t("batch.clear")}
        </Button>
      )}
      {open > 0 && <Button onClick={cancelAll}>{t("batch.cancelAll")}</Button>}
      {open === 0 && remaining > 0 && (
        <Button
          variant={finished ? "plain" : "primary"}
          disabled={!ready}
          icon={finished ? <RotateCw aria-hidden="true" size={16} /> : <Play aria-hidden="true" size={16} />}
          onClick={start}
        >
          {finished ? t("batch.retryRemaining", { count: remaining }) : t("batch.start")}
        </Button>
      )}
      {finished && target === "zip" && (
        <Button
          variant="primary"
          disabled={packing}
          icon={<Package aria-hidden="true" size={16} />}
          onClick={() => {
            downloadResults().catch((thrown: unknown) => {
              notify({ kind: "error", text: errorMessage(thrown) });
            });
          }}
        >
          {t("batch.zip")}
        </Button>
      )}
    </>
  );
}
