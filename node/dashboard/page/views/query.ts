/** Finds peers with a skill; the node checks every field as for the command line. @module */

import type { FirstHitDocument, HitDocument, QueryDocument } from '../../../api-documents.ts';
import type { ApiProblem } from '../api.ts';
import { post } from '../api.ts';
import { dataTable, field, fill, h, problemBox } from '../elements.ts';
import { duration, levelText, peerLink, usd } from '../format.ts';
import { microUsdOf, numberOf } from '../form-values.ts';
import type { View } from './view.ts';

export const queryView: View = async (place, { signal }) => {
  const query = h('input', { id: 'query', required: true, placeholder: 'performs:nlp/sentiment' });
  const price = h('input', { inputmode: 'decimal', placeholder: 'no limit' });
  const latency = h('input', { inputmode: 'numeric', placeholder: 'no limit' });
  const level = h(
    'select',
    {},
    ...['any', '0 self', '1 endorsed', '2 attested', '3 joint'].map((text) =>
      h('option', { value: text === 'any' ? '' : text.slice(0, 1) }, text),
    ),
  );
  const answer = h('div', { 'aria-live': 'polite' });
  const button = h('button', { type: 'submit' }, 'Find');
  const ask = async (): Promise<void> => {
    button.disabled = true;
    fill(answer, h('p', { class: 'busy' }, 'Asking the network…'));
    try {
      const body = {
        query: query.value,
        ...microUsdOf('maxPriceMicroUsd', price.value),
        ...numberOf('maxLatencyMs', latency.value),
        ...numberOf('level', level.value),
      };
      const onProgress = (hit: unknown): void => fill(answer, firstHit(hit as FirstHitDocument));
      fill(answer, found(await post<QueryDocument>('/query', body, { signal, onProgress })));
    } catch (error) {
      if (signal.aborted) return;
      const { message, problems = [] } = error as ApiProblem;
      fill(answer, problemBox(message, problems));
    } finally {
      button.disabled = false;
    }
  };
  const onsubmit = (event: Event): void => {
    event.preventDefault();
    void ask();
  };
  fill(
    place,
    h(
      'form',
      { onsubmit, class: 'form' },
      field('Skill or words', query, 'A term, free text, or both with AND and OR'),
      field('At most, USD', price),
      field('At most, ms', latency),
      field('At least level', level),
      h('div', { class: 'buttons' }, button),
    ),
    answer,
  );
  return Promise.resolve();
};

function firstHit({ peerId, term, priceMicroUsd, perUnit }: FirstHitDocument): HTMLElement {
  const price = `${usd(priceMicroUsd)} per ${perUnit}`;
  return h(
    'p',
    { class: 'busy' },
    'First hit: ',
    peerLink(peerId),
    ` ${term}, ${price}; asking for proofs…`,
  );
}

function found(result: QueryDocument): HTMLElement {
  const { hits, dropped, outcome, answered, asked, elapsedMs, unknownTerms } = result;
  const look = `${answered} of ${asked} answered in ${duration(elapsedMs)}`;
  const summary = `${hits.length} hits, the look was ${outcome}: ${look}`;
  const heads = ['peer', 'skill', 'price', 'latency', 'level', 'score', 'issuer', 'record age'];
  const none =
    outcome === 'complete'
      ? 'Nobody offers it, and the look was complete.'
      : 'None found; the look was not complete.';
  return h(
    'div',
    {},
    h('p', {}, summary),
    dataTable('Hits', heads, hits.map(hitRow), none),
    unknownTerms.map(({ term, didYouMean }) => h('p', {}, unknownTerm(term, didYouMean))),
    dropped.length > 0 &&
      h(
        'details',
        {},
        h('summary', {}, `${dropped.length} dropped`),
        dataTable(
          'Dropped',
          ['peer', 'why'],
          dropped.map(({ peerId, reason }) => [peerLink(peerId), reason]),
        ),
      ),
  );
}

function unknownTerm(term: string, didYouMean: readonly string[]): string {
  const meant = didYouMean.length > 0 ? `; did you mean ${didYouMean.join(' or ')}?` : '';
  return `${term} is not in the vocabulary${meant}`;
}

function hitRow(hit: HitDocument) {
  return [
    peerLink(hit.peerId),
    h('a', { href: `#/run/${encodeURIComponent(hit.term)}` }, hit.term),
    `${usd(hit.priceMicroUsd)} per ${hit.perUnit}`,
    duration(hit.latencyMs),
    levelText(hit.level),
    hit.score.toFixed(2),
    peerLink(hit.issuer),
    duration(hit.recordAgeMs),
  ];
}
