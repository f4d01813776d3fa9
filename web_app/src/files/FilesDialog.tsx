import { useQuery } from "@tanstack/react-query";
import { errorMessage } from "../api/errors";
import { MEDIA_TABS, type MediaTab } from "../api/media";
import { useT } from "../i18n";
import { Button, Dialog, Tabs } from "../ui/kit";
import { Album } from "./Album";
import { FilesBar } from "./FilesBar";
import { listImages } from "./listing";
import { mediaQuery, openMedia, setFiles, useFiles } from "./store";

/** Browses the server's image folders. */
export default function FilesDialog({ onClose }: { onClose: () => void }) {
  const t = useT();
  const tab = useFiles((state) => state.tab);
  return (
    <Dialog open onOpenChange={onClose} title={t("files.title")} size="full">
      <Tabs
        label={t("files.title")}
        value={tab}
        onChange={(next) => {
          setFiles({ tab: next });
        }}
        tabs={MEDIA_TABS.map((value) => ({
          value,
          label: t(`files.tab.${value}`),
          content: <Folder tab={value} onOpened={onClose} />,
        }))}
      />
    </Dialog>
  );
}

function Folder({ tab, onOpened }: { tab: MediaTab; onOpened: () => void }) {
  const t = useT();
  const view = useFiles();
  const { data, error, isPending, refetch } = useQuery(mediaQuery(tab));
  if (isPending) return <Message text={t("common.loading")} />;
  if (error)
    return (
      <Message text={errorMessage(error)}>
        <Button onClick={() => void refetch()}>{t("common.retry")}</Button>
      </Message>
    );
  const medias = listImages(data, view);
  return (
    <div className="flex min-h-full flex-col gap-4">
      <FilesBar count={medias.length} />
      {medias.length === 0 ? (
        <Message
          text={data.length === 0 ? t(`files.empty.${tab}`) : t("files.noMatches", { search: view.search })}
        />
      ) : (
        <Album
          tab={tab}
          medias={medias}
          layout={view.layout}
          onOpen={(name) => {
            onOpened();
            void openMedia(tab, name);
          }}
        />
      )}
    </div>
  );
}

function Message({ text, children }: { text: string; children?: React.ReactNode }) {
  return (
    <div className="flex flex-1 flex-col items-center justify-center gap-3 p-8 text-center text-sm text-soft">
      <p role="status">{text}</p>
      {children}
    </div>
  );
}
