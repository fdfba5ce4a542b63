/**
 * The main job on a network of real processes: found, proved, quoted, decided, done, verified,
 * settled; and what happens when a process is killed.
 */
import { readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { TaskState } from '@a2a-js/sdk';
import type { Task } from '@a2a-js/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  AttestDocument,
  CertificateDocument,
  EndorsementDocument,
  HitDocument,
  PublishDocument,
  QueryDocument,
  RunDocument,
  StatusDocument,
} from '../../node/api-documents.ts';
import type { DecisionRecord } from '../../node/decision/decision-record.ts';
import { ECONOMICS_EXTENSION_URI } from '../../protocols/a2a/agent-card.ts';
import { createTestnet } from '../testnet.ts';
import type { Testnet } from '../testnet.ts';
import { RISK_TERM } from '../../node/tasks/executors/risk-assessment.ts';
import { NodeProcess } from '../node-process.ts';
import { builtModule } from '../scenario-runner/built-file.ts';
import { a2aClientOf, dataMessage } from './a2a-client.ts';

const SENTIMENT = 'performs:nlp/sentiment';

function offer(
  priceMicroUsd: number,
  executor: object = { type: 'builtin' },
  term = SENTIMENT,
): unknown {
  return {
    skills: [
      {
        term,
        description: 'Sentiment of English text, per document and per sentence',
        priceMicroUsd,
        perUnit: 'task',
        latencyMs: 1_000,
        capacity: 4,
        executor,
      },
    ],
  };
}

const slowModule = {
  type: 'module',
  path: fileURLToPath(new URL('fixtures/slow-sentiment.mjs', import.meta.url)),
};

/** About 11 kB for each time. */
async function largeText(times = 8): Promise<string> {
  const path = fileURLToPath(new URL('../../LICENSE', import.meta.url));
  return (await readFile(path, 'utf8')).repeat(times);
}

function sentimentTask(text: string): { task: object } {
  return {
    task: {
      title: 'Sentiment of a text',
      skills: [SENTIMENT],
      input: { parts: [{ text, mediaType: 'text/plain' }] },
      output: { mediaType: 'application/json' },
      verification: [{ type: 'recompute' }],
      constraints: { sensitivity: 'low' },
      valueMicroUsd: 1_000,
    },
  };
}

async function query(from: NodeProcess, term: string): Promise<QueryDocument> {
  return from.api.post<QueryDocument>('/v1/query', { query: term });
}

async function hitAt(from: NodeProcess, peerId: string): Promise<HitDocument | undefined> {
  return (await query(from, SENTIMENT)).hits.find((hit) => hit.peerId === peerId);
}

/** What a query of that node says of a peer's certificates that give no level. */
async function remarksOf(from: NodeProcess, peerId: string): Promise<string> {
  const body = { query: SENTIMENT, trace: true };
  const { trace = [] } = await from.api.post<QueryDocument>('/v1/query', body);
  return trace
    .map((one) => JSON.stringify(one))
    .filter((line) => line.includes(peerId))
    .join('\n');
}

