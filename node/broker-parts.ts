/**
 * The parts of a node that is a broker, put together.
 *
 * @module
 */

import { RecordIndex } from '../protocols/broker/record-index.ts';
import { serveQueries } from '../protocols/broker/server.ts';
import type { ScoreQuestion } from '../protocols/broker/score-messages.ts';
import type { Host } from '../protocols/libp2p-host.ts';
import type { NegotiationClient } from '../protocols/negotiation/client.ts';
import type { SecureStreams } from '../protocols/secure-stream.ts';
import { searchContractors } from '../protocols/skill-discovery/find-contractors.ts';
import type { RecordGuard } from '../protocols/skill-discovery/validator.ts';
import type { AgentParts } from './agent-parts.ts';
import { Broker } from './broker/broker.ts';
import { MarketMaker } from './broker/market-maker.ts';
import { OutsideAgents } from './broker/outside-agents.ts';
import { scoresOf } from './broker/relayed-scores.ts';
import type { Config } from './config/schema.ts';
import type { NodeLedger } from './ledger/node-ledger.ts';

/** The index of a node that is a broker; `undefined` for any other. */
export function brokerIndex(config: Config): RecordIndex | undefined {
  const { isLocalNetwork } = config.network;
  return config.roles.includes('broker') ? new RecordIndex(undefined, isLocalNetwork) : undefined;
}

/** A broker at work. */
export interface RunningBroker {
  /** Records and quotes that it has now. */
  figures(): { readonly records: number; readonly quotes: number };
  stop(): void;
}

/** Starts to answer queries from `index`. */
export function startBroker(
  parts: AgentParts,
  index: RecordIndex,
  network: {
    readonly host: Host;
    readonly guard: RecordGuard;
    readonly streams: SecureStreams;
    readonly negotiation: NegotiationClient;
    readonly ledger: NodeLedger | undefined;
  },
): RunningBroker {
  const { config, identity, clock, random, logger } = parts.init;
  const { host, guard, streams, negotiation, ledger } = network;
  const self = identity.peerId;
  const market = new MarketMaker({ index, streams, negotiation, self, clock, random, logger });
  const broker = new Broker({
    ...{ index, market },
    outside: new OutsideAgents({
      urls: config.broker.agentCards,
      embedder: parts.embedder,
      logger,
    }),
    search: (question, options) => searchContractors({ host, guard, clock }, question, options),
    clock,
    logger,
  });
  const scores = (question: ScoreQuestion) => scoresOf(ledger?.client, question);
  serveQueries({ streams, answer: broker.answer, scores, clock, logger });
  broker.start();
  return {
    figures: () => ({ records: index.size, quotes: market.quoteCount }),
    stop: () => broker.stop(),
  };
}
