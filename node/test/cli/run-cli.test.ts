import { readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { candidate, request } from '../decision/requests.ts';
import { decide } from '../../decision/decision-record.ts';
import type { Candidate } from '../../decision/request.ts';
import { Identity } from '../../../crypto/identity.ts';
import { NothingFoundError, RefusedError, UnreachableError } from '../../errors.ts';
import { CliUnderTest, runCaptured } from './capture.ts';

const PEER = Identity.fromSeed(new Uint8Array(32).fill(1)).peerId;
const TERM = 'performs:nlp/sentiment';
const TASK = {
  title: 'Mood',
  skills: [TERM],
  input: { parts: [{ file: 'a.txt', mediaType: 'text/plain' }] },
};

let cli: CliUnderTest;

beforeEach(async () => {
  cli = await CliUnderTest.open();
});

afterEach(() => cli.close());

/** The error document on stdout: exactly one, and nothing else. */
function errorOf(stdout: string): { code: string; exitCode: number; problems: string[] } {
  const document = JSON.parse(stdout) as { error: { code: string; message: string } };
  expect(Object.keys(document)).toEqual(['error']);
  expect(document.error.message).not.toBe('');
  return document.error as unknown as ReturnType<typeof errorOf>;
}

describe('bad usage', () => {
  it.each([
    ['an unknown command', ['frobnicate'], /unknown command 'frobnicate'/],
    ['a misspelt command, with a suggestion', ['statsu'], /status/],
    ['an unknown option', ['status', '--frob'], /unknown option '--frob'/],
    ['an unknown subcommand', ['cert', 'frob'], /unknown command 'frob'/],
    ['a missing argument', ['query'], /name a skill term, say in words .* resource with --min/],
    ['a minimum of no form', ['query', '--min', 'memory>40'], /expected NAME>=N/],
    [
      'a minimum above the limit',
      ['query', '--min', 'memory-mib>=99999999999'],
      /expected N from 0 to 4294967295, got 99999999999/,
    ],
    [
      'a minimum of an unknown resource',
      ['query', '--min', 'gpu-memory>=1'],
      /"gpu-memory" is no known resource: use one of cpu-mflops.*gpu-memory-gib/,
    ],
    [
      'a proof of an unknown resource',
      ['cert', 'prove', 'gpu-memory>=1', '--verifier', PEER, '--nonce', 'a'],
      /cert prove: "gpu-memory" is no known resource/,
    ],
    [
      'an unknown resource to attest',
      ['attest', PEER, '--resource', 'gpu-memory'],
      /"gpu-memory" is no known resource/,
    ],
    [
      'no term to disclose',
      ['cert', 'disclose', 'abc'],
      /name a term with --term; "cert show abc"/,
    ],
    ['a minimum of a skill', ['query', '--min', 'performs:nlp>=1'], /expected NAME>=N/],
    ['an empty id', ['decisions', 'show', ''], /expected an id/],
    ['an empty certificate id', ['cert', 'revoke', ''], /expected an id/],
    ['a level of no name', ['query', TERM, '--level', 'trusted'], /expected self, .*0 to 3/],
    ['a level as no one writes it', ['query', TERM, '--level', '02'], /expected self, .*0 to 3/],
    ['too many arguments', ['status', 'now'], /too many arguments/],
    ['neither a skill nor a resource', ['attest', PEER], /one of --skill and --resource/],
    [
      'both a skill and a resource',
      ['attest', PEER, '--skill', TERM, '--resource', 'hasResource:memory-mib'],
      /one of --skill and --resource/,
    ],
    ['a value for a skill', ['attest', PEER, '--skill', TERM, '--measured', '1'], /--measured/],
    [
      'tasks for a resource',
      ['attest', PEER, '--resource', 'hasResource:memory-mib', '--tasks', '4'],
      /--tasks goes with --skill/,
    ],
    ['an amount of 0', ['attest', PEER, '--amount', '0'], /from 1 to 256/],
    ['more than is measured over the network', ['attest', PEER, '--amount', '257'], /1 to 256/],
    ['one task of a skill', ['attest', PEER, '--tasks', '1'], /from 4 to 64/],
    ['a value of 2^32', ['attest', PEER, '--measured', '4294967296'], /from 0 to 4294967295/],
    ['a limit of 0', ['query', TERM, '--limit', '0'], /from 1 to 100/],
    ['a limit that is no number', ['query', TERM, '--limit', 'ten'], /from 1 to 100/],
    ['a limit in exponent form', ['query', TERM, '--limit', '1e1'], /from 1 to 100/],
    ['a negative price', ['query', TERM, '--max-price-usd', '-1'], /dollars/],
    ['a price that is no number', ['query', TERM, '--max-price-usd', 'free'], /dollars/],
    ['a task and a skill', ['run', 'task.json', '--skill', TERM], /task file, or --skill/],
    ['a skill without input', ['run', '--skill', TERM], /task file, or --skill/],
    ['nothing to run', ['run'], /task file, or --skill/],
  ])('ends with 2 and a line that names it: %s', async (_what, argv, line) => {
    const { exitCode, stdout, stderr } = await cli.run(...argv);
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(line);
  });

  it.each([
    [['frobnicate', '--json']],
    [['status', '--frob', '--json']],
    [['--json']],
    [['cert', '--json']],
    [['run', '--json']],
    [['query', TERM, '--limit', '0', '--json']],
  ])('prints exactly one JSON document for %j --json', async (argv) => {
    const { exitCode, stdout } = await cli.run(...argv);
    expect(exitCode).toBe(2);
    expect(errorOf(stdout)).toMatchObject({ code: 'BAD_INPUT', exitCode: 2 });
  });

  it('shows the commands when it is called without one, and ends with 2', async () => {
    const { exitCode, stderr } = await runCaptured([]);
    expect(exitCode).toBe(2);
    for (const name of ['init', 'start', 'stop', 'query', 'decide', 'run', 'cert', 'attest']) {
      expect(stderr).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
    }
  });

  it('ends with 0 for help and version', async () => {
    const help = await runCaptured(['run', '--help']);
    expect(help.exitCode).toBe(0);
    expect(help.stdout).toContain('--skill <term>');
    const version = await runCaptured(['--version']);
    expect(version.exitCode).toBe(0);
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+/);
  });
});

