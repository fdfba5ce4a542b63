import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { toBase64Url } from '../../../crypto/bytes.ts';
import { askHidden } from '../../cli/passphrase-prompt.ts';
import { runDaemon } from '../../daemon.ts';
import { dataDirectory } from '../../storage/data-directory.ts';
import { identityFacts, loadIdentity } from '../../storage/keystore.ts';
import { openStore } from '../../storage/store.ts';
import { passphraseFromFile } from '../../storage/passphrase.ts';
import { CliUnderTest, runCaptured } from './capture.ts';

let cli: CliUnderTest;
let right: string;
let wrong: string;

beforeEach(async () => {
  cli = await CliUnderTest.open();
  right = await cli.write('right', 'correct horse battery\n');
  wrong = await cli.write('wrong', 'correct horse batterz\n');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await cli.close();
});

const facts = () => identityFacts(dataDirectory(cli.path));

describe('key encrypt and key decrypt', () => {
  it('seal and open the identity, and say what that means', async () => {
    await cli.run('init');
    const { peerId } = await facts();
    const sealed = await cli.run('key', 'encrypt', '--passphrase-file', right);
    expect(sealed).toMatchObject({ exitCode: 0, stderr: '' });
    expect(sealed.stdout).toContain(`Sealed ${peerId}: identity.json`);
    expect(sealed.stdout).toContain('still hold the key as it was');
    expect(await facts()).toEqual({ peerId, isSealed: true });
    const again = await cli.run('key', 'encrypt', '--passphrase-file', right);
    expect(again).toMatchObject({ exitCode: 1, stdout: '' });
    vi.stubEnv('COALESCE_PASSPHRASE_FILE', right);
    const opened = await cli.run('key', 'decrypt', '--json');
    expect(JSON.parse(opened.stdout)).toEqual({
      ...{ peerId, files: ['identity.json'], isSealed: false },
    });
    expect(await facts()).toEqual({ peerId, isSealed: false });
  });

  it('end with 2 and the code for a wrong passphrase, and change nothing', async () => {
    await cli.run('init', '--passphrase-file', right);
    const before = await readFile(join(cli.path, 'identity.json'), 'utf8');
    const { exitCode, stdout } = await cli.run(
      ...['key', 'decrypt', '--passphrase-file', wrong, '--json'],
    );
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'WRONG_PASSPHRASE' } });
    expect(stdout).not.toContain('batterz');
    expect(await readFile(join(cli.path, 'identity.json'), 'utf8')).toBe(before);
  });

  it('want a file or a terminal, an identity, and a node that is stopped', async () => {
    expect((await cli.run('key', 'encrypt')).exitCode).toBe(3);
    await cli.run('init');
    const unasked = await cli.run('key', 'encrypt');
    expect(unasked.exitCode).toBe(2);
    expect(unasked.stderr).toContain('no terminal to ask');
    const store = await openStore(dataDirectory(cli.path));
    try {
      const locked = await cli.run('key', 'encrypt', '--passphrase-file', right);
      expect(locked.exitCode).toBe(1);
      expect(locked.stderr).toContain('a node is running on this data directory');
    } finally {
      await store.close();
    }
    expect((await facts()).isSealed).toBe(false);
  });
});

