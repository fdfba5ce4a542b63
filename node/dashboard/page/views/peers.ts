/** Peers with what they offer, prove and did; one of them with its scores. @module */

import type { PeerDocument } from '../../../api-documents.ts';
import type { ReputationDocument } from '../../../ledger/ledger-documents.ts';
import { get } from '../api.ts';
import { badge, dataTable, fill, h, section } from '../elements.ts';
import { levelText, peerLink, usd } from '../format.ts';
import type { View } from './view.ts';
import { repeat } from './view.ts';

const REFRESH_MS = 5_000;
const MAX_SHOWN = 200;

export const peersView: View = async (place, { signal, argument }) => {
  if (argument !== undefined && argument !== '') {
    await showPeer(place, argument, signal);
    return;
  }
  const list = h('div', {});
  fill(
    place,
    h(
      'p',
      { class: 'quiet' },
      'Offers and levels are those seen since the start; see "Find a skill".',
    ),
    list,
  );
  await repeat(REFRESH_MS, signal, async () => {
    const { peers } = await get<{ peers: PeerDocument[] }>('/peers', { signal });
    if (list.contains(document.activeElement)) return; // do not take the focus away
    fill(list, peerTable(peers));
  });
};

function peerTable(peers: readonly PeerDocument[]): HTMLElement {
  const rows = peers
    .slice(0, MAX_SHOWN)
    .map((peer) => [
      peerLink(peer.peerId),
      peer.connected ? badge('connected', 'good') : badge('away'),
      peer.isKnown ? 'named' : '',
      peer.offers.length === 0 ? 'not seen' : peer.offers.map(({ term }) => h('div', {}, term)),
      peer.offers.map(({ level }) => h('div', {}, levelText(level))),
      `${peer.outcomes.verified} / ${peer.outcomes.failed}`,
      usd(peer.paidMicroUsd),
    ]);
  const heads = ['peer', 'state', 'trust', 'skill', 'level', 'verified / failed', 'paid'];
  return dataTable(`${peers.length} peers`, heads, rows, 'No peers yet.');
}

async function showPeer(place: HTMLElement, peerId: string, signal: AbortSignal): Promise<void> {
  const { peers } = await get<{ peers: PeerDocument[] }>('/peers', { signal });
  const peer = peers.find((one) => one.peerId === peerId);
  const terms = (peer?.offers ?? []).slice(0, 8).map(({ term }) => ['term', term]);
  const query = new URLSearchParams([['peer', peerId], ...terms]);
  const reputation = await get<ReputationDocument>(`/reputation?${query.toString()}`, { signal });
  fill(
    place,
    h('p', {}, h('a', { href: '#/peers' }, 'All peers')),
    h('p', {}, 'PeerId ', h('code', {}, peerId)),
    peer && section('What it is to this node', peerTable([peer])),
    peer && section('Addresses', h('ul', {}, ...peer.addresses.map((one) => h('li', {}, one)))),
    section('Reputation', scores(reputation)),
  );
}

function scores({ scores: all, problem, ledgerId }: ReputationDocument): HTMLElement {
  const rows = all.map((score) => [
    score.taskType,
    score.role,
    score.score.toFixed(4),
    score.weight.toFixed(2),
    { ledger: 'the ledger', own: 'seen by this node', receipts: 'receipts it shows' }[score.source],
    score.proof
      ? badge(`proven at block ${score.proof.height}, ${score.proof.signatures} signatures`, 'good')
      : 'no proof',
  ]);
  const heads = ['task type', 'as', 'score', 'weight', 'from', 'proof'];
  return h(
    'div',
    {},
    problem !== null && h('p', {}, `The ledger is not reached: ${problem}`),
    ledgerId === null &&
      h('p', { class: 'quiet' }, 'No ledger agreed to these: they are opinions.'),
    dataTable('Scores by task type', heads, rows, 'Nothing is known of this peer.'),
  );
}