describe('a local network of real processes', () => {
  let network: Testnet;
  /** The contractor that did the large task: 0 or 1, for the third is killed before. */
  let hiredIndex = -1;

  beforeAll(async () => {
    // contractor-1 and contractor-2 do the work at once; contractor-3 is cheapest and slow.
    network = await createTestnet(5, {
      offers: [offer(40), offer(60), offer(10, slowModule)],
    });
  }, 120_000);

  afterAll(async () => {
    await network?.destroy();
  });

  it('shows every contractor as a hit with its price and its attested level', async () => {
    const answer = await query(network.client, SENTIMENT);
    expect(answer.outcome).toBe('complete');
    const hits = new Map<string, HitDocument>(answer.hits.map((hit) => [hit.peerId, hit]));
    for (const contractor of network.contractors) {
      expect(hits.get(contractor.peerId)).toMatchObject({ term: SENTIMENT, level: 2 });
      expect(hits.get(contractor.peerId)?.issuer).toBe(network.attestor.peerId);
    }
  });

  it('finds a skill under its ancestor and says that nobody has another one', async () => {
    expect((await query(network.client, 'performs:nlp')).hits).toHaveLength(3);
    const nothing = await query(network.client, 'performs:nlp/translation');
    expect(nothing).toMatchObject({ hits: [], outcome: 'complete' });
  });

  it('keeps a small task here, because every contractor would cost more', async () => {
    const run = await network.client.api.post<RunDocument>('/v1/run', sentimentTask('It is fine.'));
    expect(run.status).toBe('completed');
    const [subtask] = run.subtasks;
    expect(subtask?.decision.choice).toBe('LOCAL');
    expect(subtask?.decision.costInternalMicroUsd).toBeGreaterThan(0);
    expect(subtask?.decision.reason).toMatch(/more than/);
    expect(run.totals.paidMicroUsd).toBe(0);
  });

  it('tries the next candidate when a contractor is killed in the middle of a task', async () => {
    const [, , slow] = network.contractors;
    const running = network.client.api.post<RunDocument>(
      '/v1/run',
      sentimentTask(await largeText()),
    );
    await expect
      .poll(async () => (await slow!.api.get<StatusDocument>('/v1/status')).tasksInWork, {
        timeout: 20_000,
        interval: 50,
      })
      .toBe(1);
    await slow!.kill();
    const run = await running;
    expect(run.status).toBe('completed');
    const [subtask] = run.subtasks;
    expect(subtask?.attempts[0]).toMatchObject({ where: slow!.peerId, outcome: 'failed' });
    expect(subtask?.attempts.at(-1)?.outcome).toBe('verified');
    expect(subtask?.verification.passed).toBe(true);
    expect(run.output).not.toBeNull();
  }, 60_000);

  it('hands a large task to the contractor that costs least, and leaves a receipt', async () => {
    // So large that handling it costs less than doing it, also on a machine that is busy.
    const run = await network.client.api.post<RunDocument>(
      '/v1/run',
      sentimentTask(await largeText(50)),
    );
    const [subtask] = run.subtasks;
    expect(subtask?.decision).toMatchObject({ choice: 'OUTSOURCE' });
    const { costExternalMicroUsd, costInternalMicroUsd } = subtask!.decision;
    expect(costExternalMicroUsd!).toBeLessThan(costInternalMicroUsd!);
    expect(subtask?.attempts.at(-1)?.outcome).toBe('verified');
    expect(subtask?.receiptId).toMatch(/^[A-Za-z0-9_-]{43}$/);
    hiredIndex = network.contractors.findIndex(
      ({ peerId }) => peerId === subtask?.attempts.at(-1)?.where,
    );
    const contractor = network.contractors[hiredIndex];
    const earned = (await contractor!.api.get<StatusDocument>('/v1/status')).earnedMicroUsd;
    expect(earned).toBeGreaterThanOrEqual(subtask!.paidMicroUsd);
    const paid = (await network.client.api.get<StatusDocument>('/v1/status')).paidMicroUsd;
    expect(paid).toBeGreaterThanOrEqual(run.totals.paidMicroUsd);
  }, 150_000);

  it('has a task of an ordinary A2A client done by a stranger, and tells it what was paid', async () => {
    const client = await a2aClientOf(network.client);
    const { task: value } = sentimentTask(await largeText(50));
    const task = (await client.sendMessage(dataMessage('review', value))) as Task;
    expect(task.status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
    const [artifact] = task.artifacts;
    expect(artifact!.parts[0]!.content?.$case).toBe('data');
    const economics = artifact!.metadata![ECONOMICS_EXTENSION_URI] as Record<string, unknown>;
    expect(economics).toMatchObject({ choice: 'OUTSOURCE' });
    expect(network.contractors.map(({ peerId }) => peerId)).toContain(economics['contractor']);
    expect(economics['paidMicroUsd']).toBeGreaterThan(0);
    expect(economics['receiptId']).toMatch(/^[\w-]{43}$/);
  }, 150_000);

  it('endorses the contractor it hired, which shows that to others and stays attested', async () => {
    const { client } = network;
    const [hired, other] = [network.contractors[hiredIndex]!, network.contractors[1 - hiredIndex]!];
    const endorse = (peerId: string) =>
      client.api.post<EndorsementDocument>('/v1/certificates/endorse', { peerId, term: SENTIMENT });
    const endorsement = await endorse(hired.peerId);
    expect(endorsement).toMatchObject({ delivered: true, reason: null });
    expect(endorsement.run).toBeGreaterThan(0);
    expect(endorsement.passed).toBe(endorsement.run);
    const { certificates } = await hired.api.get<{ certificates: CertificateDocument[] }>(
      '/v1/certificates',
    );
    expect(certificates.map(({ kind }) => kind)).toEqual(['attestation', 'endorsement']);
    expect(certificates[1]).toMatchObject({ certId: endorsement.certId, issuer: client.peerId });
    // Of a peer that was never hired there is no receipt.
    await expect(endorse(network.attestor.peerId)).rejects.toMatchObject({ exitCode: 3 });
    await expect
      .poll(() => remarksOf(other, hired.peerId), { timeout: 90_000, interval: 1_000 })
      .toContain(`certificate ${endorsement.certId}: is an endorsement`);
    // It is shown the receipt too, and believes the two signatures.
    expect(await hitAt(other, hired.peerId)).toMatchObject({ level: 2, receipts: { clients: 1 } });
    const revoke = `/v1/certificates/${endorsement.certId}/revoke`;
    expect(await client.api.post(revoke)).toMatchObject({ list: 0, isNew: true });
  }, 120_000);

  it('replays a decision from the log bit for bit', async () => {
    const { decisions } = await network.client.api.get<{ decisions: { decisionId: string }[] }>(
      '/v1/decisions',
    );
    expect(decisions.length).toBeGreaterThan(0);
    for (const { decisionId } of decisions) {
      const replay = await network.client.api.post<object>(`/v1/decisions/${decisionId}/replay`);
      expect(replay).toEqual({ decisionId, agrees: true, differences: [] });
    }
    const shown = await network.client.api.get<DecisionRecord>(
      `/v1/decisions/${decisions[0]!.decisionId}`,
    );
    expect(shown.request.candidates).toBeDefined();
  });

  // Three of four replicas are left here, and two after the next test: too few to pay anybody.
  it('does not certify a contractor that fails its known-answer tasks', async () => {
    const [, second] = network.contractors;
    const wrong = builtModule('adversaries/fabricator.js');
    // A skill that it was not tested for yet: a second test of one has to wait for work.
    await second!.api.post<PublishDocument>(
      '/v1/skills',
      offer(5, { type: 'module', path: wrong }, RISK_TERM),
    );
    const attested = await network.attestor.api.post<AttestDocument>('/v1/attest', {
      peerId: second!.peerId,
      term: RISK_TERM,
      tasks: 4,
    });
    expect(attested).toMatchObject({ run: 4, passed: 0, isWrong: true, certId: null });
    expect(attested.delivered).toBe(false);
    expect(attested.paidMicroUsd).toBe(0);
  }, 60_000);

  it('keeps identity, certificate and offer over a restart, and is found again', async () => {
    const [first] = network.contractors;
    const { dataDir, peerId } = first!;
    await first!.stop();
    const again = await NodeProcess.start({
      name: 'contractor-1',
      dataDir,
      lifetime: 'with-parent',
    });
    try {
      expect(again.peerId).toBe(peerId);
      const { certificates } = await again.api.get<{ certificates: CertificateDocument[] }>(
        '/v1/certificates',
      );
      expect(certificates.map(({ level }) => level)).toContain(2);
      await expect
        .poll(
          async () =>
            (await query(network.client, SENTIMENT)).hits.find((hit) => hit.peerId === peerId)
              ?.level,
          { timeout: 30_000, interval: 500 },
        )
        .toBe(2);
    } finally {
      await again.stop();
    }
  }, 90_000);

  it('leaves no process and no directory behind', async () => {
    const pids = network.nodes.map(({ process: node }) => node.pid);
    await network.destroy();
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow();
    await expect(stat(network.dir)).rejects.toThrow();
  }, 60_000);
});
