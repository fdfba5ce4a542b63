import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeLogger } from '../../../protocols/test/secure-channel/session-pair.ts';
import { loadConfig } from '../../config/load.ts';
import { loadCommandExecutor } from '../../tasks/executors/command.ts';
import type { CommandExecutorInit, CommandExecutor } from '../../tasks/executors/command.ts';
import { ExecutorConfigError, ExecutorInputError } from '../../tasks/executors/errors.ts';
import type { SkillWork, Spending } from '../../tasks/executors/skill-executor.ts';
import { LocalMachine } from '../../tasks/local-machine.ts';
import { prepareTask } from '../../tasks/prepared-task.ts';
import type { SkillShelf } from '../../tasks/skill-shelf.ts';
import { taskForSkill } from '../../tasks/task-for-skill.ts';
import type { ResolvedPart } from '../../tasks/task-parts.ts';
import { MemoryJsonSection } from '../memory-section.ts';
import { csvPart, jsonPart, textPart } from './price-tables.ts';

const TERM = 'performs:text/count';
const never = new AbortController().signal;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coalesce-command-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Change = Partial<CommandExecutorInit>;

function load(change: Change = {}, logger = new FakeLogger()): Promise<CommandExecutor> {
  return loadCommandExecutor({
    term: TERM,
    program: 'sh',
    baseDirectory: folder,
    logger,
    ...change,
  });
}

/** A shell script as the program; its arguments are $1, $2, ... */
async function script(text: string, change: Change = {}, logger?: FakeLogger) {
  const { args = [], ...rest } = change;
  return load({ args: ['-c', text, 'script', ...args], ...rest }, logger);
}

function workOf(
  parts: readonly ResolvedPart[] = [textPart('hello')],
  change: object = {},
): SkillWork {
  const inputs = [{ file: 'a.txt', mediaType: 'text/plain' }];
  const specification = taskForSkill({ term: TERM, inputs, valueMicroUsd: 1 });
  return {
    specification: { ...specification, output: { mediaType: 'text/plain' }, ...change },
    parts,
  };
}

const JSON_OUTPUT = { output: { mediaType: 'application/json' } };

async function textOf(executor: CommandExecutor, work = workOf()): Promise<string> {
  const { parts } = await executor.execute(work, { signal: never });
  expect(parts).toHaveLength(1);
  return parts[0]!.text!;
}

async function failureOf(pending: Promise<unknown>): Promise<Error & { details?: unknown }> {
  const error: unknown = await pending.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  return error as Error;
}

const failureIs = (failure: string) => ({ code: 'EXECUTOR_FAILED', details: { failure } });

/** Resolves once the file has a line. */
async function lineOf(path: string): Promise<string> {
  for (;;) {
    const text = await readFile(path, 'utf8').catch(() => '');
    if (text.includes('\n')) return text.trim();
    await delay(5);
  }
}

/** Resolves once the process is gone, or has ended and only waits to be noticed. */
async function gone(pid: number): Promise<void> {
  const state = () => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  const isGone = async (): Promise<boolean> => {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    return process.platform === 'linux' && /\) [ZX]/.test(await state());
  };
  while (!(await isGone())) await delay(5);
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

