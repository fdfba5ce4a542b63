/**
 * The dashboard in a real Chromium, against real daemons: opened by the command, clicked through,
 * attacked by strings and by other origins, read by a checker of accessibility. Screenshots are
 * left in `coverage/dashboard/`.
 */

import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import axe from 'axe-core';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { NodeProcess } from '../node-process.ts';
import { createTestnet } from '../testnet.ts';
import type { Testnet } from '../testnet.ts';
import { chromiumPath, launchChromium, openTab } from './chromium.ts';
import type { WatchedTab } from './chromium.ts';

const COMMAND = fileURLToPath(new URL('../../dist/bundle/coalesce.js', import.meta.url));
const SCREENS = fileURLToPath(new URL('../../coverage/dashboard/', import.meta.url));
const TERM = 'performs:nlp/sentiment';
const ECHO_TERM = 'performs:text/hostile-echo';
const TEXT = 'The kettle is wonderful. The tent was a sad disappointment.';
const VIEWS = [
  ['', 'Overview'],
  ['peers', 'Peers'],
  ['query', 'Find a skill'],
  ['run', 'Run a task'],
  ['tasks', 'Tasks'],
  ['decisions', 'Decisions'],
  ['savings', 'Savings'],
  ['exploration', 'Exploration'],
  ['market', 'Market'],
  ['ledger', 'Ledger'],
  ['certificates', 'Certificates'],
] as const;
const MARKUP =
  '<img src=x onerror="window.broken=1"><script>window.broken=1</script>\u001b[2J\u202e"\'';

const run = promisify(execFile);

if (chromiumPath === undefined) {
  process.stderr.write('no Chromium on this machine: the dashboard is not clicked through\n');
}

async function newLink(node: NodeProcess): Promise<string> {
  const { stdout } = await run(process.execPath, [
    ...[COMMAND, '--data', node.dataDir, '--json', 'dashboard'],
  ]);
  return (JSON.parse(stdout) as { url: string }).url;
}

