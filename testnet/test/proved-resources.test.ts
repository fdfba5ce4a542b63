/**
 * Skills and resources that are proved, on a network of real processes: an attestor measures and
 * certifies, a stranger proves "at least 40" without showing 80, and those are left out of the same
 * query who have too little, or whose certificate was revoked, each with its reason.
 */
import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Identity } from '../../crypto/identity.ts';
import type {
  AttestDocument,
  CertificateDocument,
  IssuedListDocument,
  QueryDocument,
  ResourceAttestDocument,
  RunDocument,
  StatusDocument,
} from '../../node/api-documents.ts';
import type { DecisionRecord, Replay } from '../../node/decision/decision-record.ts';
import { formatDecision } from '../../node/decision/explanation.ts';
import { queryBody } from '../../node/http-api/routes/requests.ts';
import { endNodes, startNode } from '../../node/test/real-nodes.ts';
import type * as CardServer from '../../protocols/card/server.ts';
import { forgingStreams } from '../../protocols/test/card/forging-streams.ts';
import type { NodeProcess } from '../node-process.ts';
import { createTestnet } from '../testnet.ts';
import type { Testnet } from '../testnet.ts';

const COMMAND = fileURLToPath(new URL('../../dist/bundle/coalesce.js', import.meta.url));
const SKILL = 'performs:nlp/sentiment';
const never = new AbortController().signal;
const MEMORY = 'hasResource:memory-mib';
const GPU = 'hasResource:gpu-memory-gib';

function offer(priceMicroUsd: number, ...more: readonly object[]): unknown {
  const common = { term: SKILL, description: 'Sentiment of English text', perUnit: 'task' };
  const skill = { ...common, priceMicroUsd, latencyMs: 1_000, capacity: 4 };
  return { skills: [{ ...skill, executor: { type: 'builtin' } }, ...more] };
}

/** Offers more of a resource than was ever measured. */
const boast = (modulePath: string) => ({
  term: GPU,
  quantity: 80,
  unit: 'GiB',
  description: 'A GPU with 80 GiB',
  priceMicroUsd: 50,
  perUnit: 'task',
  latencyMs: 1_000,
  capacity: 1,
  executor: { type: 'module', path: modulePath },
});

/** Rungs that the liar has claimed of its GPU, of which it can prove 8. */
const forged: string[] = vi.hoisted(() => []);

/** The liar is a node of this process, and the only one; its server of presentations forges. */
vi.mock('../../protocols/card/server.ts', async (original) => {
  const real = await original<typeof CardServer>();
  const serveCards: typeof real.serveCards = (init) => {
    const lie = { term: GPU, real: '8', onForged: (claimed: string) => forged.push(claimed) };
    real.serveCards({ ...init, streams: forgingStreams(init.streams, init.identity, lie) });
  };
  return { ...real, serveCards };
});

let network: Testnet;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coalesce-proved-'));
  const modulePath = join(dir, 'gpu.mjs');
  await writeFile(modulePath, 'export default { execute() {}, cancelTask() {} };');
  network = await createTestnet(5, {
    offers: [offer(40), offer(50), offer(60)],
    // 80 is a rung of the ladder itself: without this, whoever has it proves it.
    config: { disclosure: { highestRungs: ['gpu-memory-gib=40'] } },
  });
  await network.contractors[1]!.api.post('/v1/skills', offer(50, boast(modulePath)));
}, 120_000);

afterAll(async () => {
  await endNodes();
  await network?.destroy();
  await rm(dir, { recursive: true, force: true });
});

/** Has the attestor certify, on its command line, what was measured at the machine. */
function attestByHand(peerId: string, gib: number): string {
  const argv = ['attest', peerId, '--resource', 'gpu-memory-gib', '--measured', String(gib)];
  const { status, stdout } = command(network.attestor, ...argv, '--json');
  expect(status, stdout).toBe(0);
  const { certId, delivered } = JSON.parse(stdout) as ResourceAttestDocument;
  expect(delivered).toBe(true);
  return certId!;
}

