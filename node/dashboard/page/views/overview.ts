/** The node at a glance: its figures, who is around it, what it did last. @module */

import type { EChartsCoreOption } from 'echarts/core';
import type { TasksDocument } from '../../../activity-documents.ts';
import type { PeerDocument, StatusDocument } from '../../../api-documents.ts';
import { get } from '../api.ts';
import { COLOURS, chart, label, token } from '../charts.ts';
import { dataTable, fill, h, section, tiles } from '../elements.ts';
import { dateTime, duration, shortPeer, usd } from '../format.ts';
import { onRun } from '../live.ts';
import { runRows, RUN_HEADS } from '../run-rows.ts';
import type { View } from './view.ts';
import { repeat } from './view.ts';

const REFRESH_MS = 5_000;
/** Peers that the map shows: those with the most work first. */
const MAX_MAPPED = 80;

export const overviewView: View = async (place, { signal }) => {
  const figures = h('div', {});
  const map = h('div', {});
  const runs = h('div', {});
  fill(place, figures, section('Network', map), section('Last runs', runs));
  let mapped = '';
  const showRuns = async (): Promise<void> => {
    const { asClient } = await get<TasksDocument>('/tasks?limit=5', { signal });
    const none = 'No run yet. Begin one under "Run a task".';
    fill(runs, dataTable('Last runs', RUN_HEADS, runRows(asClient), none));
  };
  onRun(() => void showRuns().catch(() => undefined), signal);
  await showRuns();
  await repeat(REFRESH_MS, signal, async () => {
    const status = await get<StatusDocument>('/status', { signal });
    const { peers } = await get<{ peers: PeerDocument[] }>('/peers', { signal });
    fill(figures, statusTiles(status), alarms(status));
    const drawn = JSON.stringify(peers.map(({ peerId, connected }) => [peerId, connected]));
    if (drawn === mapped) return;
    mapped = drawn;
    fill(map, networkMap(status, peers));
  });
};

function statusTiles(status: StatusDocument): HTMLElement {
  const { spendingToday: today, ledger } = status;
  const limit = today.limitMicroUsd === null ? 'no limit' : `of ${usd(today.limitMicroUsd)}`;
  const reach = ledger?.reach.isReached ? 'reached' : 'not reached';
  const height = ledger?.head ? `block ${ledger.head.height}` : 'no block yet';
  return tiles([
    ['Node', status.name, `${shortPeer(status.peerId)}, version ${status.version}`],
    ['Up', duration(status.uptimeSeconds * 1_000), `${status.memoryRssMegabytes} MB of memory`],
    ['Peers', status.peersConnected, `${status.routingTableSize} in the routing table`],
    ['At work', status.tasksInWork, `${status.skills.length} skills on offer`],
    ['Paid', usd(status.paidMicroUsd), `today ${usd(today.spentMicroUsd)}, ${limit}`],
    ['Earned', usd(status.earnedMicroUsd)],
    ['Certificates', status.certificates],
    ['Ledger', ledger ? reach : 'none', ledger ? height : 'the own book alone'],
  ]);
}

function alarms({ decision, ledger }: StatusDocument): HTMLElement | null {
  const lines = decision.alarms
    .slice(-3)
    .toReversed()
    .map(({ atMs, sentence }) => h('li', {}, `${dateTime(atMs)}: ${sentence}`));
  if (ledger?.isForked) lines.unshift(h('li', {}, 'Two blocks of one height are certified.'));
  if (lines.length === 0) return null;
  return h('div', { class: 'problem' }, h('p', {}, 'Alarms'), h('ul', {}, ...lines));
}

/** This node in the middle, peers around it: filled if connected, larger the more was paid. */
function networkMap(status: StatusDocument, peers: readonly PeerDocument[]): HTMLElement {
  if (peers.length === 0) return h('p', { class: 'quiet' }, 'No peers yet.');
  const shown = [...peers]
    .sort((a, b) => Number(b.connected) - Number(a.connected) || b.paidMicroUsd - a.paidMicroUsd)
    .slice(0, MAX_MAPPED);
  const connected = peers.filter((peer) => peer.connected).length;
  const title = `This node and ${shown.length} of ${peers.length} peers, ${connected} connected`;
  return chart(title, () => mapOption(status, shown), 'high');
}

function mapOption(status: StatusDocument, peers: readonly PeerDocument[]): EChartsCoreOption {
  const most = Math.max(1, ...peers.map(({ paidMicroUsd }) => paidMicroUsd));
  const nodes = peers.map((peer, i) => ({
    ...onCircle(i, peers.length),
    id: peer.peerId,
    name: label(shortPeer(peer.peerId)),
    symbolSize: 14 + 22 * Math.sqrt(peer.paidMicroUsd / most),
    itemStyle: { color: peer.connected ? COLOURS[0] : COLOURS[6] },
    value: peer.offers.map(({ term }) => label(term, 40)).join('\n') || 'offers not seen',
  }));
  const self = {
    id: status.peerId,
    name: label(status.name),
    symbolSize: 34,
    x: 0,
    y: 0,
    itemStyle: { color: COLOURS[1] },
    value: 'this node',
  };
  return {
    tooltip: {},
    series: [
      {
        type: 'graph',
        layout: 'none',
        roam: false,
        label: { show: peers.length <= 24, position: 'bottom', color: token('--text') },
        data: [self, ...nodes],
        links: peers
          .filter(({ connected }) => connected)
          .map(({ peerId }) => ({ source: status.peerId, target: peerId })),
        lineStyle: { opacity: 0.6, width: 1.5 },
      },
    ],
  };
}

/** A place around this node; wider than high, as the page is. */
function onCircle(i: number, count: number): { readonly x: number; readonly y: number } {
  const angle = (2 * Math.PI * i) / count - Math.PI / 2;
  return { x: 200 * Math.cos(angle), y: 100 * Math.sin(angle) };
}
