/**
 * The markets by name.
 *
 * @module
 */

import { llmMarket } from './llm-market.ts';
import type { Market } from './market.ts';
import { referenceMarket } from './reference-market.ts';
import type { PresetName } from './settings.ts';

const MARKETS: Readonly<Record<PresetName, Market>> = {
  paper: referenceMarket('paper'),
  si: referenceMarket('si'),
  'llm-2026': llmMarket(),
};

/** The market of a preset. */
export function marketOf(preset: PresetName): Market {
  return MARKETS[preset];
}
