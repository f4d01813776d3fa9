import { ArrowDownNarrowWide, ArrowUpNarrowWide, LayoutGrid, Rows3, Search } from "lucide-react";
import { useT } from "../i18n";
import { IconButton, Select } from "../ui/kit";
import { SORT_KEYS } from "./listing";
import { setFiles, useFiles } from "./store";

/** Search, sort order and layout controls of a folder. */
export function FilesBar({ count }: { count: number }) {
  const t = useT();
  const { search, sort, descending, layout } = useFiles();
  return (
    <div className="flex flex-wrap items-center gap-2">
      <label className="relative min-w-40 flex-1">
        <span className="sr-only">{t("files.search")}</span>
        <Search
          aria-hidden="true"
          size={16}
          className="pointer-events-none absolute top-1/2 left-3 -translate-y-1/2 text-soft"
        />
        <input
          type="search"
          placeholder={t("files.search")}
          value={search}
          onChange={({ target }) => {
            setFiles({ search: target.value });
          }}
          className="h-control w-full rounded-md border border-edge bg-surface pr-3 pl-9 text-sm placeholder:text-soft"
        />
      </label>
      <span role="status" className="text-sm text-soft tabular-nums">
        {t("files.count", { count })}
      </span>
      <Select
        bare
        label={t("files.sort")}
        value={sort}
        options={SORT_KEYS.map((value) => ({ value, label: t(`files.sort.${value}`) }))}
        onChange={(value) => {
          setFiles({ sort: value });
        }}
      />
      <IconButton
        label={t(descending ? "files.descending" : "files.ascending")}
        onClick={() => {
          setFiles({ descending: !descending });
        }}
      >
        {descending ? (
          <ArrowDownNarrowWide aria-hidden="true" size={18} />
        ) : (
          <ArrowUpNarrowWide aria-hidden="true" size={18} />
        )}
      </IconButton>
      <IconButton
        label={t("files.rows")}
        pressed={layout === "rows"}
        onClick={() => {
          setFiles({ layout: "rows" });
        }}
      >
        <Rows3 aria-hidden="true" size={18} />
      </IconButton>
      <IconButton
        label={t("files.masonry")}
        pressed={layout === "masonry"}
        onClick={() => {
          setFiles({ layout: "masonry" });
        }}
      >
        <LayoutGrid aria-hidden="true" size={18} />
      </IconButton>
    </div>
  );
}