describe('a program', () => {
  it('reads the task as JSON and writes a JSON result', async () => {
    const logger = new FakeLogger();
    const executor = await load({ program: process.execPath, args: ['-e', COUNT_WORDS] }, logger);
    const parts = [textPart('one two'), jsonPart({ a: 1 }), pngPart()];
    const { parts: result } = await executor.execute(workOf(parts, JSON_OUTPUT), {
      signal: never,
    });
    expect(result).toEqual([
      {
        mediaType: 'application/json',
        data: {
          title: 'Count',
          output: { mediaType: 'application/json' },
          words: 2,
          parts: [
            { file: 'part-0.txt', mediaType: 'text/plain', text: 'one two' },
            { file: 'part-1.json', mediaType: 'application/json', text: '{"a":1}' },
            { file: 'part-2.bin', mediaType: 'image/png' },
          ],
        },
      },
    ]);
  });

  it('reads the bytes of all parts where the offer says so', async () => {
    const executor = await load({ program: 'cat', stdin: 'content' });
    expect(await textOf(executor, workOf([textPart('ab'), textPart('cd')]))).toBe('abcd');
  });

  it('finds the parts as files in a fresh directory, which is removed', async () => {
    const executor = await script('pwd; ls; cat part-1.csv');
    const parts = [textPart('x'), csvPart('a,b\n1,2')];
    const [directory, ...rest] = (await textOf(executor, workOf(parts))).split('\n');
    expect(rest).toEqual(['part-0.txt', 'part-1.csv', 'a,b', '1,2']);
    expect(await exists(directory!)).toBe(false);
  });

  it('sees no variable of this process but those that are named', async () => {
    process.env['COALESCE_TEST_SECRET'] = 'hunter2';
    process.env['COALESCE_TEST_NAMED'] = 'named';
    const executor = await script('env | cut -d= -f1 | sort', {
      environment: ['COALESCE_TEST_NAMED', 'COALESCE_TEST_UNSET'],
    });
    const names = (await textOf(executor)).trim().split('\n');
    const own = ['_', 'OLDPWD', 'PWD', 'SHLVL', '__CF_USER_TEXT_ENCODING'];
    expect(names.filter((name) => !own.includes(name))).toEqual([
      'COALESCE_TEST_NAMED',
      'HOME',
      'PATH',
      'TMPDIR',
    ]);
    delete process.env['COALESCE_TEST_SECRET'];
    delete process.env['COALESCE_TEST_NAMED'];
  });

  it('need not read its input', async () => {
    const work = workOf([textPart('x'.repeat(1_000_000))]);
    expect(await textOf(await script('echo done'), work)).toBe('done\n');
  });

  it('is looked for on PATH, or from the folder of the offers', async () => {
    await writeFile(join(folder, 'own.sh'), '#!/bin/sh\necho own\n', { mode: 0o755 });
    expect(await textOf(await load({ program: './own.sh' }))).toBe('own\n');
  });

  it.each([['no-such-program-anywhere'], ['./no-such-program'], ['/tmp']])(
    'is refused when it is offered and not there: %s',
    async (program) => {
      const error = await failureOf(load({ program }));
      expect(error).toBeInstanceOf(ExecutorConfigError);
      expect(error.message).toMatch(/check "program" and its rights/);
    },
  );

  it('teaches the machine its own processor time, not that of this process', async () => {
    const executor = await script('i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo x');
    const spent: Spending[] = [];
    await executor.execute(workOf(), { signal: never, onSpent: (one) => spent.push(one) });
    expect(spent).toHaveLength(1);
    expect(spent[0]!.processorSeconds).toBeGreaterThan(0.02);
    const machine = new LocalMachine({
      config: loadConfig([]),
      shelf: { find: () => ({ runner: executor }) } as unknown as SkillShelf,
      settings: new MemoryJsonSection(),
      processor: { seconds: () => 0 },
    });
    const inputs = [{ file: 'a.txt', mediaType: 'text/plain' }];
    const task = prepareTask(
      { ...taskForSkill({ term: TERM, inputs, valueMicroUsd: 1 }), ...TEXT_OUTPUT },
      new Map([['a.txt', Buffer.from('x')]]),
    );
    for (const _run of [1, 2]) await machine.run(task, never);
    expect(machine.execution(task).execution).toMatchObject({ measuredRuns: 1 });
    expect(machine.execution(task).execution!.measuredSeconds).toBeGreaterThan(0.02);
  });
});

