import { create } from "zustand";
import { persist } from "zustand/middleware";
import { listMedia, mediaFile, type Media, type MediaTab } from "../api/media";
import { queryClient } from "../api/queries";
import { errorMessage, UserError } from "../api/errors";
import { importMask } from "../editor/commands/mask";
import { open } from "../editor/commands/session";
import { useEditor } from "../editor/store";
import { t } from "../i18n";
import { notify } from "../ui/kit";
import { listImages, neighbour, type ListOptions } from "./listing";
import { readView, type FilesView } from "./view";

export interface FilesState extends ListOptions, FilesView {
  readonly tab: MediaTab;
  /** The image opened last from a folder. */
  readonly opened: { readonly tab: MediaTab; readonly name: string } | null;
}

/** State of the files dialog. Sort order and layout are persisted in this browser. */
export const useFiles = create<FilesState>()(
  persist(
    (): FilesState => ({
      tab: "input",
      search: "",
      sort: "name",
      descending: false,
      layout: "rows",
      opened: null,
    }),
    {
      name: "iopaint.files",
      partialize: ({ sort, descending, layout }) => ({ sort, descending, layout }),
      merge: (stored, state) => ({ ...state, ...readView(stored) }),
    },
  ),
);

export function setFiles(change: Partial<Omit<FilesState, "opened">>): void {
  useFiles.setState(change);
}

/** Query options for the images of a folder. Cached results are reused for 5 s. */
export function mediaQuery(tab: MediaTab) {
  return {
    queryKey: ["medias", tab],
    queryFn: ({ signal }: { signal: AbortSignal }): Promise<Media[]> => listMedia(tab, signal),
    staleTime: 5_000,
  };
}

/**
 * Opens an image of a folder in the editor. An image of the mask folder becomes the mask of the open image.
 */
export async function openMedia(tab: MediaTab, name: string): Promise<void> {
  try {
    if (tab === "mask") {
      if (!useEditor.getState().image) throw new UserError(t("files.maskNeedsImage"));
      await importMask(await mediaFile(tab, name));
      return;
    }
    await open(await mediaFile(tab, name));
    useFiles.setState({ opened: { tab, name } });
  } catch (thrown) {
    notify({ kind: "error", text: errorMessage(thrown) });
  }
}

/** Opens the image after (1) or before (-1) the one opened last from a folder. */
export async function stepMedia(offset: 1 | -1): Promise<void> {
  const { opened, ...options } = useFiles.getState();
  if (!opened) return;
  try {
    const medias = listImages(await queryClient.query(mediaQuery(opened.tab)), options);
    const next = neighbour(medias, opened.name, offset);
    if (next) await openMedia(opened.tab, next.name);
  } catch (thrown) {
    notify({ kind: "error", text: errorMessage(thrown) });
  }
}
