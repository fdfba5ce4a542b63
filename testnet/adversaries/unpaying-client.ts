/**
 * Clients that agree to pay and do not (security.md 6): capacity hoarding, which agrees on work and
 * never sends it, and free-riding, which takes the result and lets go of it unpaid.
 *
 * @module
 */

import { setTimeout as delay } from 'node:timers/promises';
import { toBase64Url } from '../../crypto/bytes.ts';
import { silentLogger } from '../../node/logger.ts';
import { systemClock, systemRandom } from '../../node/system-clock.ts';
import { prepareTask, wireTask } from '../../node/tasks/prepared-task.ts';
import type { PreparedTask, WireTask } from '../../node/tasks/prepared-task.ts';
import { taskMessage } from '../../node/tasks/wire-task.ts';
import { createA2aClient } from '../../protocols/a2a/client.ts';
import { NegotiationClient } from '../../protocols/negotiation/client.ts';
import { ContractStore } from '../../protocols/negotiation/contract-store.ts';
import type { KeyValueStore } from '../../protocols/negotiation/contract-store.ts';
import type { Contract } from '../../protocols/negotiation/contract.ts';
import { AGREEMENT_PERIODS } from '../../protocols/negotiation/documents.ts';
import { SECURE_PROTOCOLS } from '../../protocols/protocol-ids.ts';
import type { SecureStream } from '../../protocols/secure-stream.ts';
import { WirePeer, withPeers } from './wire-peer.ts';
import type { AttackInit } from './wire-peer.ts';

const STEP_TIMEOUT_MS = 30_000;
const RETRY_MS = 250;

/** Who the clients are and what they ask for. */
export interface UnpayingInit extends AttackInit {
  readonly peers: number;
  /** The specification of a task whose input stands in it. */
  readonly specification: unknown;
}

export interface FreeRideInit extends UnpayingInit {
  /** Says that each result is wrong and pays nothing, rather than to say nothing. */
  readonly isContesting: boolean;
  /** Told the price of each result that was taken. */
  readonly onTaken: (priceMicroUsd: number) => void;
}

/**
 * Agrees on as many tasks as it gets until the signal, and sends none. Counts agreements that were
 * asked for.
 */
