/**
 * The contractor's A2A executor: takes a message under a contract, checks that it is the agreed
 * task, does the work, signs the delivery, answers with the result.
 *
 * A skill does as many tasks at a time as its offer says; the others wait in a bounded queue that
 * serves clients in turn. A task's time runs from its acceptance, waiting included.
 *
 * A finished contract is answered from the store, so a task that is sent again, also after a
 * restart, is not done twice.
 *
 * @module
 */

import { setTimeout as delay } from 'node:timers/promises';
import { TaskState } from '@a2a-js/sdk';
import type { Task } from '@a2a-js/sdk';
import { AgentEvent } from '@a2a-js/sdk/server';
import type { AgentExecutor, ExecutionEventBus, RequestContext } from '@a2a-js/sdk/server';
import { fromBase64Url, fromUtf8, toBase64Url } from '../../crypto/bytes.ts';
import { contractOf } from '../../protocols/a2a/request-dispatcher.ts';
import { readTraceMetadata } from '../../protocols/a2a/trace-context.ts';
import type { Clock, Logger, Random } from '../../protocols/components.ts';
import type { Contract } from '../../protocols/negotiation/contract.ts';
import type { Contractor } from '../../protocols/negotiation/contractor.ts';
import type { TaskShape } from '../../protocols/negotiation/documents.ts';
import type { JsonSection } from '../storage/store.ts';
import type { Tracer } from '../tracing/tracer.ts';
import type { AttestorTasks } from './attestor-tasks.ts';
import type { StoredResult } from './contractor-role.ts';
import { ExecutorInputError } from './executors/errors.ts';
import type { SkillWork } from './executors/skill-executor.ts';
import { SpendingSum } from './executors/spending-sum.ts';
import { FairSlots } from './fair-slots.ts';
import { untilBack } from './interruption.ts';
import {
  MAX_MESSAGE_RESULT_BYTES,
  MAX_MESSAGE_SEALED_BYTES,
  MAX_RESULT_BYTES,
  RESULT_URL,
  encodeParts,
} from './large-result.ts';
import type { ResultAddress } from './large-result.ts';
import { SEALED_MEDIA_TYPE, newSeal, resultSeal, sealedBytes } from './sealed-delivery.ts';
import type { SkillOnSale, SkillShelf } from './skill-shelf.ts';
import { encodeResultPart, matchesWireInput } from './task-parts.ts';
import type { ResultPart } from './task-parts.ts';
import { parseWireTaskSpecification } from './task.ts';
import type { WireTaskSpecification } from './task.ts';
import { manifestOf, readTaskMessage } from './wire-task.ts';
import type { WorkMeter } from './work-meter.ts';

/** Longest time that a task may run here, unless its specification asks for less. */
const MAX_WORK_MS = 15 * 60_000;

/** Contracts that are remembered as called off; longer than any of them may still be asked for. */
const MAX_CALLED_OFF = 1_024;

/** How long a large result may take to be sent, broken streams included. */
const SEND_TIMEOUT_MS = 60_000;
/** How long the end of work is waited for when the node stops. */
const STOP_TIMEOUT_MS = 2_000;

export interface ContractWorkInit {
  readonly contractor: Contractor;
  readonly shelf: SkillShelf;
  readonly results: JsonSection<StoredResult>;
  /** Whether the price of a contract is held where it says so; waits for it while it may come. */
  readonly isFunded: (contract: Contract, signal: AbortSignal) => Promise<boolean>;
  /** Sends a result that fits no message to its client. */
  readonly sendLargeResult: (
    address: ResultAddress,
    taskId: string,
    bytes: Uint8Array,
    signal: AbortSignal,
  ) => Promise<void>;
  /** Told of each contract whose task was refused or failed. */
  readonly onUndone: (contractId: string) => void;
  /** Told of each task that is begun under its contract, before the work. */
  readonly onWork: (contractId: string, specification: WireTaskSpecification) => void;
  /** Told of the wall time that each task took, finished or not; the time of tests is bounded. */
  readonly tests: Pick<AttestorTasks, 'begin'>;
  /** Shared with what this node learns from: work for others disturbs its measures. */
  readonly meter: WorkMeter;
  /** Left out: nothing is traced. */
  readonly tracer?: Tracer;
  readonly random: Random;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What an attestor is told whose task takes longer than this node may spend on tests. */
const TESTED_ENOUGH = 'TESTED_ENOUGH: no more time for tests by attestors now; come back later';

/** A task that is not done, with words that the client may read. */
class WorkRefusal extends Error {
  override readonly name = 'WorkRefusal';
}

/** The client has ended the task: nothing was wrong with it. */
class WorkCancelled extends Error {
  override readonly name = 'WorkCancelled';
}

type SdkPart = Task['artifacts'][number]['parts'][number];

/** Work under a contract, and what ends it. */
interface ContractInWork {
  readonly work: Promise<StoredResult>;
  readonly controller: AbortController;
}

/** A task under its contract, checked. */
interface ContractTask {
  readonly id: string;
  readonly client: string;
  readonly work: SkillWork & { readonly specification: WireTaskSpecification };
}

/** Runs agreed tasks. */
export class ContractWork implements AgentExecutor {
  readonly #init: ContractWorkInit;
  readonly #running = new Map<string, AbortController>();
  readonly #slots = new FairSlots();
  /** Contracts in work: a second message under one of them waits for the first. */
  readonly #byContract = new Map<string, ContractInWork>();
  /** Contracts whose work is going on, and not waiting for a slot. */
  readonly #executing = new Set<string>();
  /** Contracts that this node has called off: a message under one of them starts nothing. */
  readonly #calledOff = new Set<string>();
  #isStopping = false;

