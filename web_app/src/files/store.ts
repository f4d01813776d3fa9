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
import { arrange, neighbour, SORT_KEYS, type Arrangement } from "./arrange";

export const LAYOUTS = ["rows", "masonry"] as const;
export type FilesLayout = (typeof LAYOUTS)[number];

export interface FilesState extends Arrangement {
  readonly tab: MediaTab;
  readonly layout: FilesLayout;
  /** The picture that was opened last from here. */
  readonly opened: { readonly tab: MediaTab; readonly name: string } | null;
}

/** How the file manager is looked at; the order and the layout are kept in this browser. */
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

/** What of a stored view makes sense. */
function readView(stored: unknown): Partial<FilesState> {
  const { sort, descending, layout } = (stored ?? {}) as Partial<FilesState>;
  return {
    ...(sort && SORT_KEYS.includes(sort) && { sort }),
    ...(typeof descending === "boolean" && { descending }),
    ...(layout && LAYOUTS.includes(layout) && { layout }),
  };
}

export function setFiles(change: Partial<Omit<FilesState, "opened">>): void {
  useFiles.setState(change);
}

/** The pictures of a folder, asked for again when they were asked for a while ago. */
export function mediaQuery(tab: MediaTab) {
  return {
    queryKey: ["medias", tab],
    queryFn: ({ signal }: { signal: AbortSignal }): Promise<Media[]> => listMedia(tab, signal),
    staleTime: 5_000,
  };
}

/** Opens a picture of a folder in the editor; one of the masks' folder becomes the mask of the picture that is open. */
export async function openMedia(tab: MediaTab, name: string): Promise<void> {
  try {
    if (tab === "mask") {
      if (!useEditor.getState().picture) throw new UserError(t("files.maskAlone"));
      await importMask(await mediaFile(tab, name));
      return;
    }
    await open(await mediaFile(tab, name));
    useFiles.setState({ opened: { tab, name } });
  } catch (thrown) {
    notify({ kind: "error", text: errorMessage(thrown) });
  }
}

/** Opens the picture before or after the one that was opened last from a folder. */
export async function stepMedia(steps: 1 | -1): Promise<void> {
  const { opened, ...arrangement } = useFiles.getState();
  if (!opened) return;
  try {
    const medias = arrange(await queryClient.query(mediaQuery(opened.tab)), arrangement);
    const next = neighbour(medias, opened.name, steps);
    if (next) await openMedia(opened.tab, next.name);
  } catch (thrown) {
    notify({ kind: "error", text: errorMessage(thrown) });
  }
}