describe("a hostile client's input", () => {
  const count = 'printf "%s\\n" "$#" "$@"; ls';

  it.each([
    ['a flag', '--help'],
    ['a command', '; touch /tmp/coalesce-owned; $(touch /tmp/coalesce-owned) `id`'],
    ['a path', '../../etc/passwd'],
    ['quotes', `'"\\" && false`],
  ])('never becomes an argument, a file name or a command: %s', async (_what, attack) => {
    const executor = await script(count, { args: ['--fixed', '$HOME'] });
    const part = { ...textPart(attack), name: attack, mediaType: `text/${attack}` };
    const work = workOf([part], { title: attack, description: attack });
    expect(await textOf(executor, work)).toBe('2\n--fixed\n$HOME\npart-0.txt\n');
    expect(await exists('/tmp/coalesce-owned')).toBe(false);
  });

  it('reaches the program byte for byte on standard input alone (property)', async () => {
    const executor = await script('cat; printf "|%s|%s" "$#" "$1"', {
      args: ['fixed'],
      stdin: 'content',
    });
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(text, async (input) => {
        const wellFormed = input.toWellFormed();
        const result = await textOf(executor, workOf([textPart(wellFormed)]));
        expect(result).toBe(`${wellFormed}|1|fixed`);
      }),
      { numRuns: 25 },
    );
  });

  it('is refused where it is larger than the offer allows, or no text', async () => {
    const executor = await load({ program: 'cat', maxInputBytes: 4 });
    const pending = executor.execute(workOf([textPart('hello')]), { signal: never });
    expect(await failureOf(pending)).toMatchObject({ code: 'INPUT_TOO_LARGE' });
    const bad = { mediaType: 'text/plain', bytes: Uint8Array.of(0xff) };
    const refused = executor.execute(workOf([bad]), { signal: never });
    expect(await failureOf(refused)).toBeInstanceOf(ExecutorInputError);
  });
});

describe('a program that fails', () => {
  it('is told by its code in the log, and by nothing to the client', async () => {
    const logger = new FakeLogger();
    const executor = await script('echo password=hunter2; echo /home/me >&2; exit 3', {}, logger);
    const error = await failureOf(executor.execute(workOf(), { signal: never }));
    expect(error).toMatchObject(failureIs('FAILED'));
    expect(`${error.message} ${String(error.cause)}`).not.toMatch(/hunter2|home/);
    expect(JSON.stringify(logger)).toContain('/home/me');
  });

  it.each([
    ['BAD_RESULT', 'echo "{"', JSON_OUTPUT],
    ['BAD_RESULT', 'printf "\\377"', {}],
    ['NO_RESULT', 'true', {}],
    ['RESULT_TOO_LARGE', 'yes', {}],
  ])('ends as %s: %s', async (failure, text, change) => {
    const executor = await script(text);
    const pending = executor.execute(workOf([textPart('x')], change), { signal: never });
    expect(await failureOf(pending)).toMatchObject(failureIs(failure));
  });
});

describe('the limits of a program', () => {
  it('end one that computes for too long', async () => {
    const executor = await script('while :; do :; done', { maxCpuSeconds: 1 });
    const error = await failureOf(executor.execute(workOf(), { signal: never }));
    expect(error).toMatchObject(failureIs('FAILED'));
  });

  const grow = `awk 'BEGIN { s = "x"; for (i = 0; i < 28; i++) s = s s; print length(s) }'`;
  it('end one that takes too much memory, where the system can', async () => {
    const probe = await script('ulimit -v 65536 2>/dev/null && echo yes || echo no');
    const small = await script(grow, { maxMemoryMib: 64 });
    const ended = small.execute(workOf(), { signal: never });
    if ((await textOf(probe)) === 'no\n') await ended;
    else expect(await failureOf(ended)).toMatchObject(failureIs('FAILED'));
    expect(await textOf(await script(grow))).toBe('268435456\n');
  });

  it('end one that writes too large a file', async () => {
    const text = 'dd if=/dev/zero of=big bs=1024 count=2048 2>/dev/null && echo written';
    const error = await failureOf(
      (await script(text, { maxFileMib: 1 })).execute(workOf(), { signal: never }),
    );
    expect(error).toMatchObject(failureIs('FAILED'));
    expect(await textOf(await script(text))).toBe('written\n');
  });
});