  constructor(init: ContractWorkInit) {
    this.#init = init;
  }

  /** Tasks in work or waiting for it. */
  get inWork(): number {
    return this.#running.size;
  }

  /**
   * Stops everything in work, and waits a while for its end. Its contracts stand: clients may ask
   * for it after a restart.
   */
  async abort(): Promise<void> {
    this.#isStopping = true;
    for (const controller of this.#running.values()) controller.abort(new Error('The node stops'));
    const ends = [...this.#byContract.values()].map(({ work }) => work);
    await Promise.race([
      Promise.allSettled(ends),
      delay(STOP_TIMEOUT_MS, undefined, { ref: false }),
    ]);
  }

  /** Stops the work of a contract that is void: nobody waits for its result any more. */
  stop(contractId: string): void {
    const inWork = this.#byContract.get(contractId);
    inWork?.controller.abort(new WorkCancelled('The contract is void'));
  }

  /** Whether the work itself is going on, and not waiting for a slot. */
  isExecuting(contractId: string): boolean {
    return this.#executing.has(contractId);
  }

  /**
   * Calls a contract off for which this node has delivered nothing yet. Its executor is told to
   * stop, its client that the task was cancelled, now or when it sends the task.
   */
  callOff(contractId: string): void {
    this.#calledOff.add(contractId);
    const [oldest] = this.#calledOff;
    if (this.#calledOff.size > MAX_CALLED_OFF) this.#calledOff.delete(oldest!);
    const inWork = this.#byContract.get(contractId);
    // What is in work gives its slot back when it has ended.
    if (inWork) inWork.controller.abort(new WorkCancelled('The contractor called it off'));
    else this.#init.onUndone(contractId);
  }

  execute = async (context: RequestContext, bus: ExecutionEventBus): Promise<void> => {
    const { taskId, contextId } = context;
    if (this.#isStopping) throw new WorkRefusal('The node stops');
    const controller = new AbortController();
    this.#running.set(taskId, controller);
    bus.publish(AgentEvent.task(this.#task(context, TaskState.TASK_STATE_WORKING)));
    try {
      const result = await this.#resultOf(context, controller);
      const parts = await this.#answerWith(context, result, controller.signal);
      bus.publish(
        AgentEvent.artifactUpdate({
          taskId,
          contextId,
          artifact: {
            artifactId: 'result',
            name: 'result',
            description: '',
            parts,
            metadata: undefined,
            extensions: [],
          },
          append: false,
          lastChunk: true,
          metadata: undefined,
        }),
      );
      this.#finish(context, bus, TaskState.TASK_STATE_COMPLETED);
    } catch (error) {
      const contract = contractOf(context.context);
      if (contract !== undefined && !this.#isStopping) this.#init.onUndone(contract);
      // An executor may end with words of its own when it is told to stop.
      const reason: unknown = controller.signal.reason;
      if (reason instanceof WorkCancelled || error instanceof WorkCancelled) {
        this.#finish(context, bus, TaskState.TASK_STATE_CANCELED);
        return;
      }
      if (!(error instanceof WorkRefusal) && !(error instanceof ExecutorInputError)) throw error;
      this.#init.logger.info({ taskId, err: error }, 'A task was refused.');
      this.#finish(context, bus, TaskState.TASK_STATE_REJECTED, error.message);
    } finally {
      this.#running.delete(taskId);
    }
  };

  cancelTask = (taskId: string): Promise<void> => {
    this.#running.get(taskId)?.abort(new WorkCancelled('The task was cancelled'));
    return Promise.resolve();
  };

  /** The parts to answer with: a result that fits no message goes on a stream of its own. */
  async #answerWith(
    { taskId, context }: RequestContext,
    { parts, seal }: StoredResult,
    signal: AbortSignal,
  ): Promise<SdkPart[]> {
    const contract = contractOf(context)!;
    const sealed = seal && sealedBytes(parts, fromBase64Url(contract), seal);
    const bytes = parts.reduce((sum, part) => sum + encodeResultPart(part).length, 0);
    if (sealed && sealed.length <= MAX_MESSAGE_SEALED_BYTES) return [sealedPart(sealed)];
    if (!sealed && bytes <= MAX_MESSAGE_RESULT_BYTES) return parts.map(sdkPart);
    const large = sealed ?? encodeParts(parts);
    const peerId = context.user!.userName;
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(SEND_TIMEOUT_MS)]);
    await untilBack(
      () => this.#init.sendLargeResult({ peerId, contract }, taskId, large, inTime),
      inTime,
    );
    return [
      {
        content: { $case: 'url', value: RESULT_URL },
        mediaType: 'application/json',
        filename: '',
        metadata: undefined,
      },
    ];
  }

  async #resultOf(context: RequestContext, controller: AbortController): Promise<StoredResult> {
    const id = contractOf(context.context);
    if (id === undefined) throw new WorkRefusal('This node works under a contract only');
    if (this.#calledOff.has(id)) throw new WorkCancelled('The contractor called it off');
    const running = this.#byContract.get(id);
    if (running) return running.work;
    const work = this.#workUnder(id, context, controller);
    this.#byContract.set(id, { work, controller });
    try {
      return await work;
    } finally {
      this.#byContract.delete(id);
    }
  }

  async #workUnder(
    id: string,
    context: RequestContext,
    controller: AbortController,
  ): Promise<StoredResult> {
    const { contractor, results } = this.#init;
    const stored = await results.get(id);
    if (stored) return stored;
    const received = readTaskMessage(context.userMessage);
    if (!received) throw new WorkRefusal('The message is not a coalesce task');
    const contractId = fromBase64Url(id);
    const contract = await contractor.contract(contractId);
    if (contract && !(await this.#init.isFunded(contract, controller.signal))) {
      throw new WorkRefusal('The price is not held on the ledger');
    }
    const started = await contractor.startWork(contractId, received);
    if (!started.accepted)
      throw new WorkRefusal(`The contract does not allow it: ${started.refusal}`);
    const specification = readSpecification(received.specification);
    if (!isOfShape(specification, started.contract.request.body.shape)) {
      throw new WorkRefusal('The task is not of the agreed shape: skill, size, sensitivity');
    }
    if (!matchesWireInput(specification, received.parts)) {
      throw new WorkRefusal('The input is not the one that the specification names');
    }
    const { client } = started.contract.request.body;
    const work = { specification, parts: received.parts };
    const parts = await this.#traced(context, { id, client, work }, (task) =>
      this.#inTurn(task, controller),
    );
    const isSealed = started.contract.agreement?.body.delivery === 'sealed';
    return this.#keep(id, parts, isSealed);
  }

  /** Within a span, which is part of the client's where the message says so. */
  #traced<Result>(
    { userMessage }: RequestContext,
    task: ContractTask,
    work: (task: ContractTask) => Promise<Result>,
  ): Promise<Result> {
    const { tracer } = this.#init;
    if (!tracer) return work(task);
    const skill = task.work.specification.skills[0]!;
    const attributes = { 'coalesce.skill': skill, 'coalesce.client': task.client };
    const parent = readTraceMetadata(userMessage.metadata);
    return tracer.during('execute', { parent, kind: 'server', attributes }, () => work(task));
  }

  /** Stores a result, with the key of a sealed one, and signs its delivery. */
  async #keep(id: string, parts: readonly ResultPart[], isSealed: boolean): Promise<StoredResult> {
    const { contractor, results, random, clock } = this.#init;
    const contractId = fromBase64Url(id);
    const manifest = manifestOf(parts);
    if (manifest.bytes > MAX_RESULT_BYTES) throw new WorkRefusal('The result is too large to send');
    const seal = isSealed ? newSeal(parts, contractId, random.bytes(32)) : undefined;
    const result: StoredResult = {
      parts,
      result: toBase64Url(manifest.result),
      bytes: manifest.bytes,
      finishedAtMs: clock.nowMs(),
      ...(seal && { seal }),
    };
    await results.put(id, result);
    const content = { ...manifest, ...(seal && { seal: resultSeal(seal) }) };
    const delivered = await contractor.recordDelivery(contractId, content);
    if (!delivered.accepted) throw new WorkRefusal(`Too late to deliver: ${delivered.refusal}`);
    return result;
  }

  /** Waits for a slot of the skill, then does the work. The time of both is bounded. */
  async #inTurn(
    { id, client, work }: ContractTask,
    controller: AbortController,
  ): Promise<readonly ResultPart[]> {
    const { specification } = work;
    const item = this.#init.shelf.find(specification.skills[0]!);
    if (!item) throw new WorkRefusal('The skill is not offered any more');
    const limitMs = Math.min(MAX_WORK_MS, specification.constraints.maxLatencyMs ?? MAX_WORK_MS);
    const timer = setTimeout(() => {
      controller.abort(new WorkRefusal(`The task took more than ${limitMs} ms`));
    }, limitMs);
    try {
      const slot = { lane: item.term, slots: item.capacity, client };
      const giveBack = await this.#slots.take(slot, controller.signal);
      if (!giveBack) throw new WorkRefusal('BUSY: too many tasks wait here; try again later');
      try {
        this.#init.onWork(id, specification);
        this.#executing.add(id);
        return await this.#execute(item, { id, client, work }, controller);
      } finally {
        this.#executing.delete(id);
        giveBack();
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async #execute(
    { term, runner, latencyMs }: SkillOnSale,
    { id: contractId, client, work }: ContractTask,
    controller: AbortController,
  ): Promise<readonly ResultPart[]> {
    const { clock, meter, tests, logger } = this.#init;
    const timed = tests.begin({ contractId, client, term, latencyMs }, () =>
      controller.abort(new WorkRefusal(TESTED_ENOUGH)),
    );
    if (!timed) throw new WorkRefusal(TESTED_ENOUGH);
    const spent = new SpendingSum();
    const startMs = clock.monotonicMs();
    try {
      const { result } = await meter.time(runner.workKind ?? 'computes', () =>
        runner.execute(work, { signal: controller.signal, onSpent: spent.add }),
      );
      return result.parts;
    } finally {
      const { paidMicroUsd, processorSeconds } = spent;
      logger.info({ term, paidMicroUsd, processorSeconds }, 'Work for a client ended.');
      timed.end(clock.monotonicMs() - startMs);
    }
  }

  #task({ taskId, contextId, task }: RequestContext, state: TaskState): Task {
    if (task) return task;
    return {
      id: taskId,
      contextId,
      status: { state, message: undefined, timestamp: this.#timestamp() },
      artifacts: [],
      history: [],
      metadata: undefined,
    };
  }

  #finish(
    { taskId, contextId }: RequestContext,
    bus: ExecutionEventBus,
    state: TaskState,
    text?: string,
  ): void {
    const message =
      text === undefined
        ? undefined
        : {
            messageId: `${taskId}-status`,
            contextId,
            taskId,
            role: 2, // ROLE_AGENT
            parts: [sdkPart({ mediaType: 'text/plain', text })],
            metadata: undefined,
            extensions: [],
            referenceTaskIds: [],
          };
    const status = { state, message, timestamp: this.#timestamp() };
    bus.publish(AgentEvent.statusUpdate({ taskId, contextId, status, metadata: undefined }));
    bus.finished();
  }

  #timestamp(): string {
    return new Date(this.#init.clock.nowMs()).toISOString();
  }
}

function readSpecification(bytes: Uint8Array): WireTaskSpecification {
  let json: unknown;
  try {
    json = JSON.parse(fromUtf8(bytes));
  } catch {
    throw new WorkRefusal('The specification is not JSON');
  }
  const parsed = parseWireTaskSpecification(json);
  if (!parsed.valid) throw new WorkRefusal('The specification is not valid');
  return parsed.value;
}

/** Whether a task is what was quoted: the price was made for the shape, unseen the task. */
function isOfShape(
  { skills, input, constraints }: WireTaskSpecification,
  shape: TaskShape,
): boolean {
  const inBytes = input.parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return (
    skills.length === shape.skills.length &&
    skills.every((skill, i) => skill === shape.skills[i]) &&
    inBytes <= shape.inBytes &&
    constraints.sensitivity === shape.sensitivity
  );
}

function sealedPart(sealed: Uint8Array): SdkPart {
  return {
    content: { $case: 'raw', value: Buffer.from(sealed) },
    mediaType: SEALED_MEDIA_TYPE,
    filename: '',
    metadata: undefined,
  };
}

function sdkPart({ mediaType, text, data }: ResultPart): SdkPart {
  return {
    content:
      text === undefined ? { $case: 'data', value: data ?? null } : { $case: 'text', value: text },
    mediaType,
    filename: '',
    metadata: undefined,
  };
}
