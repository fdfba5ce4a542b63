/**
 * What else there was: the runner-up, the smallest change that would have turned the decision, and
 * the price that would split the gain. Where there is none, a line says so.
 *
 * @module
 */

import { contractorName } from './contractor-names.ts';
import { counterfactualTargets, MAX_COUNTERFACTUAL_CANDIDATES } from './counterfactual.ts';
import type { DecisionRecord, DecisionResult } from './decision-record.ts';
import { dollars, figureBeside, wrapped } from './explanation-text.ts';
import type { ShownLimits } from './explanation-text.ts';
import type { JudgedField } from './judged-field.ts';
import { printable } from './plain-text.ts';
import type { DecisionRequest } from './request.ts';

/** Contractors that are named without a quote. */
const MAX_REASON_CHARACTERS = 200;

/** The price that splits the gain, and how it comes about. */
function bargainingLines({ request, result }: DecisionRecord): string[] {
  const { bargainingPriceMicroUsd: price, considered, costParts } = result;
  const { external } = costParts;
  const here = result.costInternalMicroUsd;
  if (price === null || considered === null || external === null || here === null) return [];
  const floor = lowestPriceMicroUsd(request, result);
  const isAnyGood = result.candidates.some(hasPassed);
  const whose = isAnyGood ? 'the lowest price that passes' : 'its own price, since nobody passes';
  const { priceMicroUsd: askedMicroUsd } = external;
  const besideMicroUsd = external.totalMicroUsd - askedMicroUsd;
  const overheads = dollars(besideMicroUsd);
  const name = contractorName(request, considered);
  const evenMicroUsd = (here - besideMicroUsd + floor) / 2;
  if (evenMicroUsd >= askedMicroUsd) {
    return [
      `An even split of the gain with ${name}: (${dollars(here)} here - ${overheads} beside`,
      `the price + ${dollars(floor)}, ${whose}) / 2 = ` +
        `${dollars(evenMicroUsd)}. It asks ${dollars(askedMicroUsd)}: no offer.`,
    ];
  }
  return [
    `The gain would be split evenly with ${name} at ${dollars(price)}: ` +
      `(${dollars(here)} here - ${overheads} beside`,
    `the price + ${dollars(floor)}, ${whose}) / 2, at most the price asked.`,
  ];
}

/** Of those that pass every gate and of the considered one. */
function lowestPriceMicroUsd({ candidates }: DecisionRequest, result: DecisionResult): number {
  let lowest = result.costParts.external?.priceMicroUsd ?? Infinity;
  result.candidates.forEach((candidate, index) => {
    if (!hasPassed(candidate)) return;
    lowest = Math.min(lowest, candidates[index]?.quote.priceMicroUsd ?? Infinity);
  });
  return lowest;
}

function hasPassed({ score, failedGate }: DecisionResult['candidates'][number]): boolean {
  return score !== null && failedGate === undefined;
}

function runnerUpLine({ request, result }: DecisionRecord): string {
  const { runnerUp } = result;
  if (result.considered === null) return 'Runner-up: no contractor was judged';
  if (runnerUp === null) return 'Runner-up: no other contractor was judged';
  const gate = runnerUp.failedGate;
  const standing = gate === null ? 'passes every gate' : `stopped by the ${gate} gate`;
  const score = figureBeside(runnerUp.score, request.policy.scoreThreshold);
  return (
    `Runner-up: ${contractorName(request, runnerUp.peerId)}, score ${score}, ` +
    `${dollars(runnerUp.costExternalMicroUsd)} in all, ${standing}`
  );
}

function noTurnSentence({ request, result }: DecisionRecord, field: JudgedField | null): string {
  const { candidates } = request;
  if (result.exploration) {
    return 'No price and no reliability is looked for that would have turned an exploration.';
  }
  if (candidates.length > MAX_COUNTERFACTUAL_CANDIDATES) {
    const most = MAX_COUNTERFACTUAL_CANDIDATES;
    return `What would have turned it is not looked for among more than ${most} contractors.`;
  }
  const targets = field === null ? [] : counterfactualTargets(request, field.evaluation);
  if (targets.length === 0) return 'No price and no reliability would have turned the decision.';
  const names = targets.map((index) => contractorName(request, candidates[index]!.peerId));
  const [price, reliability] =
    result.choice === 'OUTSOURCE' ? ['higher', 'lower'] : ['lower', 'higher'];
  return (
    `No ${price} price and no ${reliability} reliability of ${names.join(' or of ')} alone ` +
    'would have turned the decision.'
  );
}

function turnLines(record: DecisionRecord, field: JudgedField | null): string[] {
  const { counterfactual } = record.result;
  const sentence = counterfactual === null ? '' : `${counterfactual.sentence}.`;
  const isPriceOrReliability = counterfactual !== null && counterfactual.change !== 'SUCCESSES';
  return [
    ...(isPriceOrReliability ? [] : wrapped(noTurnSentence(record, field))),
    ...(sentence === '' ? [] : wrapped(sentence)),
  ];
}

/** Who was found and could not be judged. */
function leftOutLines({ request }: DecisionRecord, { detailed }: ShownLimits): string[] {
  const { leftOut = [] } = request.context;
  if (leftOut.length === 0) return [];
  const shown = leftOut.slice(0, detailed).map(({ peerId, reason }) => {
    return `  ${printable(peerId)}: ${printable(reason, MAX_REASON_CHARACTERS)}`;
  });
  const more = leftOut.length - shown.length;
  return [
    `Found, and no candidate (${leftOut.length}):`,
    ...shown,
    ...(more === 0 ? [] : [`  and ${more} more`]),
  ];
}

/** What brokers told of the market: a reference, which no figure rests on. */
function marketLines({ request }: DecisionRecord, { detailed }: ShownLimits): string[] {
  const { market = [] } = request.context;
  if (market.length === 0) return [];
  const shown = market.slice(0, detailed).map((quote) => {
    const { peerId, priceMicroUsd, inputBytes, latencyMs } = quote;
    const price = dollars(priceMicroUsd);
    return `  ${printable(peerId)}: ${price} for ${inputBytes} bytes, within ${latencyMs} ms`;
  });
  const more = market.length - shown.length;
  return [
    `Market reference, quotes signed to a broker, which no figure rests on (${market.length}):`,
    ...shown,
    ...(more === 0 ? [] : [`  and ${more} more`]),
  ];
}

/** The lines. The record must be one in which a counterfactual was looked for. */
export function alternativeLines(
  record: DecisionRecord,
  field: JudgedField | null,
  limits: ShownLimits,
): string[] {
  return [
    '',
    runnerUpLine(record),
    ...turnLines(record, field),
    ...bargainingLines(record),
    ...leftOutLines(record, limits),
    ...marketLines(record, limits),
  ];
}