function ask(name: string, min: number, query = SKILL): Promise<QueryDocument> {
  const minimums = [{ name, min }];
  return network.client.api.post('/v1/query', { query, minimums, level: 2, trace: true });
}

interface CommandResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command at a node, in a process of its own, as a person would. One certificate in 64 has
 * an id that begins with a dash: it comes after `--`.
 */
function command(node: NodeProcess, ...argv: string[]): CommandResult {
  const argumentsOfIt = [COMMAND, '--data', node.dataDir, ...argv];
  const run = spawnSync(process.execPath, argumentsOfIt, { encoding: 'utf8' });
  return { status: run.status, stdout: run.stdout, stderr: run.stderr };
}

/** Durations and identifiers, any of which may happen to have the digits that are looked for. */
const CHANCE = /\d+ m?s\b|"\w*(?:Ms|Seconds)":[\d.]+|[\w-]{20,}|127\.0\.0\.1[:/\w]*\d+/g;

/** Whether a number stands in a text, with or without a unit behind it. */
function tells(text: string, value: number): boolean {
  return new RegExp(`(?<![\\d.])${value}(?![\\d.]*\\d)`).test(text.replaceAll(CHANCE, ''));
}

const peersOf = ({ hits }: QueryDocument) => hits.map(({ peerId }) => peerId);
const reasonsOf = ({ dropped, trace }: QueryDocument, peerId: string) => [
  ...dropped.filter((one) => one.peerId === peerId).map(({ reason }) => reason),
  ...(trace ?? []).map((one) => JSON.stringify(one)).filter((line) => line.includes(peerId)),
];

const TASK = {
  title: 'Sentiment of a text',
  skills: [SKILL],
  resources: { minimums: { 'gpu-memory-gib': 40 } },
  input: { parts: [{ text: 'It is fine.', mediaType: 'text/plain' }] },
  output: { mediaType: 'application/json' },
  verification: [],
  constraints: { sensitivity: 'low' },
  valueMicroUsd: 1_000,
};

