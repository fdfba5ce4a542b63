/**
 * The mailbox of a node, put together: letters of its own contracts, and as a broker those of
 * others.
 *
 * @module
 */

import { fromBase64Url } from '../crypto/bytes.ts';
import { strangersNetwork } from '../protocols/address-network.ts';
import { nowSeconds } from '../protocols/components.ts';
import type { Logger } from '../protocols/components.ts';
import type { Host } from '../protocols/libp2p-host.ts';
import { MailDepot } from '../protocols/mailbox/depot.ts';
import type { KeptLetter } from '../protocols/mailbox/depot.ts';
import { serveMail } from '../protocols/mailbox/server.ts';
import type { NegotiationClient } from '../protocols/negotiation/client.ts';
import type { Contractor } from '../protocols/negotiation/contractor.ts';
import type { SecureStreams } from '../protocols/secure-stream.ts';
import { findRecord } from '../protocols/skill-discovery/publication.ts';
import type { RecordGuard } from '../protocols/skill-discovery/validator.ts';
import type { AgentParts } from './agent-parts.ts';
import { NodeMailbox } from './mailbox/node-mailbox.ts';
import { UnsignedVerdicts } from './mailbox/unsigned-verdicts.ts';
import { keepReceipt } from './tasks/keep-receipt.ts';
import type { Outsourcing } from './tasks/outsourcing.ts';

const ROUND_INTERVAL_MS = 15_000;
/** Where peers are whose address is not known: the connection has just closed. */
const NOWHERE = 'nowhere';

/** The mailbox, and what a broker keeps. */
export interface MailParts {
  readonly mailbox: NodeMailbox;
  readonly depot: MailDepot | undefined;
  /** Verdicts without the other's signature: of this node, and awaited by it. */
  readonly unsigned: { readonly late: UnsignedVerdicts; readonly awaited: UnsignedVerdicts };
  /** Begins its rounds. @returns the way to stop. */
  start(): () => Promise<void>;
}

/** What it needs of the runtime. */
export interface MailboxNeeds {
  readonly host: Host;
  readonly guard: RecordGuard;
  readonly streams: SecureStreams;
  readonly negotiation: NegotiationClient;
  readonly outsourcing: Pick<Outsourcing, 'noteSettled'>;
  readonly contractor: Contractor;
  readonly onNewKey: () => void;
}

/** Takes up what waited before a restart, and serves. */
export async function openMailbox(parts: AgentParts, needs: MailboxNeeds): Promise<MailParts> {
  const { config, identity, store, clock, logger } = parts.init;
  const { streams } = needs;
  const unsigned = await loadUnsigned(parts);
  const mailbox = createMailbox(parts, needs, unsigned);
  // On a local network addresses say nothing; elsewhere those without one are a crowd together.
  const nowhere = config.network.isLocalNetwork ? undefined : NOWHERE;
  const networkOf = (peerId: string): string | undefined =>
    strangersNetwork(needs.host.addressesOf(peerId)) ?? nowhere;
  const section = store.json<KeptLetter>('kept-letters');
  const isKeeper = config.roles.includes('broker');
  const depot = isKeeper ? new MailDepot({ section, clock, networkOf }) : undefined;
  await depot?.load();
  serveMail({
    ...{ streams, self: identity.peerId, depot, networkOf, clock, logger },
    ownLetters: (to, key) => mailbox.lettersFor(to, key),
    onLetter: (letter) => {
      mailbox.take(letter, letter.from).catch((error: unknown) => {
        logger.warn({ from: letter.from, err: error }, 'A letter could not be taken.');
      });
    },
  });
  parts.role.tellSteps((contract) => mailbox.noteContract(contract));
  return { mailbox, depot, unsigned, start: () => startRounds(mailbox, depot, logger) };
}

function startRounds(
  mailbox: NodeMailbox,
  depot: MailDepot | undefined,
  logger: Logger,
): () => Promise<void> {
  const round = (): void => {
    void mailbox.round();
    depot?.sweep().catch((error: unknown) => {
      logger.error({ err: error }, 'Letters that ran out could not be forgotten.');
    });
  };
  round();
  const timer = setInterval(round, ROUND_INTERVAL_MS);
  return () => {
    clearInterval(timer);
    return mailbox.stop();
  };
}

async function loadUnsigned({ init: { store, clock, logger }, role }: AgentParts) {
  const late = new UnsignedVerdicts({
    ...{ section: store.json('late-verdicts'), clock, logger },
    isStoredAtOnce: true,
  });
  const awaited = new UnsignedVerdicts({
    ...{ section: store.json('awaited-verdicts'), clock, logger },
    isStoredAtOnce: false,
  });
  await Promise.all([late.load(), awaited.load()]);
  for (const { contractId, client, phase } of role.openTasks()) {
    if (phase === 'DELIVERED' || phase === 'ACKNOWLEDGED') awaited.add(contractId, client, 0);
  }
  return { late, awaited };
}

function createMailbox(
  parts: AgentParts,
  { host, guard, streams, negotiation, outsourcing, contractor, onNewKey }: MailboxNeeds,
  unsigned: MailParts['unsigned'],
): NodeMailbox {
  const { config, identity, store, clock, random, logger } = parts.init;
  return new NodeMailbox({
    self: identity.peerId,
    ...{ streams, negotiation, contractor, ...unsigned, onNewKey, clock, random, logger },
    keys: parts.sealingKeys,
    contracts: parts.contracts,
    seen: store.json('seen-letters'),
    brokers: config.network.brokers,
    dial: (address, signal) => host.dial(address, { signal }),
    sealingKeyOf: async (peerId, signal) => {
      const record = await findRecord(host, guard, peerId, signal);
      return record && fromBase64Url(record.body.sealingKey);
    },
    onReceipt: async (contract) => {
      await keepReceipt(parts.receipts, contract, nowSeconds(clock), logger);
      await outsourcing.noteSettled(contract);
    },
  });
}
