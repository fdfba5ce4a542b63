/**
 * The markets by name.
 *
 * @module
 */

import type { Market } from './market.ts';
import { referenceMarket } from './reference-market.ts';
import type { PresetName } from './settings.ts';

const MARKETS: Readonly<Record<PresetName, Market>> = {
  paper: referenceMarket('paper'),
  si: referenceMarket('si'),
};

/** The market of a preset. */
export function marketOf(preset: PresetName): Market {
  return MARKETS[preset];
}