describe('a network in which resources are proved', () => {
  it('measures memory over the network, and a stranger proves 24 without showing 30', async () => {
    // Measured with real deadlines: on a machine that is busy with other tests, more than once.
    let measured: ResourceAttestDocument | undefined;
    for (let i = 0; i < 8 && measured?.delivered !== true; i++) {
      if (i > 0) await sleep(1_000); // what was late may still be at work
      const { peerId } = network.contractors[0]!;
      const argv = ['attest', peerId, '--resource', 'memory-mib', '--amount', '30', '--json'];
      const { stdout } = command(network.attestor, ...argv);
      measured = JSON.parse(stdout) as ResourceAttestDocument;
    }
    expect(measured).toMatchObject({ method: 'benchmark', reason: null, value: 30 });
    const answer = await ask(MEMORY, 20);
    expect(peersOf(answer)).toEqual([network.contractors[0]!.peerId]);
    expect(answer.hits[0]!.resources).toMatchObject([
      { name: MEMORY, atLeast: 24, basis: 'benchmark', level: 2 },
    ]);
    expect(tells(JSON.stringify(answer), 24)).toBe(true);
    expect(tells(JSON.stringify(answer), 30)).toBe(false);
    expect(peersOf(await ask(MEMORY, 25))).toEqual([]);
  }, 60_000);

  it('meets a region by an attested leaf alone', async () => {
    const [inside, outside] = network.contractors.map(({ peerId }) => peerId);
    const place = ['attest', inside!, '--resource', 'region/eu', '--measured', '1'];
    expect(command(network.attestor, ...place).status).toBe(0);
    const query = (region: string) => {
      const { status, stdout } = command(
        network.client,
        ...['query', SKILL, '--region', region, '--level', 'attested', '--json'],
      );
      return { status, answer: JSON.parse(stdout) as QueryDocument };
    };
    const { status, answer } = query('eu');
    expect(status).toBe(0);
    expect(peersOf(answer)).toEqual([inside]);
    expect(answer.unknownTerms).toEqual([]);
    expect(reasonsOf(answer, outside!)).toEqual(['RESOURCE_NOT_PROVED: hasResource:region/eu>=1']);
    expect(query('asia')).toMatchObject({ status: 3, answer: { hits: [] } });
  }, 60_000);

  it('leaves out a liar and a revoked holder of the same query, each with its reason', async () => {
    const [honest, liar, revoked] = network.contractors.map(({ peerId }) => peerId);
    attestByHand(honest!, 80);
    // It was measured as 8 and offers 80; only a proof counts.
    attestByHand(liar!, 8);
    const certId = attestByHand(revoked!, 80);
    const offers = await network.client.api.post<QueryDocument>('/v1/query', { query: GPU });
    expect(peersOf(offers)).toContain(liar);
    const before = await ask(GPU, 40);
    expect(peersOf(before).sort()).toEqual([honest, revoked].sort());
    expect(before.hits.map(({ resources }) => resources[0]!.atLeast)).toEqual([40, 40]);
    expect(tells(JSON.stringify(before), 80)).toBe(false);
    expect(reasonsOf(before, liar!).join()).toContain(`RESOURCE_NOT_PROVED: ${GPU}>=40`);
    const revocation = command(network.attestor, 'cert', 'revoke', '--', certId);
    expect(revocation).toMatchObject({ status: 0 });
    expect(revocation.stdout).toContain(certId);
    // Gossip brings the list; the holder goes on stapling the old one.
    await expect
      .poll(async () => peersOf(await ask(GPU, 40)), { timeout: 20_000, interval: 250 })
      .toEqual([honest]);
    expect(reasonsOf(await ask(GPU, 40), revoked!).join()).toContain('is revoked');
  }, 60_000);

  it('leaves it out also for a client that joins after the revocation was told', async () => {
    const [honest] = network.contractors.map(({ peerId }) => peerId);
    const { addresses } = await network.attestor.api.get<StatusDocument>('/v1/status');
    const late = await startNode(Identity.generate(), {
      trust: { attestors: [network.attestor.peerId] },
      network: { isLocalNetwork: true, bootstrap: [...addresses] },
    });
    const body = { query: SKILL, minimums: [{ name: GPU, min: 40 }], level: 2 };
    const look = async () => peersOf(await late.query(queryBody.parse(body), never));
    await expect.poll(look, { timeout: 20_000, interval: 250 }).toEqual([honest]);
  }, 60_000);

  it('shows a stranger ">= 40" on the command line, never the 80, and why two others are left out', () => {
    const [honest, liar, revoked] = network.contractors.map(({ peerId }) => peerId);
    const argv = ['query', SKILL, '--min', `${GPU}>=40`, '--level', 'attested', '--trace'];
    const { status, stdout } = command(network.client, ...argv);
    expect(status).toBe(0);
    const [summary, header, hit] = stdout.split('\n');
    expect(summary).toMatch(/^1 hit for performs:nlp\/sentiment: complete, /);
    expect(header).toMatch(
      /^peer +skill +price +latency +level +score +terms, text, record +record age +proves/,
    );
    expect(hit).toMatch(new RegExp(`^${honest} .* 2 .*${GPU} >= 40 \\(stated\\)( .*)?$`));
    expect(tells(stdout, 40)).toBe(true);
    expect(tells(stdout, 80)).toBe(false);
    const linesOf = (peerId: string) =>
      stdout
        .split('\n')
        .filter((line) => line.includes(peerId))
        .join('\n');
    expect(linesOf(liar!)).toContain(`dropped ${liar} ${SKILL}: RESOURCE_NOT_PROVED: ${GPU}>=40`);
    expect(linesOf(revoked!)).toMatch(/^ +proof .* certificate [\w-]{43}: is revoked$/m);
    expect(linesOf(revoked!)).toContain(`dropped ${revoked} ${SKILL}: RESOURCE_NOT_PROVED`);
  }, 60_000);

  it('verifies on the command line a proof that was handed over as a file', async () => {
    const { client, attestor, contractors } = network;
    const nonce = randomBytes(32).toString('hex');
    const minimum = `${GPU}>=40`;
    const asked = ['--verifier', client.peerId, '--nonce', nonce];
    const made = command(contractors[0]!, 'cert', 'prove', minimum, ...asked);
    expect(made.status).toBe(0);
    const file = join(network.dir, 'proof.json');
    await writeFile(file, made.stdout);
    const verify = (name: string, withNonce: string) =>
      command(client, 'cert', 'verify', file, '--min', name, '--nonce', withNonce);
    const { status, stdout } = verify(minimum, nonce);
    expect(stdout).toBe(`valid\n  proves  ${GPU} >= 40, level 2, stated by ${attestor.peerId}\n`);
    expect(status).toBe(0);
    // The same file a second time.
    expect(verify(minimum, nonce).stdout).toMatch(/^refused: NONCE_USED: /);
    const refused = verify(minimum, randomBytes(32).toString('hex'));
    expect(refused).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/^refused: /) as string,
    });
    expect(verify(`${GPU}>=41`, nonce).status).toBe(1);
  }, 60_000);

  it('finds holders by the resource alone, nothing bought and no amount told', async () => {
    const answer = await ask(GPU, 40, GPU);
    expect(peersOf(answer)).toEqual([network.contractors[0]!.peerId]);
    expect(answer.hits[0]).toMatchObject({ level: 2, priceMicroUsd: 0, perUnit: 'none' });
  });

  it('asks the same of a task: nobody without the proof gives a quote', async () => {
    const { result } = await network.client.api.post<DecisionRecord>('/v1/decide', { task: TASK });
    expect(result.candidates.map(({ peerId }) => peerId)).toEqual([network.contractors[0]!.peerId]);
  });

  it('names in the record of a run the certificates that the holder itself shows', async () => {
    const { attestor, client } = network;
    const holder = network.contractors[0]!;
    // Another minimum than before: what was proved is believed for a minute.
    const task = { ...TASK, resources: { minimums: { 'gpu-memory-gib': 24 } } };
    const { subtasks } = await client.api.post<RunDocument>('/v1/run', { task });
    const { decisionId } = subtasks[0]!.decision;
    const record = await client.api.get<DecisionRecord>(`/v1/decisions/${decisionId}`);
    const { sources } = record.request.candidates.find(({ peerId }) => peerId === holder.peerId)!;
    const { certificates } = await holder.api.get<{ certificates: readonly CertificateDocument[] }>(
      '/v1/certificates',
    );
    const shown = (name: string) =>
      certificates.find(({ leaves }) => leaves.some((leaf) => leaf.name === name))!.certId;
    const common = { kind: 'certificate', issuer: attestor.peerId, level: 2 };
    expect(sources).toEqual([
      { ...common, id: shown(SKILL), shows: `skill ${SKILL}, 8 of 8 known-answer tasks` },
      { ...common, id: shown(GPU), shows: `${GPU} >= 40, stated, proved; 24 asked for` },
    ]);
    const text = formatDecision(record);
    for (const { id, shows } of sources!) expect(text).toMatch(new RegExp(`${id}.*\\n +${shows}`));
    expect(tells(JSON.stringify(record), 80)).toBe(false);
    const replay = `/v1/decisions/${decisionId}/replay`;
    expect(await client.api.post<Replay>(replay)).toMatchObject({ agrees: true, differences: [] });
  }, 60_000);

  it('leaves out a liar that sends a false proof, with the reason in the trace of the query', async () => {
    const { attestor, client } = network;
    const { addresses } = await client.api.get<StatusDocument>('/v1/status');
    const identity = Identity.generate();
    const liar = await startNode(identity, {
      network: { isLocalNetwork: true, bootstrap: [...addresses] },
      trust: { attestors: [attestor.peerId], known: [attestor.peerId, client.peerId] },
      committee: { genesisFile: join(network.dir, 'genesis.json') },
    });
    await expect.poll(async () => (await liar.status()).routingTableSize).toBeGreaterThan(0);
    await liar.publishSkills(offer(5), new AbortController().signal);
    const tested = { peerId: identity.peerId, term: SKILL, tasks: 4 };
    const skill = await attestor.api.post<AttestDocument>('/v1/attest', tested);
    expect(skill).toMatchObject({ passed: 4, delivered: true });
    const gpu = { peerId: identity.peerId, resource: GPU, measured: 8 };
    const stated = await attestor.api.post<ResourceAttestDocument>('/v1/attest-resource', gpu);
    expect(stated).toMatchObject({ value: 8, delivered: true });
    // As long as nobody asks for more than it has, it is a hit as any other.
    await expect
      .poll(async () => peersOf(await ask(GPU, 8)), { timeout: 40_000, interval: 1_000 })
      .toContain(identity.peerId);
    const argv = ['query', SKILL, '--min', `${GPU}>=40`, '--level', 'attested', '--trace'];
    // Not to be waited for with this process standing still: the liar lives in it.
    const argumentsOfIt = [COMMAND, ...argv, '--data', client.dataDir];
    const { stdout } = await promisify(execFile)(process.execPath, argumentsOfIt);
    expect(forged).toContain('40');
    const lines = stdout.split('\n');
    const hits = lines.filter((line) => line.includes(`${GPU} >= 40`));
    expect(hits).toHaveLength(1);
    expect(hits[0]).toContain(network.contractors[0]!.peerId);
    const dropped = lines.filter((line) => line.includes(identity.peerId)).join('\n');
    expect(dropped).toContain('BAD_RANGE_PROOF');
    expect(dropped).toContain(`dropped ${identity.peerId}`);
  }, 90_000);

  it('declines a second test while it would be more than 2 % of the work, and status says so', async () => {
    const [idle] = network.contractors;
    const tested = ['attest', idle!.peerId, '--skill', SKILL, '--tasks', '4'];
    const { status, stderr } = command(network.attestor, ...tested);
    expect(status).toBe(1);
    expect(stderr).toContain(`${idle!.peerId} has no more time for tests now`);
    const { measuredTime } = await idle!.api.get<StatusDocument>('/v1/status');
    expect(measuredTime.spentMs).toBe(0);
    // What the first tests took, and nothing of them counts as work.
    expect(measuredTime.startSpentMs).toBeGreaterThan(0);
    expect(measuredTime.startAllowedMs).toBe(300_000);
    expect(measuredTime.allowedMs).toBeCloseTo(measuredTime.busyMs / 50);
    expect(command(idle!, 'status').stdout).toMatch(
      /first attestations \d+\.\d of 300\.0 s for life/,
    );
  }, 60_000);

  it('gives level 1 to an endorsement by one who paid, as the ledger shows', async () => {
    const { attestor, client, contractors } = network;
    const { peerId } = contractors[1]!;
    const levels = async () => {
      const { hits } = await client.api.post<QueryDocument>('/v1/query', { query: SKILL });
      return hits.filter((hit) => hit.peerId === peerId).map(({ level }) => level);
    };
    expect(await levels()).toEqual([2]);
    // It paid for the known-answer tasks, so it has receipts to endorse with.
    const issued = command(attestor, 'cert', 'list', '--issued', '--json');
    const list = JSON.parse(issued.stdout) as IssuedListDocument;
    const ofSkill = list.issued.filter(
      ({ holder, about }) => holder === peerId && about.includes(SKILL),
    );
    expect(ofSkill).toHaveLength(1);
    expect(command(attestor, 'cert', 'revoke', '--', ofSkill[0]!.certId)).toMatchObject({
      status: 0,
    });
    await expect.poll(levels, { timeout: 20_000, interval: 250 }).toEqual([0]);
    expect(command(attestor, 'cert', 'endorse', peerId, '--skill', SKILL).status).toBe(0);
    await expect.poll(levels, { timeout: 60_000, interval: 1_000 }).toEqual([1]);
  }, 120_000);
});