describe('exit codes', () => {
  it.each([
    [['status']],
    [['peers']],
    [['skills', 'list']],
    [['skills', 'suggest']],
    [['query', TERM]],
    [['decisions', 'list']],
    [['cert', 'show']],
    [['stop']],
  ])('is 4 where no daemon runs: %j', async (argv) => {
    const { exitCode, stdout, stderr } = await cli.run(...argv);
    expect(exitCode).toBe(4);
    expect(stdout).toBe('');
    expect(stderr).toContain('coalesce start');
    const withJson = await cli.run(...argv, '--json');
    expect(withJson.exitCode).toBe(4);
    expect(errorOf(withJson.stdout)).toMatchObject({ code: 'UNREACHABLE', exitCode: 4 });
  });

  it.each([
    ['complete', 3],
    ['partial', 4],
    ['unreachable', 4],
  ])('of a query without hits is, when the look was %s, %i', async (outcome, expected) => {
    const daemon = await cli.startDaemon();
    const counts = { asked: 0, answered: 0, elapsedMs: 1 };
    const leftOut = { sameNetwork: 0, sameAttestorGroup: 0 };
    const found = { hits: [], dropped: [], unknownTerms: [], leftOut, lookAgeMs: 0 };
    const empty = { query: TERM, ...found, ...counts };
    daemon.node.answer = () => ({ ...empty, outcome });
    expect((await cli.run('query', TERM)).exitCode).toBe(expected);
    const withJson = await cli.run('query', TERM, '--json');
    expect(withJson.exitCode).toBe(expected);
    expect(JSON.parse(withJson.stdout)).toMatchObject({ outcome, hits: [] });
  });

  it('of a query with a limit is 0, and says where a hit is from', async () => {
    const daemon = await cli.startDaemon();
    const hit = {
      peerId: 'p1',
      term: TERM,
      score: 1,
      scoreParts: { ontology: 1, embedding: null, performance: 0.96 },
      priceMicroUsd: 5,
      perUnit: 'task',
      latencyMs: 800,
      level: 0,
      resources: [],
      recordAgeMs: 1_000,
      sources: ['holder'],
    };
    const found = { query: TERM, outcome: 'complete', dropped: [], unknownTerms: [] };
    const leftOut = { sameNetwork: 0, sameAttestorGroup: 0 };
    const counts = { asked: 1, answered: 1, elapsedMs: 1, lookAgeMs: 0, leftOut };
    daemon.node.answer = () => ({ ...found, ...counts, hits: [hit] });
    const plain = await cli.run('query', TERM, '--max-latency-ms', '900');
    expect(plain.exitCode).toBe(0);
    expect(plain.stdout).not.toContain('source');
    expect(plain.stdout).toMatch(
      /score +terms, text, record +record age.*\n.* 1\.00 +1\.00, -, 0\.96 /,
    );
    const [request] = daemon.node.calls.at(-1)!.args;
    expect(request).toMatchObject({ query: TERM, maxLatencyMs: 900 });
    const two = [hit, { ...hit, peerId: 'p2', sources: ['broker', 'known'] }];
    daemon.node.answer = () => ({ ...found, ...counts, hits: two });
    expect((await cli.run('query', TERM)).stdout).toMatch(/source\n.*holder\n.*broker, known/u);
  });

  it.each([
    ['peers', ['peers'], []],
    ['certificates', ['cert', 'show'], []],
    ['decisions', ['decisions', 'list'], []],
    ['suggested terms', ['skills', 'suggest'], []],
  ])('is 3 for an empty list: %s', async (_what, argv, list) => {
    const daemon = await cli.startDaemon();
    daemon.node.answer = () => list;
    expect((await cli.run(...argv)).exitCode).toBe(3);
  });

  it('is 0 for suggested terms, each with its tasks, the nearest term and a line an example', async () => {
    const daemon = await cli.startDaemon();
    const suggestion = {
      term: 'performs:vision/heraldry-shield',
      tasks: 5,
      examples: ['blazon the heraldry', 'a shield\n  - forged line'],
      nearest: { term: 'performs:vision/caption', similarity: 0.3149 },
    };
    daemon.node.answer = () => [suggestion];
    const { exitCode, stdout } = await cli.run('skills', 'suggest');
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      'performs:vision/heraldry-shield  5 tasks\n' +
        '  nearest known term: performs:vision/caption (0.31)\n' +
        '  - blazon the heraldry\n' +
        '  - a shield\ufffd  - forged line\n',
    );
    const withJson = await cli.run('skills', 'suggest', '--json');
    expect(JSON.parse(withJson.stdout)).toEqual({ suggestions: [suggestion] });
  });

  it.each([
    [new NothingFoundError('nothing there'), 3],
    [new UnreachableError('too far'), 4],
    [new RefusedError('no'), 1],
    [new Error('secret'), 1],
  ])('is the one that the daemon reports: %s', async (error, expected) => {
    const daemon = await cli.startDaemon();
    daemon.node.answer = () => Promise.reject(error);
    const { exitCode, stderr } = await cli.run('status');
    expect(exitCode).toBe(expected);
    expect(stderr).not.toContain('secret');
    const withJson = await cli.run('status', '--json');
    expect(withJson.exitCode).toBe(expected);
    expect(errorOf(withJson.stdout).exitCode).toBe(expected);
  });

  it.each([
    ['completed', 0],
    ['failed', 1],
    ['refused', 1],
  ])('of a run that %s is %i', async (status, expected) => {
    const daemon = await cli.startDaemon();
    const task = await cli.write('task.json', '{"title":"x"}');
    daemon.node.answer = () => ({
      status,
      title: 'x',
      output: null,
      subtasks: [],
      skipped: [],
      totals: {},
    });
    const { exitCode, stdout } = await cli.run('run', task, '--json');
    expect(exitCode).toBe(expected);
    expect(JSON.parse(stdout)).toMatchObject({ status });
  });

  it('is 0 for a resource whose certificate was delivered, and 1 for any other', async () => {
    const daemon = await cli.startDaemon();
    const argv = ['attest', PEER, '--resource', 'hasResource:cpu-mflops', '--duration-ms', '200'];
    const document = { peerId: PEER, resource: 'hasResource:cpu-mflops', unit: 'MFLOP/s' };
    daemon.node.answer = () => ({
      ...document,
      method: 'benchmark',
      value: 350,
      reason: null,
      certId: 'c',
      delivered: true,
      elapsedMs: 900,
      busyMs: 480,
    });
    const { exitCode, stdout } = await cli.run(...argv);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      `${PEER} has 350 MFLOP/s of hasResource:cpu-mflops ` +
        "(900 ms, 480 ms of the peer's processor)\n" +
        '  a proof of it says "at least 320 MFLOP/s", or less if the peer has set a limit\n' +
        'Certificate c was delivered.\n',
    );
    const [order] = daemon.node.calls[0]!.args;
    expect(order).toEqual({ peerId: PEER, resource: document.resource, durationMs: 200 });
    const nothing = { value: null, reason: 'LATE: x', certId: null, delivered: false };
    daemon.node.answer = () => ({
      ...document,
      ...nothing,
      elapsedMs: 900,
      busyMs: 0,
    });
    const failed = await cli.run(...argv);
    expect(failed.exitCode).toBe(1);
    expect(failed.stdout).toContain('failed: LATE: x\nNo certificate was issued.');
    expect(failed.stdout).not.toContain('%');
  });

  it('is 2 where a minimum is to be checked of a file that proves none', async () => {
    const daemon = await cli.startDaemon();
    const lie = await cli.write('lie.json', JSON.stringify({ certificate: '{}', open: [{}] }));
    const nonce = ['--nonce', 'ab'.repeat(32)];
    for (const options of [['--min', 'gpu-memory-gib>=40', ...nonce], nonce]) {
      const { exitCode, stderr } = await cli.run('cert', 'verify', lie, ...options);
      expect(exitCode).toBe(2);
      expect(stderr).toContain('--min and --nonce are for proofs');
    }
    expect(daemon.node.calls).toEqual([]);
  });

  it('is 1 for a certificate that does not verify', async () => {
    const daemon = await cli.startDaemon();
    daemon.node.answer = () => ({ valid: false, reason: 'EXPIRED: x', certificate: null });
    const { exitCode, stdout } = await cli.run('cert', 'verify', await cli.write('c', 'x'));
    expect(exitCode).toBe(1);
    expect(stdout).toBe('refused: EXPIRED: x\n');
  });
});

