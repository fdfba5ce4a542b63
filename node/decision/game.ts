/**
 * The trade as a game of two players, and its equilibria. Paper Eq. (16).
 *
 * Differs from the paper: a minimax of a difference is an equilibrium of a zero-sum game only, and
 * a trade is not one. Here it is the Pareto-dominant pure Nash equilibrium of the bimatrix game
 * between a client {LOCAL, OUTSOURCE} and a contractor {ACCEPT, DECLINE} (equations.md, Eq. 16).
 *
 * @module
 */

import { requireNonNegative } from '../cost/quantity-checks.ts';

/** Payoffs of two players: `[row][column]`. */
export interface BimatrixGame {
  readonly rowPayoffs: readonly (readonly number[])[];
  readonly columnPayoffs: readonly (readonly number[])[];
}

/** A cell in which neither player gains by moving alone. */
export interface PureEquilibrium {
  readonly row: number;
  readonly column: number;
  readonly rowPayoff: number;
  readonly columnPayoff: number;
}

/** Probabilities of the first row and the first column of a 2 x 2 game. */
export interface MixedEquilibrium {
  readonly firstRow: number;
  readonly firstColumn: number;
}

/** Outcome of the trade. */
export type TradeOutcome = 'OUTSOURCE' | 'LOCAL';

function cell(payoffs: readonly (readonly number[])[], row: number, column: number): number {
  const payoff = payoffs[row]?.[column];
  if (payoff === undefined || !Number.isFinite(payoff)) {
    throw new RangeError(
      `"payoffs" expected a finite number at [${row}][${column}], got ${payoff}`,
    );
  }
  return payoff;
}

/** Every pure Nash equilibrium, weak ones too, row by row. */
export function pureEquilibria(game: BimatrixGame): PureEquilibrium[] {
  const rows = game.rowPayoffs.length;
  const columns = game.rowPayoffs[0]?.length ?? 0;
  const bestRow = new Array<number>(columns).fill(-Infinity);
  const bestColumn = new Array<number>(rows).fill(-Infinity);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      bestRow[column] = Math.max(bestRow[column]!, cell(game.rowPayoffs, row, column));
      bestColumn[row] = Math.max(bestColumn[row]!, cell(game.columnPayoffs, row, column));
    }
  }
  const found: PureEquilibrium[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const rowPayoff = cell(game.rowPayoffs, row, column);
      const columnPayoff = cell(game.columnPayoffs, row, column);
      if (rowPayoff === bestRow[column] && columnPayoff === bestColumn[row]) {
        found.push({ row, column, rowPayoff, columnPayoff });
      }
    }
  }
  return found;
}

/** Equilibria that no other one beats for one player without harm to the other. */
export function paretoDominant(equilibria: readonly PureEquilibrium[]): PureEquilibrium[] {
  return equilibria.filter(
    (one) =>
      !equilibria.some(
        (other) =>
          other.rowPayoff >= one.rowPayoff &&
          other.columnPayoff >= one.columnPayoff &&
          (other.rowPayoff > one.rowPayoff || other.columnPayoff > one.columnPayoff),
      ),
  );
}

/** The mixed equilibrium of a 2 x 2 game in closed form; `null` if there is no inner one. */
export function mixedEquilibrium(game: BimatrixGame): MixedEquilibrium | null {
  const { rowPayoffs: a, columnPayoffs: b } = game;
  const rowStakes = cell(a, 0, 0) - cell(a, 0, 1) - cell(a, 1, 0) + cell(a, 1, 1);
  const columnStakes = cell(b, 0, 0) - cell(b, 0, 1) - cell(b, 1, 0) + cell(b, 1, 1);
  if (rowStakes === 0 || columnStakes === 0) return null;
  const firstRow = (cell(b, 1, 1) - cell(b, 1, 0)) / columnStakes;
  const firstColumn = (cell(a, 1, 1) - cell(a, 0, 1)) / rowStakes;
  const isInner = firstRow > 0 && firstRow < 1 && firstColumn > 0 && firstColumn < 1;
  return isInner ? { firstRow, firstColumn } : null;
}

/** Figures of one possible trade, in micro-USD. */
export interface Trade {
  /** `null` if the task cannot run here. */
  readonly costInternalMicroUsd: number | null;
  readonly costExternalMicroUsd: number;
  readonly priceMicroUsd: number;
  /** What the work costs the contractor. A signed quote says: at most the price. */
  readonly contractorCostMicroUsd: number;
}

/**
 * Pareto-dominant equilibrium of the trade. Paper Eq. (16): OUTSOURCE if and only if the client
 * saves (C_ext < C_int, strictly) and the contractor does not lose (price >= its cost).
 */
export function tradeEquilibrium(trade: Trade): TradeOutcome {
  requireNonNegative('priceMicroUsd', trade.priceMicroUsd);
  requireNonNegative('contractorCostMicroUsd', trade.contractorCostMicroUsd);
  if (trade.priceMicroUsd < trade.contractorCostMicroUsd) return 'LOCAL';
  if (trade.costInternalMicroUsd === null) return 'OUTSOURCE';
  return trade.costExternalMicroUsd < trade.costInternalMicroUsd ? 'OUTSOURCE' : 'LOCAL';
}

/**
 * Price that splits the gain evenly (Nash 1950), in micro-USD.
 *
 * @param overheadsMicroUsd - C_ext without the price.
 * @returns `null` if every price leaves one of them with a loss.
 */
export function bargainingPriceMicroUsd(
  costInternalMicroUsd: number,
  overheadsMicroUsd: number,
  contractorCostMicroUsd: number,
): number | null {
  requireNonNegative('costInternalMicroUsd', costInternalMicroUsd);
  requireNonNegative('overheadsMicroUsd', overheadsMicroUsd);
  requireNonNegative('contractorCostMicroUsd', contractorCostMicroUsd);
  const mostMicroUsd = costInternalMicroUsd - overheadsMicroUsd;
  if (mostMicroUsd < contractorCostMicroUsd) return null;
  return (mostMicroUsd + contractorCostMicroUsd) / 2;
}
