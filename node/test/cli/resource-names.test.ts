import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import { CliUnderTest } from './capture.ts';

const PEER = Identity.fromSeed(new Uint8Array(32).fill(1)).peerId;
const COINED = 'hasResource:gpu-memory';

let cli: CliUnderTest;

beforeEach(async () => {
  cli = await CliUnderTest.open();
});

afterEach(() => cli.close());

describe('the name of a resource', () => {
  it('may do without its predicate in attest, as in --min', async () => {
    const daemon = await cli.startDaemon();
    daemon.node.answer = () => ({ delivered: true });
    for (const name of ['gpu-memory-gib', 'hasResource:gpu-memory-gib']) {
      await cli.run('attest', PEER, '--resource', name, '--measured', '40', '--json');
    }
    const order = { peerId: PEER, resource: 'hasResource:gpu-memory-gib', measured: 40 };
    expect(daemon.node.calls.map(({ args }) => args[0])).toEqual([order, order]);
  });

  it('may do without its predicate in cert disclose, where a skill keeps its own', async () => {
    const daemon = await cli.startDaemon();
    daemon.node.answer = () => ({});
    const terms = ['--term', 'gpu-memory-gib', '--term', 'performs:nlp/sentiment'];
    await cli.run('cert', 'disclose', 'c1', ...terms, '--json');
    expect(daemon.node.calls.map(({ args }) => args)).toEqual([
      ['c1', ['hasResource:gpu-memory-gib', 'performs:nlp/sentiment']],
    ]);
  });

  it('is allowed where nobody can prove an amount of it, with a remark on stderr alone', async () => {
    const daemon = await cli.startDaemon();
    daemon.node.answer = () => ({
      query: COINED,
      outcome: 'complete',
      hits: [],
      dropped: [],
      result: { choice: 'REFUSED' },
    });
    const task = await cli.write(
      'task.json',
      JSON.stringify({ resources: { minimums: { [COINED]: 1, 'memory-mib': 1 } } }),
    );
    for (const argv of [
      ['query', '--min', `${COINED}>=1`],
      ['run', task],
      ['decide', task],
      ['cert', 'prove', `${COINED}>=1`, '--verifier', PEER, '--nonce', 'ab'.repeat(32)],
    ]) {
      daemon.node.calls.length = 0;
      const { stderr } = await cli.run(...argv);
      expect(stderr).toContain(`no attestor counts ${COINED}`);
      expect(stderr).toContain('Did you mean hasResource:gpu-memory-gib');
      expect(stderr).not.toContain('counts hasResource:memory-mib');
      expect(daemon.node.calls).toHaveLength(1);
      expect((await cli.run(...argv, '--json')).stderr).not.toContain('attestor counts');
    }
  });
});