describe('files of the user', () => {
  it('hands the task and the files that it names to the daemon', async () => {
    const daemon = await cli.startDaemon();
    await cli.write('a.txt', 'good');
    const task = await cli.write('task.json', JSON.stringify(TASK));
    daemon.node.answer = () => ({ status: 'completed' });
    expect((await cli.run('run', task, '--json')).exitCode).toBe(0);
    const files = { 'a.txt': Buffer.from('good').toString('base64') };
    expect(daemon.node.calls[0]!.args[0]).toEqual({ task: TASK, files });
  });

  it('decides without a list of candidates, and with one', async () => {
    const daemon = await cli.startDaemon();
    const task = await cli.write('task.json', '{"title":"x"}');
    const known = { ...candidate('x') };
    const list = await cli.write('candidates.json', JSON.stringify([known]));
    daemon.node.answer = () => ({ result: { choice: 'REFUSED' }, request: { candidates: [] } });
    expect((await cli.run('decide', task, '--json')).exitCode).toBe(1);
    expect((await cli.run('decide', task, '--candidates', list, '--json')).exitCode).toBe(1);
    expect(daemon.node.calls.map(({ args }) => args[1])).toEqual([undefined, [known]]);
  });

  it('takes as candidates what it printed, and decides the same on them', async () => {
    const daemon = await cli.startDaemon();
    const task = await cli.write('task.json', '{"title":"x"}');
    const record = decide(request([candidate('x'), candidate('y', { priceMicroUsd: 2_000 })]));
    daemon.node.answer = () => record;
    const { stdout } = await cli.run('decide', task, '--json');
    const list = await cli.write('printed.json', stdout);
    expect((await cli.run('decide', task, '--candidates', list, '--json')).exitCode).toBe(0);
    const taken = daemon.node.calls[1]!.args[1] as Candidate[];
    expect(decide(request(taken)).result).toEqual(record.result);
  });

  it('names candidates of a file that cannot be read, and has the others judged', async () => {
    const daemon = await cli.startDaemon();
    const task = await cli.write('task.json', '{"title":"x"}');
    const list = await cli.write('some.json', JSON.stringify([{}, candidate('x')]));
    daemon.node.answer = () => ({ result: { choice: 'REFUSED' } });
    const { stderr, exitCode } = await cli.run('decide', task, '--candidates', list);
    expect(stderr).toContain('candidate 0.peerId: a text');
    expect(exitCode).not.toBe(2);
    const none = await cli.write('none.json', '[{}]');
    const refused = await cli.run('decide', task, '--candidates', none);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('0.peerId: a text of 1 to 128 characters');
  });

  it('ends with 2 for a file of candidates that is too large, and reads none of it', async () => {
    const daemon = await cli.startDaemon();
    const task = await cli.write('task.json', '{"title":"x"}');
    const list = await cli.write('large.json', JSON.stringify([candidate('x')]));
    daemon.node.answer = () => ({ result: { choice: 'LOCAL' }, request: { candidates: [] } });
    // White space up to the limit is read, and more of it is not; a file of holes takes no room.
    await writeFile(list, JSON.stringify([candidate('x')]).padEnd(64_000_000));
    expect((await cli.run('decide', task, '--candidates', list, '--json')).exitCode).toBe(0);
    await truncate(list, 64_000_001);
    const { stderr, exitCode } = await cli.run('decide', task, '--candidates', list);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`${list}: expected at most 64000000 bytes, got 64000001; leave out`);
    expect(daemon.node.calls).toHaveLength(1);
  });

  it('ends with 2 for candidates that are more than a daemon takes, and names the file', async () => {
    const daemon = await cli.startDaemon();
    const task = await cli.write('task.json', '{"title":"x"}');
    const many = Array.from({ length: 70_000 }, (_, i) => candidate(`contractor-${i}`));
    const list = await cli.write('many.json', JSON.stringify(many));
    const { stderr, exitCode } = await cli.run('decide', task, '--candidates', list);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`${list}: more than a daemon takes; leave out candidates, or`);
    expect(daemon.node.calls).toEqual([]);
  });

  it('ends with 2 for a task that is not JSON, and names the file', async () => {
    const task = await cli.write('task.json', '{"title":');
    const { exitCode, stderr } = await cli.run('run', task);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('task.json: is not JSON');
  });

  it('ends with 2 for a task file that is missing, as for every bad input', async () => {
    for (const command of ['run', 'decide']) {
      const { exitCode, stderr } = await cli.run(command, join(cli.path, 'none.json'));
      expect(exitCode).toBe(2);
      expect(stderr).toContain('none.json: no such file');
    }
  });

  it('ends with 2 for an offer or candidates that are missing', async () => {
    const none = join(cli.path, 'none.json');
    const task = await cli.write('task.json', '{}');
    expect((await cli.run('skills', 'publish', none)).exitCode).toBe(2);
    expect((await cli.run('decide', task, '--candidates', none)).exitCode).toBe(2);
  });

  it('ends with 2 for a file that a task names and that is missing', async () => {
    const task = await cli.write('task.json', JSON.stringify(TASK));
    const { exitCode, stderr } = await cli.run('run', task);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/a\.txt: cannot be read \(ENOENT\)/);
  });

  it.each(['[]', 'null', '3', '{"input":3}', '{"input":{"parts":3}}', '{"input":{"parts":[3]}}'])(
    'leaves a misshapen task for the daemon to judge: %s',
    async (text) => {
      const daemon = await cli.startDaemon();
      daemon.node.answer = () => ({ status: 'failed' });
      await cli.run('run', await cli.write('task.json', text), '--json');
      expect(daemon.node.calls[0]!.args[0]).toEqual({ task: JSON.parse(text), files: {} });
    },
  );

  it('takes a directory in the order of its names, and refuses one without files', async () => {
    const daemon = await cli.startDaemon();
    daemon.node.answer = () => ({ status: 'failed' });
    const { exitCode } = await cli.run('run', '--skill', TERM, '--input', cli.path, '--json');
    expect(exitCode).toBe(1);
    const { inputs } = daemon.node.calls[0]!.args[0] as { inputs: { name: string }[] };
    expect(inputs.map(({ name }) => name)).toEqual([
      join(cli.path, 'daemon.json'),
      join(cli.path, 'token'),
    ]);
    const empty = await CliUnderTest.open();
    const refused = await empty.run('run', '--skill', TERM, '--input', empty.path);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('expected 1 to 64 files, found 0');
    await empty.close();
  });

  it('refuses a directory of 65 files before it reads one', async () => {
    for (let i = 0; i < 65; i++) await cli.write(`${i}.txt`, '');
    const { exitCode, stderr } = await cli.run('run', '--skill', TERM, '--input', cli.path);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('found 65');
  });
});

