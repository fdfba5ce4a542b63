import { afterEach, describe, expect, it } from 'vitest';
import type { CertificateClaim } from '../../../crypto/certificate-leaf.ts';
import type { HeldCertificate } from '../../../crypto/skill-certificate.ts';
import { issueSkillCertificate } from '../../../crypto/skill-certificate.ts';
import { createA2aClient } from '../../a2a/client.ts';
import { createA2aServer } from '../../a2a/server.ts';
import { deliverCertificate } from '../../attestation/attestor.ts';
import { measureResource } from '../../attestation/benchmark-attestor.ts';
import type { BenchmarkOrder } from '../../attestation/benchmark-attestor.ts';
import { BenchmarkHolder } from '../../attestation/benchmark-holder.ts';
import type { BenchmarkReport } from '../../attestation/benchmark-holder.ts';
import { acceptCertificates } from '../../attestation/holder.ts';
import { requestPresentation } from '../../card/client.ts';
import { serveCards } from '../../card/server.ts';
import { nowSeconds } from '../../components.ts';
import { FakeBenchmarkWorker } from '../attestation/benchmark-fakes.ts';
import { createPair, random } from '../secure-channel/session-pair.ts';
import type { TestNode } from '../secure-channel/session-pair.ts';
import { UpperCaseExecutor, contractNamed, requestHandlerOf, textMessage } from './test-agent.ts';

const TERM = 'performs:nlp/upper-case';
const contract = contractNamed('a and b');
const nodes: TestNode[] = [];

afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()));
});

async function pair(): Promise<[TestNode, TestNode]> {
  const made = await createPair();
  nodes.push(...made);
  return made;
}

describe('two nodes on libp2p with a secure session', () => {
  it('carry 200 concurrent tasks and a result of 800 kB on one control stream', async () => {
    const [client, server] = await pair();
    const executor = new UpperCaseExecutor();
    createA2aServer({
      streams: server.manager,
      requestHandler: requestHandlerOf(executor),
      isParty: (id, peer) => Promise.resolve(id === contract && peer === client.peerId),
      clock: server.clock,
      logger: server.logger,
    });
    const a2a = createA2aClient({ streams: client.manager, peerId: server.peerId });
    const send = async (messageId: string, text: string) => {
      const result = await a2a.sendMessage(textMessage(messageId, text), { contract });
      return 'task' in result ? result.task.artifacts?.[0]?.parts[0]?.text : undefined;
    };
    const texts = Array.from({ length: 200 }, (_, i) => `text ${i}`);
    const answers = await Promise.all(texts.map((text) => send(`m ${text}`, text)));
    expect(answers).toEqual(texts.map((text) => text.toUpperCase()));
    expect(await send('large', 'x'.repeat(800_000))).toBe('X'.repeat(800_000));
    expect(client.manager.sessions()).toMatchObject([{ liveStreams: 1 }]);
    expect(executor.requests[0]!.context.user?.userName).toBe(client.peerId);
    a2a.close();
  });

  it('deliver an attestation, which the holder then presents in the session', async () => {
    const [attestor, holder] = await pair();
    const kept: HeldCertificate[] = [];
    acceptCertificates({
      streams: holder.manager,
      holder: holder.peerId,
      isWanted: (peer) => Promise.resolve(peer === attestor.peerId),
      measuredResources: new Map(),
      store: ({ held }) => {
        kept.push(held);
        return Promise.resolve();
      },
      random,
      clock: holder.clock,
      logger: holder.logger,
    });
    serveCards({
      streams: holder.manager,
      identity: holder.identity,
      ownCard: () => ({ bytes: new Uint8Array(), vector: new Float32Array() }),
      certificates: () => Promise.resolve(kept),
      statusLists: () => Promise.resolve([]),
      clock: holder.clock,
      random,
      logger: holder.logger,
    });
    const claims: CertificateClaim[] = [{ kind: 'skill', name: TERM }];
    const iat = nowSeconds(attestor.clock);
    const certificate = issueSkillCertificate({
      issuer: attestor.identity,
      holder: holder.peerId,
      kind: 'attestation',
      claims,
      iat,
      nbf: iat,
      exp: iat + 3_600,
      list: 0,
      slot: 0,
      evidence: new Uint8Array(32),
      random: (length) => random.bytes(length),
    });
    const streams = attestor.manager;
    expect(await deliverCertificate(streams, { certificate, random })).toEqual({
      delivered: true,
    });
    const shown = await requestPresentation(streams, holder.peerId, {
      want: [{ term: TERM, min: '' }],
      believes: (by) => by === attestor.peerId,
      verifier: attestor.peerId,
      clock: attestor.clock,
      random,
    });
    if (!shown.valid) throw new Error(shown.reason);
    expect(shown.certificates).toMatchObject([{ issuer: attestor.peerId, leaves: claims }]);
  });

  it('measure compute and memory, and agree on the hash of what was said', async () => {
    const [attestor, holder] = await pair();
    const reports: BenchmarkReport[] = [];
    const benchmarks = new BenchmarkHolder({
      holder: holder.peerId,
      worker: new FakeBenchmarkWorker(),
      isWanted: (peer) => Promise.resolve(peer === attestor.peerId),
      reserve: () => ({ settle: () => Promise.resolve() }),
      onMeasured: (report) => reports.push(report),
      clock: holder.clock,
      logger: holder.logger,
    });
    acceptCertificates({
      streams: holder.manager,
      holder: holder.peerId,
      isWanted: () => Promise.resolve(true),
      measuredResources: new Map(),
      store: () => Promise.resolve(),
      benchmarks,
      random,
      clock: holder.clock,
      logger: holder.logger,
    });
    const components = {
      streams: attestor.manager,
      attestor: attestor.peerId,
      worker: new FakeBenchmarkWorker(),
      // Both nodes and other tests share a processor: its time says nothing here.
      clock: { nowMs: () => 0, monotonicMs: () => (nowMs += tickMs) },
      random,
    };
    let nowMs = 0;
    let tickMs = 0;
    const orders: [BenchmarkOrder, number][] = [
      [{ resource: 'hasResource:cpu-mflops', order: 128, durationMs: 1_000 }, 1_000],
      [{ resource: 'hasResource:memory-mib', mib: 8, rounds: 2, reads: 500_000 }, 1],
    ];
    for (const [order, eachMs] of orders) {
      tickMs = eachMs;
      const signal = AbortSignal.timeout(20_000);
      const outcome = await measureResource(components, holder.peerId, order, signal);
      if (!outcome.measured) throw new Error(outcome.detail);
      expect(outcome.value).toBeGreaterThan(0);
      expect(reports.at(-1)).toEqual({
        attestor: attestor.peerId,
        resource: order.resource,
        value: outcome.value,
        transcript: outcome.transcript,
      });
    }
  });
});
