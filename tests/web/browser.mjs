// A headless Chromium for the tests of the page, and where they leave pictures of what they saw.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = new URL('../..', import.meta.url).pathname;
export const CHROMIUM = process.env.LIPSTREAM_CHROMIUM ?? '/usr/bin/chromium';
export const ARTIFACTS = process.env.LIPSTREAM_WEB_ARTIFACTS ?? join(ROOT, 'out/web-artifacts');
export const PACKAGES = process.env.LIPSTREAM_WEB_PACKAGES ?? join(ROOT, 'third_party/web_tests');

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required',
  '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--mute-audio',
];

/** @returns {Promise<{newPage: (options?: object) => Promise<any>, close: () => Promise<void>}>} */
export async function openBrowser() {
  const { chromium } = createRequire(join(PACKAGES, 'package.json'))('playwright-core');
  const profile = mkdtempSync(join(tmpdir(), 'lipstream-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM, headless: true, args: FLAGS, viewport: { width: 1280, height: 900 },
  });
  return {
    context,
    async newPage({ width = 1280, height = 900, colorScheme = 'light' } = {}) {
      const page = await context.newPage();
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme });
      page.complaints = [];
      page.on('console', (line) => ['error', 'warning'].includes(line.type()) && page.complaints.push(line.text()));
      page.on('pageerror', (error) => page.complaints.push(error.message));
      return page;
    },
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

export async function screenshot(page, name) {
  mkdirSync(ARTIFACTS, { recursive: true });
  await page.screenshot({ path: join(ARTIFACTS, `${name}.png`), fullPage: true });
}