export async function hoardCapacity({ targets, peers, counts, ...init }: UnpayingInit) {
  const { signal, specification } = init;
  await withPeers(peers, targets, async (peer) => {
    const client = new UnpayingClient(peer, specification);
    while (!signal.aborted) {
      for (const { peerId } of targets) {
        counts.tried += 1;
        const agreed = await client.agree(peerId, signal);
        if (agreed) counts.served += 1;
        else if (!signal.aborted) counts.refused += 1;
      }
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  });
}

/**
 * Each of its peers in turn has one task done by each target and pays for none. Ends when all have
 * tried. Counts tasks: `served` are the results that were taken.
 */
export async function freeRide({ targets, peers, counts, ...init }: FreeRideInit): Promise<void> {
  const { signal, specification, isContesting, onTaken } = init;
  for (let number = 0; number < peers && !signal.aborted; number++) {
    const peer = await WirePeer.join(targets);
    const client = new UnpayingClient(peer, specification);
    try {
      for (const { peerId } of targets) {
        counts.tried += 1;
        const agreed = await client.agree(peerId, signal);
        if (agreed && (await client.takeResult(agreed, isContesting, signal))) {
          counts.served += 1;
          onTaken(Number(agreed.contract.agreement!.body.price));
        } else if (!signal.aborted) counts.refused += 1;
      }
    } finally {
      await peer.leave();
    }
  }
}

interface AgreedTask {
  readonly contract: Contract;
  readonly wire: WireTask;
}

/** The dealings of one such client. */
class UnpayingClient {
  readonly #peer: WirePeer;
  readonly #task: PreparedTask;
  readonly #negotiation: NegotiationClient;

  constructor(peer: WirePeer, specification: unknown) {
    this.#peer = peer;
    this.#task = prepareTask(specification, new Map());
    this.#negotiation = new NegotiationClient({
      identity: peer.identity,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      store: new ContractStore(memoryStore()),
    });
  }

  /** An agreement, for as long as one can last; `undefined` if there is none. */
  async agree(target: string, signal: AbortSignal): Promise<AgreedTask | undefined> {
    const wire = wireTask(this.#task, systemRandom);
    const ask = { taskHash: wire.hash, shape: wire.shape };
    const contract = await this.#onStream(target, signal, async (stream, within) => {
      const quoted = await this.#negotiation.requestQuote(stream, ask, within);
      if (!quoted.agreed) return undefined;
      const terms = { deliverSecs: AGREEMENT_PERIODS.deliverSecs.max };
      const { id } = quoted.contract.request;
      const agreed = await this.#negotiation.agree(stream, id, terms, within);
      return agreed.agreed ? agreed.contract : undefined;
    });
    return contract && { contract, wire };
  }

  /** Sends the task and takes the result with its signed delivery. @returns whether it is here. */
  async takeResult(
    { contract, wire }: AgreedTask,
    isContesting: boolean,
    signal: AbortSignal,
  ): Promise<boolean> {
    const target = contract.agreement!.body.contractor;
    const requestId = contract.request.id;
    const contractId = toBase64Url(contract.agreement!.id);
    const a2a = createA2aClient({ streams: this.#peer.streams, peerId: target });
    try {
      await this.#negotiation.startWork(requestId);
      const { salt, specification } = wire;
      const message = taskMessage({
        messageId: `task-${contractId}`,
        ...{ salt, specification, parts: this.#task.parts },
      });
      const limit = AbortSignal.any([signal, AbortSignal.timeout(STEP_TIMEOUT_MS)]);
      const answer = await a2a.sendMessage({ message }, { contract: contractId, signal: limit });
      if (!('task' in answer) || answer.task.artifacts === undefined) return false;
    } catch {
      return false;
    } finally {
      a2a.close();
    }
    if (isContesting) await this.#contest(target, requestId, signal);
    return true;
  }

  async #contest(target: string, requestId: Uint8Array, signal: AbortSignal): Promise<void> {
    await this.#onStream(target, signal, async (stream, within) => {
      await this.#negotiation.collectDelivery(stream, requestId, undefined, within);
      await this.#negotiation.acknowledge(stream, requestId, within);
      const ask = { outcome: 'fail', checks: [] } as const;
      return this.#negotiation.settle(stream, requestId, ask, within);
    });
  }

  /** Outcome of steps on a stream of their own; `undefined` where one failed. */
  async #onStream<Result>(
    target: string,
    signal: AbortSignal,
    work: (stream: SecureStream, within: { signal: AbortSignal }) => Promise<Result>,
  ): Promise<Result | undefined> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(STEP_TIMEOUT_MS)]);
    let stream: SecureStream | undefined;
    try {
      const { negotiation } = SECURE_PROTOCOLS;
      stream = await this.#peer.streams.open(target, negotiation, { signal: limit });
      const result = await work(stream, { signal: limit });
      await stream.closeWrite({ signal: limit });
      return result;
    } catch {
      stream?.abort('cancelled');
      return undefined;
    }
  }
}

/** What this client has signed matters to nobody when it has left. */
function memoryStore(): KeyValueStore {
  const values = new Map<string, Uint8Array>();
  return {
    get: (key) => Promise.resolve(values.get(key)),
    put: (key, value) => {
      values.set(key, value);
      return Promise.resolve();
    },
    delete: (key) => {
      values.delete(key);
      return Promise.resolve();
    },
    entries: async function* (prefix) {
      await Promise.resolve();
      const keys = [...values.keys()].filter((key) => key.startsWith(prefix)).sort();
      for (const key of keys) yield [key, values.get(key)!] as const;
    },
    flush: () => Promise.resolve(),
  };
}
