/**
 * The dashboard: opens the session, shows the view that the address names, follows the node's
 * events.
 *
 * @module
 */

import { ApiProblem, followEvents, openSession } from './api.ts';
import { endGoneCharts, redrawCharts } from './charts.ts';
import { fill, h, problemBox } from './elements.ts';
import { noteClock, noteRun } from './live.ts';
import { certificatesView } from './views/certificates.ts';
import { decisionsView } from './views/decisions.ts';
import { explorationView } from './views/exploration.ts';
import { ledgerView } from './views/ledger.ts';
import { marketView } from './views/market.ts';
import { overviewView } from './views/overview.ts';
import { peersView } from './views/peers.ts';
import { queryView } from './views/query.ts';
import { runView } from './views/run.ts';
import { savingsView } from './views/savings.ts';
import { tasksView } from './views/tasks.ts';
import type { View } from './views/view.ts';

const VIEWS: Readonly<Record<string, readonly [string, View]>> = {
  '': ['Overview', overviewView],
  peers: ['Peers', peersView],
  query: ['Find a skill', queryView],
  run: ['Run a task', runView],
  tasks: ['Tasks', tasksView],
  decisions: ['Decisions', decisionsView],
  savings: ['Savings', savingsView],
  exploration: ['Exploration', explorationView],
  market: ['Market', marketView],
  ledger: ['Ledger', ledgerView],
  certificates: ['Certificates', certificatesView],
};

const THEME = 'coalesce-theme';
const main = document.querySelector('main')!;
const header = document.querySelector('header')!;
const connection = h('span', { class: 'connection', role: 'status' }, 'connecting');
let shown = new AbortController();

function applyTheme(theme: string | null): void {
  if (theme === null) document.documentElement.removeAttribute('data-theme');
  else document.documentElement.setAttribute('data-theme', theme);
  redrawCharts();
}

function toggleTheme(): void {
  const isDark = getComputedStyle(document.documentElement).colorScheme.trim() === 'dark';
  const theme = isDark ? 'light' : 'dark';
  localStorage.setItem(THEME, theme);
  applyTheme(theme);
}

function drawHeader(current: string): void {
  const links = Object.entries(VIEWS).map(([path, [title]]) =>
    h('a', { href: `#/${path}`, 'aria-current': path === current ? 'page' : null }, title),
  );
  fill(
    header,
    h('strong', {}, 'coalesce'),
    h('nav', { 'aria-label': 'Pages' }, ...links),
    connection,
    h('button', { type: 'button', class: 'plain', onclick: toggleTheme }, 'Light or dark'),
  );
}

async function show(): Promise<void> {
  shown.abort();
  shown = new AbortController();
  const { signal } = shown;
  const [path = '', argument] = location.hash
    .replace(/^#\/?/, '')
    .split('/')
    .map((part) => safelyDecoded(part));
  const [title, view] = VIEWS[path] ?? ['No such page', undefined];
  drawHeader(path);
  document.title = `${title} · coalesce`;
  const place = h('div', {});
  fill(main, h('h1', {}, title), place);
  main.focus({ preventScroll: true });
  try {
    if (view) await view(place, { signal, argument });
    else fill(place, h('p', {}, h('a', { href: '#/' }, 'Back to the overview')));
  } catch (error) {
    if (!signal.aborted) fill(place, failureBox(error));
  }
  endGoneCharts();
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function failureBox(error: unknown): HTMLElement {
  if (!(error instanceof ApiProblem)) {
    return problemBox('The node does not answer. Is it running? See: coalesce start');
  }
  if (error.code !== 'WRONG_TOKEN') return problemBox(error.message, error.problems);
  return problemBox('This page has no open session. Ask for a new address: coalesce dashboard');
}

async function start(): Promise<void> {
  applyTheme(localStorage.getItem(THEME));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redrawCharts);
  drawHeader('');
  try {
    await openSession();
  } catch (error) {
    fill(main, h('h1', {}, 'No session'), failureBox(error));
    return;
  }
  addEventListener('hashchange', () => {
    if (/^#(?:\/|$)/.test(location.hash)) void show();
  });
  void followEvents({
    onClock: noteClock,
    onRun: noteRun,
    onConnected: (isConnected) => {
      fill(connection, isConnected ? 'live' : 'not connected');
      connection.classList.toggle('off', !isConnected);
    },
  });
  await show();
}

void start();
