import { MasonryPhotoAlbum, RowsPhotoAlbum, type Photo } from "react-photo-album";
import "react-photo-album/masonry.css";
import "react-photo-album/rows.css";
import { thumbnailUrl, type Media, type MediaTab } from "../api/media";
import { useT } from "../i18n";
import type { FilesLayout } from "./view";

/** Largest requested thumbnail width in pixels; enough for rows at a device pixel ratio of 2. */
const THUMBNAIL_WIDTH = 512;
/** In CSS pixels. */
const ROW_HEIGHT = 180;
const SPACING = 8;

export interface AlbumProps {
  tab: MediaTab;
  medias: readonly Media[];
  layout: FilesLayout;
  onOpen: (name: string) => void;
}

/** A photo album in rows of equal height or columns of equal width. */
export function Album({ tab, medias, layout, onOpen }: AlbumProps) {
  const t = useT();
  const photos = medias.map(({ name, width, height }): Photo => ({
    key: name,
    src: thumbnailUrl(tab, name, Math.min(width, THUMBNAIL_WIDTH)),
    width,
    height,
    title: name,
    alt: "",
    label: t(tab === "mask" ? "files.useMask" : "files.open", { name }),
  }));
  const props = {
    photos,
    spacing: SPACING,
    // An initial width avoids an empty first render before the container is measured.
    defaultContainerWidth: 800,
    onClick: ({ index }: { index: number }) => {
      const media = medias[index];
      if (media) onOpen(media.name);
    },
    render: {
      image: (image: React.ComponentProps<"img">) => (
        <img
          {...image}
          loading="lazy"
          decoding="async"
          className={`${image.className ?? ""} rounded-md bg-sunken`}
        />
      ),
      extras: (_: object, { photo }: { photo: Photo }) => (
        <span
          aria-hidden="true"
          className="pointer-events-none absolute inset-x-0 bottom-0 truncate rounded-b-md bg-black/60 px-2 py-1 text-left text-xs text-white opacity-0 transition-opacity [button:focus-visible_&]:opacity-100 [button:hover_&]:opacity-100"
        >
          {photo.title}
        </span>
      ),
    },
  };
  return layout === "rows" ? (
    <RowsPhotoAlbum
      {...props}
      targetRowHeight={ROW_HEIGHT}
      rowConstraints={{ singleRowMaxHeight: ROW_HEIGHT * 1.5 }}
    />
  ) : (
    <MasonryPhotoAlbum {...props} columns={(width) => Math.max(2, Math.round(width / 240))} />
  );
}
