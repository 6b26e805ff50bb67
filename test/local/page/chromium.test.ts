import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'puppeteer-core';
import { PROJECT } from '../../../local/synthesize.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const chromium = [
  process.env.CHROME_PATH ?? '',
  ...(process.env.PATH ?? '').split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name))),
].find(isExecutable);

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return file !== '';
  } catch {
    return false;
  }
}

const where = chromium ? 'in Chromium' : 'in Chromium, of which there is none here: CHROME_PATH may name one';

(chromium ? describe : describe.skip)(`the page ${where}`, () => {
  const server = chromium
    ? spawn(process.execPath, ['test/local/page/serve-page.ts'], { cwd: PROJECT })
    : undefined;
  const complaints: string[] = [];
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    if (!chromium || !server) return;
    const [url] = await once(createInterface({ input: server.stdout }), 'line');
    const { launch } = await import('puppeteer-core');
    browser = await launch({
      executablePath: chromium,
      // Who runs the tests as root, as in a container, has no sandbox; nothing but this page is loaded.
      args: ['--no-sandbox', '--lang=en-US'],
      env: { ...process.env, LANG: 'en_US.UTF-8', LC_ALL: '' },
    });
    page = await browser.newPage();
    // Violations of the content security policy are among them.
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(url);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    server?.kill();
  });

  const shown = (text: string) =>
    page.waitForFunction(`document.body.innerText.includes(${JSON.stringify(text)})`);

  test('is updated while it is looked at', async () => {
    await shown('None yet.');
    for (let calls = 1; calls <= 3; calls += 1) {
      await page.click('#place-call');
      await shown(`${calls} shown`);
    }
    await shown('1 live, 3 shown');
    await shown('100 %');
    await shown('create the recording -> 400, code 21220 (not in progress)');
    expect(await page.$$eval('#chart canvas', ({ length }) => length)).toBe(1);
    expect(await page.evaluate('document.body.innerText')).not.toContain('555020');
    expect(complaints).toEqual([]);
  }, 30_000);

  test('is worked with the keyboard', async () => {
    await page.focus('[aria-controls="times-table-content"]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#times-table-content table');
    await page.keyboard.press('Space');
    await page.waitForSelector('#times-table-content table', { hidden: true });
  }, 30_000);

  test.each(['light', 'dark'])(
    'is accessible in %s colours, contrast included',
    async (value) => {
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }]);
      await page.evaluate(await readFile('node_modules/axe-core/axe.min.js', 'utf8'));
      const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
      expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    },
    30_000,
  );
});