describe.skipIf(chromiumPath === undefined)('the dashboard in Chromium', () => {
  let dir: string;
  let network: Testnet;
  let client: NodeProcess;
  let browser: Browser;
  let tabs: WatchedTab[] = [];

  beforeAll(async () => {
    await mkdir(SCREENS, { recursive: true });
    dir = await mkdtemp(join(tmpdir(), 'coalesce-dashboard-'));
    const module = join(dir, 'hostile-echo.mjs');
    await copyFile(fileURLToPath(new URL('fixtures/hostile-echo.mjs', import.meta.url)), module);
    const skill = {
      description: 'Sold in a test',
      priceMicroUsd: 40,
      perUnit: 'task',
      latencyMs: 1_000,
      capacity: 16,
    };
    network = await createTestnet(5, {
      replicas: 4,
      offers: [{ skills: [{ ...skill, term: TERM, executor: { type: 'builtin' } }] }],
      // A test has no time for a text that is worth handing out.
      config: { decision: { hasEconomicGate: false, confidenceThreshold: 0, scoreThreshold: 0 } },
    });
    client = network.client;
    const echo = { ...skill, term: ECHO_TERM, executor: { type: 'module', path: module } };
    await network.contractors[0]!.api.post('/v1/skills', { skills: [echo] });
    browser = await launchChromium();
  }, 180_000);

  afterEach(async () => {
    for (const { context } of tabs) await context.close();
    tabs = [];
  });

  afterAll(async () => {
    await browser?.close();
    await network?.destroy();
    await rm(dir, { recursive: true, force: true });
  }, 60_000);

  async function openDashboard(options: Parameters<typeof openTab>[1] = {}): Promise<WatchedTab> {
    const tab = await openTab(browser, options);
    tabs.push(tab);
    await tab.page.goto(await newLink(client));
    await tab.page.getByText('live', { exact: true }).waitFor();
    return tab;
  }

  async function goTo(page: Page, path: string, title: string): Promise<void> {
    await page.goto(new URL(`/dashboard/#/${path}`, page.url()).href);
    await page.getByRole('heading', { level: 1, name: title }).waitFor();
    await page.waitForFunction(
      () => (document.querySelector('main > div')?.childElementCount ?? 0) > 0,
    );
  }

  async function runTask(page: Page, term: string, text: string): Promise<void> {
    await goTo(page, 'run', 'Run a task');
    await page.getByLabel('Skill').fill(term);
    await page.getByLabel('Input').fill(text);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.locator('#run-result').waitFor({ timeout: 60_000 });
  }

  it('goes from a query to a run, its decision and its replay, without an error', async () => {
    const { page, errors, requests } = await openDashboard();
    await page.screenshot({ path: join(SCREENS, 'overview-light.png') });
    await goTo(page, 'query', 'Find a skill');
    await page.getByLabel('Skill or words').fill(TERM);
    await page.getByRole('button', { name: 'Find' }).click();
    await page.getByRole('table').getByText(TERM).first().waitFor();
    await page.screenshot({ path: join(SCREENS, 'query-light.png') });
    await page.getByRole('link', { name: TERM }).first().click();
    await page.getByRole('heading', { level: 1, name: 'Run a task' }).waitFor();
    expect(await page.getByLabel('Skill').inputValue()).toBe(TERM);

    await runTask(page, TERM, TEXT);
    await expect(page.locator('#run-result').innerText()).resolves.toMatch(
      /completed[^]*Net saving/,
    );
    await page.screenshot({ path: join(SCREENS, 'run-light.png') });
    await page.locator('#run-result').getByRole('table').getByRole('link').last().click();
    await page.getByRole('button', { name: 'Replay' }).click();
    await page.getByText('The replay agrees bit for bit.').waitFor();
    expect(await page.getByRole('heading', { level: 2 }).allInnerTexts()).toEqual([
      ...['What would have turned it', 'Costs', 'Scores', 'Criteria', 'Gates', 'Replay'],
    ]);
    await page.screenshot({ path: join(SCREENS, 'decision-light.png'), fullPage: true });

    expect(errors).toEqual([]);
    const { origin } = new URL(page.url());
    expect(requests.filter((url) => !url.startsWith(origin) && !url.startsWith('data:'))).toEqual(
      [],
    );
  }, 120_000);

  it('shows a run that another client began, as it goes on', async () => {
    const { page, errors } = await openDashboard();
    await goTo(page, 'tasks', 'Tasks');
    const before = await page.locator('.timeline li').count();
    const input = { name: 'a.txt', mediaType: 'text/plain', text: TEXT };
    await client.api.post('/v1/run', { skill: TERM, inputs: [input] });
    await page.locator('.timeline li').nth(before).waitFor();
    await page.screenshot({ path: join(SCREENS, 'tasks-light.png') });
    expect(errors).toEqual([]);
  }, 60_000);

  it.each([
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['phone', { colorScheme: 'light', viewport: { width: 390, height: 844 }, isMobile: true }],
  ] as const)(
    'is readable and accessible in every view: %s',
    async (look, options) => {
      const { page, errors } = await openDashboard(options);
      await runTask(page, TERM, TEXT);
      for (const [path, title] of VIEWS) {
        await goTo(page, path, title);
        await page.evaluate(axe.source);
        const { violations } = await page.evaluate(() =>
          (window as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
        );
        const found = violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`);
        expect(found, `${title}, ${look}`).toEqual([]);
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        expect(width, `${title} is wider than the screen`).toBeLessThanOrEqual(
          page.viewportSize()!.width,
        );
        await page.waitForTimeout(400); // charts draw themselves in 300 ms
        const path_ = join(SCREENS, `${path || 'overview'}-${look}.png`);
        await page.screenshot({ path: path_, fullPage: true });
      }
      expect(errors).toEqual([]);
    },
    180_000,
  );

  it('can be used by keyboard alone', async () => {
    const { page } = await openDashboard();
    await page.locator('body').press('Tab');
    const seen: string[] = [];
    for (let i = 0; i < 16; i++) {
      seen.push(await page.evaluate(() => (document.activeElement as HTMLElement).innerText));
      await page.keyboard.press('Tab');
    }
    expect(seen).toEqual(expect.arrayContaining([...VIEWS.map(([, title]) => title)]));
    await page.getByRole('link', { name: 'Run a task' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Run a task' }).waitFor();
  }, 60_000);

  it('keeps the chosen colours, whatever the system prefers', async () => {
    const { page } = await openDashboard({ colorScheme: 'light' });
    const ground = (): Promise<string> =>
      page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await page.getByRole('button', { name: 'Light or dark' }).click();
    expect(await ground()).not.toBe(light);
    await page.reload();
    expect(await ground()).not.toBe(light);
  }, 60_000);

  it('says what the node says of a wrong field', async () => {
    const { page } = await openDashboard();
    await goTo(page, 'query', 'Find a skill');
    await page.getByLabel('Skill or words').fill('performs:nlp/sentiment AND');
    await page.getByLabel('At most, USD').fill('cheap');
    await page.getByRole('button', { name: 'Find' }).click();
    const alert = page.getByRole('alert');
    await alert.waitFor();
    const said = await alert.innerText();
    const told = await client.api
      .post('/v1/query', { query: 'performs:nlp/sentiment AND', maxPriceMicroUsd: 'cheap' })
      .catch((error: unknown) => (error as { problems: string[] }).problems);
    expect(said.split('\n').filter(Boolean).slice(1)).toEqual(told);
  }, 60_000);

  it('opens by a link once: a thief of a used link is refused, and nothing is shown', async () => {
    const link = await newLink(client);
    const owner = await openTab(browser);
    const thief = await openTab(browser);
    tabs.push(owner, thief);
    await owner.page.goto(link);
    await owner.page.getByText('live', { exact: true }).waitFor();
    expect(owner.page.url()).not.toContain('token');
    await thief.page.goto(link);
    await thief.page.getByText('was used before').waitFor();
    expect(await thief.page.locator('main').innerText()).not.toContain(client.peerId.slice(-8));
    // The session outlasts a reload of the owner's tab.
    await owner.page.reload();
    await owner.page.getByText('live', { exact: true }).waitFor();
  }, 60_000);

  it('holds no secret that a script could read', async () => {
    const { page } = await openDashboard();
    const readable = await page.evaluate(() =>
      JSON.stringify([document.cookie, { ...localStorage }, document.documentElement.outerHTML]),
    );
    expect(readable).not.toMatch(/coalesce-\d+=|token=/);
    const [cookie] = await page.context().cookies(`${new URL(page.url()).origin}/v1/status`);
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/v1' });
  }, 60_000);

  it('gives a page of another port nothing, though the browser sends it the cookie', async () => {
    const { page, context } = await openDashboard();
    const stolen: (string | undefined)[] = [];
    const stranger = createServer((request, response) => {
      stolen.push(request.headers.cookie);
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>a</title>');
    });
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = stranger.address() as AddressInfo;
      const other = await context.newPage();
      await other.goto(`http://127.0.0.1:${port}/v1/x`);
      const { origin } = new URL(page.url());
      const outcome = await other.evaluate(async (url) => {
        const tried: string[] = [];
        for (const mode of ['cors', 'no-cors'] as const) {
          for (const headers of [{}, { 'x-coalesce-page': 'a' }]) {
            const options = { mode, headers, credentials: 'include' } as const;
            tried.push(
              await fetch(url, options).then(
                (r) => `${r.type} ${r.status}`,
                () => 'failed',
              ),
            );
          }
        }
        return tried;
      }, `${origin}/v1/status`);
      expect(outcome).toEqual(['failed', 'failed', 'opaque 0', 'opaque 0']);
      // What it was sent is half a session, and opens nothing.
      const cookie = stolen[0];
      expect(cookie).toContain('coalesce-');
      const answer = await fetch(`${origin}/v1/status`, { headers: { cookie: cookie! } });
      expect(answer.status).toBe(401);
    } finally {
      stranger.close();
    }
  }, 60_000);

  it('shows the markup in a result of a hostile contractor as the text that it is', async () => {
    const { page, errors } = await openDashboard();
    await runTask(page, ECHO_TERM, 'x');
    const text = await page.locator('#run-result pre').first().innerText();
    expect(text).toContain('<img src=x onerror=');
    expect(text).not.toMatch(/[\u001b\u202e]/);
    expect(await page.evaluate(() => 'broken' in window)).toBe(false);
    expect(errors).toEqual([]);
  }, 60_000);

  it('runs no markup, whichever string of an answer holds it (answers faked in the browser)', async () => {
    const { page, errors } = await openDashboard();
    await page.route('**/v1/**', async (route) => {
      if (route.request().url().endsWith('/events')) return route.continue();
      const response = await route.fetch();
      const poisoned = JSON.parse(await response.text(), (_key, value: unknown) =>
        typeof value === 'string' ? `${value}${MARKUP}` : value,
      ) as unknown;
      return route.fulfill({ response, json: poisoned });
    });
    for (const [path, title] of VIEWS) {
      await goTo(page, path, title);
      await page.waitForTimeout(200);
      const found = await page.evaluate(() => ({
        isBroken: 'broken' in window,
        elements: document.querySelectorAll('main img, main script, main iframe').length,
        text: document.body.innerText,
      }));
      expect(found, title).toMatchObject({ isBroken: false, elements: 0 });
      expect(found.text).not.toMatch(/[\u001b\u202e]/);
    }
    expect(errors).toEqual([]);
  }, 90_000);

  it('is loaded and can be used with at most 400 kB, compressed', async () => {
    const tab = await openTab(browser);
    tabs.push(tab);
    const session = await tab.context.newCDPSession(tab.page);
    await session.send('Network.enable');
    let bytes = 0;
    session.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
    await tab.page.goto(await newLink(client));
    await tab.page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThanOrEqual(400_000);
  }, 60_000);
});