describe('the process group of a program', () => {
  /** Starts a child, tells both pids and the directory, and waits. */
  const FORKING = 'sleep 300 & echo "$! $$ $PWD" > "$1"; wait';

  async function start(name: string, change: Change = {}) {
    const file = join(folder, name);
    const controller = new AbortController();
    const executor = await script(FORKING, { args: [file], ...change });
    const failure = failureOf(executor.execute(workOf(), { signal: controller.signal }));
    const [child, leader, directory] = (await lineOf(file)).split(' ');
    return { controller, failure, pids: [Number(child), Number(leader)], directory: directory! };
  }

  it('is killed with its children when the task is cancelled', async () => {
    const { controller, failure, pids, directory } = await start('cancelled');
    controller.abort(new Error('cancelled'));
    expect((await failure).message).toBe('cancelled');
    await Promise.all(pids.map(gone));
    expect(await exists(directory)).toBe(false);
  });

  it('is killed with its children when its time is over', async () => {
    const { failure, pids, directory } = await start('late', { timeoutMs: 3_000 });
    expect(await failure).toMatchObject(failureIs('TIMED_OUT'));
    await Promise.all(pids.map(gone));
    expect(await exists(directory)).toBe(false);
  });

  it('is killed when the program ends and leaves a child behind', async () => {
    const file = join(folder, 'left');
    const executor = await script('sleep 300 & echo $! > "$1"; echo done', { args: [file] });
    expect(await textOf(executor)).toBe('done\n');
    await gone(Number(await lineOf(file)));
  });

  it('is killed when this process ends', async () => {
    const file = join(folder, 'exit');
    const source = new URL('../../tasks/executors/process-group.ts', import.meta.url).href;
    const built = source.replace('/node/tasks/', '/dist/node/tasks/').replace(/\.ts$/, '.js');
    const program = `
      import { runProcessGroup } from ${JSON.stringify(built)};
      void runProcessGroup({
        program: '/bin/sh', args: ['-c', 'echo $$ > "$1"; sleep 300', 'x', ${JSON.stringify(file)}],
        workingDirectory: ${JSON.stringify(folder)}, environment: { PATH: process.env.PATH },
        stdin: new Uint8Array(), maxStdoutBytes: 10, maxCpuSeconds: 10, maxMemoryMib: 1000,
        maxFileMib: 1,
      }, new AbortController().signal);
      process.stdin.on('data', () => process.exit(0));
    `;
    const node = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    const pid = Number(await lineOf(file));
    node.stdin.write('end\n');
    await once(node, 'exit');
    await gone(pid);
  });

  it('is not waited for where one of its processes has left it', async () => {
    const file = join(folder, 'escaped');
    const escape = `
      const { spawn } = require('node:child_process');
      const child = spawn('sleep', ['300'], { detached: true, stdio: 'inherit' });
      require('node:fs').writeFileSync(process.argv[1], child.pid + '\\n');
    `;
    const controller = new AbortController();
    const executor = await load({ program: process.execPath, args: ['-e', escape, file] });
    const failure = failureOf(executor.execute(workOf(), { signal: controller.signal }));
    const pid = Number(await lineOf(file));
    controller.abort(new Error('cancelled'));
    expect((await failure).message).toBe('cancelled');
    process.kill(pid, 'SIGKILL');
  });

  it('is not started when the signal has fired before', async () => {
    const executor = await script('echo x');
    const signal = AbortSignal.abort(new Error('too late'));
    expect((await failureOf(executor.execute(workOf(), { signal }))).message).toBe('too late');
  });
});

const TEXT_OUTPUT = { output: { mediaType: 'text/plain' }, verification: [] };
const pngPart = () => ({ mediaType: 'image/png', bytes: Uint8Array.of(0x89, 0xff) });
const COUNT_WORDS = `
  let text = '';
  process.stdin.on('data', (chunk) => (text += chunk)).on('end', () => {
    const task = JSON.parse(text);
    const words = task.parts[0].text.split(' ').length;
    console.log(JSON.stringify({ ...task, words }));
  });
`;
