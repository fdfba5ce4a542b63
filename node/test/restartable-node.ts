/** A real node of this process that can be stopped, and started again on its data. */

import { Identity } from '../../crypto/identity.ts';
import type { ContractorPolicy } from '../../protocols/negotiation/contractor-policy.ts';
import { createAgentNode } from '../agent-node.ts';
import type { AgentNode } from '../agent-node.ts';
import { loadConfig } from '../config/load.ts';
import type { ConfigFile } from '../config/schema.ts';
import { silentLogger } from '../logger.ts';
import { createDataDirectory, dataDirectory } from '../storage/data-directory.ts';
import { openStore } from '../storage/store.ts';
import type { Store } from '../storage/store.ts';
import { systemClock, systemRandom } from '../system-clock.ts';
import type { OutcomeEntry } from '../tasks/outcomes.ts';

export class RestartableNode {
  readonly identity = Identity.generate();
  readonly #path: string;
  #end: (() => Promise<void>) | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async start(
    values: ConfigFile,
    { outcomes = [], onAcknowledged }: StartOptions = {},
  ): Promise<AgentNode> {
    const directory = dataDirectory(this.#path);
    await createDataDirectory(directory);
    const store = await openStore(directory);
    for (const entry of outcomes) {
      await store.json('outcomes').put(`${entry.peerId}/${entry.taskType}`, entry);
    }
    const hardware = { peakFlops: 1e9, memoryGib: 1 };
    const config = loadConfig([{ origin: 'test', values: { hardware, ...values } }]);
    const { identity } = this;
    const world = { logger: silentLogger, clock: systemClock, random: systemRandom };
    const node = await createAgentNode({
      ...{ config, identity, store, directory, ...world },
      ...(onAcknowledged && {
        adaptPolicy: (policy: ContractorPolicy) => watched(policy, onAcknowledged),
      }),
    });
    await node.start({ http: '', a2a: null });
    this.#end = async () => {
      this.#end = undefined;
      await node.stop();
      await store.close();
    };
    return node;
  }

  /** Changes what is stored while the node is stopped. */
  async change(work: (store: Store) => Promise<void>): Promise<void> {
    const store = await openStore(dataDirectory(this.#path));
    try {
      await work(store);
    } finally {
      await store.close();
    }
  }

  async stop(): Promise<void> {
    await this.#end?.();
  }
}

export interface StartOptions {
  readonly outcomes?: readonly OutcomeEntry[];
  readonly onAcknowledged?: () => void;
}

/** The policy itself, which tells when a client has acknowledged a result. */
function watched(policy: ContractorPolicy, onAcknowledged: () => void): ContractorPolicy {
  return new Proxy(policy, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: readonly unknown[]): unknown => {
        const [contract] = args as readonly { readonly phase?: string }[];
        if (name === 'onContract' && contract?.phase === 'ACKNOWLEDGED') onAcknowledged();
        return Reflect.apply(value, target, args) as unknown;
      };
    },
  });
}
