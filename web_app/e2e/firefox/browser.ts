import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer, { type Page } from "puppeteer-core";
import { expect } from "vitest";
import { UI_MS } from "../deadlines";

const INSTALLED = ["/usr/bin/firefox-esr", "/usr/bin/firefox"];

/** A Firefox instance with a fresh profile, driven over WebDriver BiDi. */
export interface Firefox {
  /** Opens a tab of 1280x720 CSS pixels in a separate browser context. */
  readonly open: () => Promise<Page>;
  /** Waits until the named download is complete and returns its content. */
  readonly downloaded: (name: string) => Promise<Buffer>;
  /** Closes the browser and removes its profile and downloads. */
  readonly close: () => Promise<void>;
}

/** Launches the Firefox executable in `FIREFOX`, or the installed one. */
export async function launchFirefox(): Promise<Firefox> {
  const executablePath = process.env.FIREFOX ?? INSTALLED.find((path) => existsSync(path));
  if (!executablePath) throw new Error("Firefox isn't installed. Set FIREFOX to the path of its executable.");
  const folder = await mkdtemp(join(tmpdir(), "iopaint-firefox-"));
  const downloads = join(folder, "downloads");
  await mkdir(downloads);
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 5 });
  try {
    const browser = await puppeteer.launch({
      browser: "firefox",
      executablePath,
      userDataDir: join(folder, "profile"),
      // HOME also redirects caches and crash reports.
      env: { ...process.env, HOME: folder },
      defaultViewport: { width: 1280, height: 720 },
      timeout: 2 * UI_MS,
      extraPrefsFirefox: {
        "browser.download.dir": downloads,
        // 2 selects browser.download.dir.
        "browser.download.folderList": 2,
        "browser.download.useDownloadDir": true,
        "browser.download.alwaysOpenPanel": false,
      },
    });
    return {
      open: async () => {
        const page = await (await browser.createBrowserContext()).newPage();
        // Background tabs run no animation frames.
        await page.bringToFront();
        return page;
      },
      downloaded: async (name) => {
        const path = join(downloads, name);
        // During a download Firefox keeps an empty file of the final name and writes to a temporary one.
        await expect
          .poll(async () => [...(await readdir(downloads)), await isEmpty(path)], { timeout: UI_MS })
          .toEqual([name, false]);
        const bytes = await readFile(path);
        await rm(path);
        return bytes;
      },
      close: async () => {
        await browser.close();
        await remove();
      },
    };
  } catch (reason) {
    await remove();
    throw reason;
  }
}

async function isEmpty(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => null);
  return !info || info.size === 0;
}