describe('init', () => {
  it('makes identity, token and config, all mode 0600', async () => {
    const { exitCode, stdout } = await cli.run('init', '--set', 'http.port=7700', '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ isNew: true, dataDirectory: cli.path });
    for (const name of ['identity.json', 'token', 'config.json']) {
      expect((await stat(join(cli.path, name))).mode & 0o777).toBe(0o600);
    }
    const config: unknown = JSON.parse(await readFile(join(cli.path, 'config.json'), 'utf8'));
    expect(config).toEqual({ http: { port: 7_700 } });
  });

  it('keeps identity, token and config when it is run again', async () => {
    const first = await cli.run('init', '--trust', PEER, '--json');
    const files = ['identity.json', 'token', 'config.json'].map((name) => join(cli.path, name));
    const before = await Promise.all(files.map((file) => readFile(file, 'utf8')));
    const second = await cli.run('init', '--json');
    const after = await Promise.all(files.map((file) => readFile(file, 'utf8')));
    expect(after).toEqual(before);
    const [one, two] = [first, second].map(
      ({ stdout }) => JSON.parse(stdout) as { peerId: string; isNew: boolean },
    );
    expect(two!.peerId).toBe(one!.peerId);
    expect([one!.isNew, two!.isNew]).toEqual([true, false]);
  });

  it('never prints the seed or the token', async () => {
    const runs = [await cli.run('init'), await cli.run('init', '--json')];
    const { seed } = JSON.parse(await readFile(join(cli.path, 'identity.json'), 'utf8')) as {
      seed: string;
    };
    const token = (await readFile(join(cli.path, 'token'), 'utf8')).trim();
    for (const { stdout, stderr } of runs) {
      expect(stdout + stderr).not.toContain(seed);
      expect(stdout + stderr).not.toContain(token);
    }
  });

  it.each([
    ['an unknown key', ['--set', 'colour=red'], /--set: colour=red/],
    ['a bad value', ['--set', 'http.port=70000'], /http\.port/],
    ['a flag without a value', ['--set', 'http.port'], /--set: http\.port: expected key=value/],
    ['an attestor that is no PeerId', ['--trust', 'bob'], /trust\.attestors\.0/],
    ['a bootstrap that is no multiaddr', ['--bootstrap', 'localhost'], /network\.bootstrap\.0/],
  ])('ends with 2 and writes nothing for %s', async (_what, argv, line) => {
    const { exitCode, stderr } = await cli.run('init', ...argv);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(line);
    for (const name of ['identity.json', 'token', 'config.json']) {
      await expect(stat(join(cli.path, name))).rejects.toThrow('ENOENT');
    }
  });

  it('lists all bad settings at once', async () => {
    const { stderr } = await cli.run('init', '--set', 'a=1', '--set', 'http.port=x');
    expect(stderr).toMatch(/a=1/);
    expect(stderr).toMatch(/http\.port/);
  });

  it('puts settings into a config that is there, and keeps the rest of it', async () => {
    const path = await cli.write('config.json', '{"name":"mine","logLevel":"warn"}');
    expect((await cli.run('init', '--set', 'name=other')).exitCode).toBe(0);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ name: 'other', logLevel: 'warn' });
  });

  it('leaves a config alone when a setting is refused, and when there is none to put in', async () => {
    const path = await cli.write('config.json', '{"name":"mine"}');
    expect((await cli.run('init', '--set', 'http.port=-1')).exitCode).toBe(2);
    expect((await cli.run('init')).exitCode).toBe(0);
    expect(await readFile(path, 'utf8')).toBe('{"name":"mine"}');
  });

  it('refuses a config that is not valid before it makes an identity', async () => {
    await cli.write('config.json', '{"colour":1}');
    const { exitCode, stderr } = await cli.run('init');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('colour');
    await expect(stat(join(cli.path, 'identity.json'))).rejects.toThrow('ENOENT');
  });

  it('does not overwrite a damaged identity', async () => {
    const path = await cli.write('identity.json', '{"v":1}');
    const { exitCode, stderr } = await cli.run('init');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('identity.json: is damaged');
    expect(await readFile(path, 'utf8')).toBe('{"v":1}');
  });
});
