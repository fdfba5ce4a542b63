/** Figures and names as the page shows them. @module */

import type { Child } from './elements.ts';
import { badge, h } from './elements.ts';

export { percent, usd } from '../../cli/table.ts';

/** Certificate levels by number. */
export const LEVELS = ['self', 'endorsed', 'attested', 'joint'] as const;

export function levelText(level: number | null): string {
  return level === null ? 'not seen' : `${level} ${LEVELS[level] ?? ''}`;
}

/** The end of a PeerId: their beginnings are alike. */
export function shortPeer(peerId: string): string {
  return peerId === 'local' ? 'here' : peerId.length > 12 ? `…${peerId.slice(-8)}` : peerId;
}

/** A link to a peer's page. */
export function peerLink(peerId: string | null): Child {
  if (peerId === null) return '–';
  if (peerId === 'local') return 'here';
  return h(
    'a',
    { href: `#/peers/${encodeURIComponent(peerId)}`, title: peerId },
    shortPeer(peerId),
  );
}

export function decisionLink(decisionId: string | null): Child {
  if (decisionId === null) return '–';
  return h('a', { href: `#/decisions/${encodeURIComponent(decisionId)}` }, decisionId);
}

export function dateTime(ms: number): string {
  return new Date(ms).toLocaleString();
}

export function clockTime(ms: number): string {
  return new Date(ms).toLocaleTimeString();
}

export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 120_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
}

export function statusBadge(status: string): HTMLElement {
  if (status === 'completed' || status === 'verified') return badge(status, 'good');
  if (status === 'working') return badge(status, 'busy');
  return badge(status, /^(?:partial|skipped|LOCAL|OUTSOURCE)$/.test(status) ? 'plain' : 'bad');
}