describe('a sealed node', () => {
  it('is made by init, which asks for no passphrase again', async () => {
    const made = await cli.run('init', '--passphrase-file', right, '--json');
    expect(JSON.parse(made.stdout)).toMatchObject({ isNew: true, isSealed: true });
    const kept = await cli.run('init', '--set', 'name=sealed');
    expect(kept).toMatchObject({ exitCode: 0, stderr: '' });
    expect(kept.stdout).toContain('without its passphrase nobody starts it');
  });

  it('is not what init makes of one that is there and open', async () => {
    await cli.run('init');
    const { exitCode, stderr } = await cli.run('init', '--passphrase-file', right);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('coalesce key encrypt');
  });

  it('stays sealed in a backup, which needs no passphrase', async () => {
    await cli.run('init', '--passphrase-file', right);
    const { seed, peerId } = await loadIdentity(dataDirectory(cli.path), passphraseFromFile(right));
    const [file, target] = [`${cli.path}.backup`, `${cli.path}.elsewhere`];
    try {
      const made = await cli.run('backup', file);
      expect(made.stdout).toContain('The key in it is sealed');
      const restored = await runCaptured(['restore', file, '--data', target]);
      expect(restored.exitCode).toBe(0);
      expect(await identityFacts(dataDirectory(target))).toEqual({ peerId, isSealed: true });
      const text = await readFile(join(target, 'identity.json'), 'utf8');
      expect(text).not.toContain(toBase64Url(seed));
    } finally {
      await rm(file, { force: true });
      await rm(target, { recursive: true, force: true });
    }
  });

  it('tells doctor that it is sealed', async () => {
    await cli.run('init', '--passphrase-file', right);
    const { stdout } = await cli.run('doctor');
    expect(stdout).toMatch(/ok +identity-key .*sealed with a passphrase/);
  });

  it('rotates its key with its passphrase, and registers a recovery key without', async () => {
    await cli.run('init', '--passphrase-file', right);
    const out = join(cli.path, 'recovery.json');
    expect((await cli.run('cert', 'recovery', '--out', out)).exitCode).toBe(0);
    const options = ['cert', 'rotate', '--recovery', out, '--passphrase-file'];
    expect((await cli.run(...options, wrong)).exitCode).toBe(2);
    expect((await cli.run(...options, right)).exitCode).toBe(0);
    expect((await facts()).isSealed).toBe(true);
  });

  it('starts with its passphrase, and with no other', async () => {
    await cli.run('init', '--passphrase-file', right);
    const { peerId } = await facts();
    const start = async (file?: string) => {
      const end = new AbortController();
      const ready = vi.fn(() => {
        end.abort();
      });
      const code = await runDaemon({
        ...{ dataPath: cli.path, environment: {}, logFile: join(cli.path, 'log') },
        flags: ['http.port=0', 'network.listen=/ip4/127.0.0.1/tcp/0'],
        ...(file === undefined ? {} : { passphrase: passphraseFromFile(file) }),
        ...{ signal: end.signal, onReady: ready },
      });
      return { code, calls: ready.mock.calls as unknown[][] };
    };
    await expect(start(wrong)).rejects.toMatchObject({ code: 'WRONG_PASSPHRASE' });
    await expect(start()).rejects.toThrow('is sealed');
    const { code, calls } = await start(right);
    expect(code).toBe(0);
    expect(calls[0]).toEqual([expect.objectContaining({ peerId }), false]);
  }, 60_000);
});

describe('the prompt', () => {
  const typed = (text: string, signal = new AbortController().signal) => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const interrupt = vi.fn();
    const answer = askHidden({ input, output, interrupt }, 'Passphrase: ', signal);
    input.write(text);
    return { answer, input, output, interrupt };
  };

  it('shows the question and nothing of what is typed, and takes a backspace', async () => {
    const { answer, output } = typed('secrex\u007ft phrase\r');
    expect(await answer).toBe('secret phrase');
    expect(String(output.read())).toBe('Passphrase: \n');
  });

  it('ends with Ctrl-C, with the end of the terminal, and with the command', async () => {
    const { answer, interrupt } = typed('sec\u0003');
    await expect(answer).rejects.toThrow('No passphrase was typed');
    expect(interrupt).toHaveBeenCalledOnce();
    const closed = typed('');
    closed.input.end();
    await expect(closed.answer).rejects.toThrow('No passphrase was typed');
    const command = new AbortController();
    const interrupted = typed('sec', command.signal);
    command.abort(new Error('Interrupted'));
    await expect(interrupted.answer).rejects.toThrow('Interrupted');
  });
});
