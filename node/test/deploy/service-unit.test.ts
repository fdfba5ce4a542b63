/** The unit of systemd says what is true of the daemon. Nothing is started by it here. */

import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProgram } from '../../cli/run-cli.ts';
import { environmentSource, loadConfig } from '../../config/load.ts';
import { DRAIN_TIMEOUT_MS } from '../../daemon.ts';
import { WrongPassphraseError } from '../../errors.ts';
import { codeOf } from '../../storage/data-directory.ts';

const UNIT = new URL('../../deploy/coalesce.service', import.meta.url);

/** Section, then name, then every value in order. @throws for a line that is none of a unit. */
function parseUnit(text: string): Map<string, Map<string, string[]>> {
  const sections = new Map<string, Map<string, string[]>>();
  let section: Map<string, string[]> | undefined;
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const head = /^\[([A-Z][a-z]+)\]$/.exec(line)?.[1];
    const [, name, value] = /^([A-Z][A-Za-z0-9]*)=(\S.*|)$/.exec(line) ?? [];
    if (head !== undefined) {
      section = new Map();
      sections.set(head, section);
    } else if (name !== undefined && value !== undefined && section) {
      section.set(name, [...(section.get(name) ?? []), value]);
    } else throw new TypeError(`no line of a unit: ${line}`);
  }
  return sections;
}

let text: string;
let service: Map<string, string[]>;

beforeEach(async () => {
  text = await readFile(UNIT, 'utf8');
  service = parseUnit(text).get('Service')!;
});

const one = (name: string): string | undefined => {
  const values = service.get(name);
  expect(values, name).toHaveLength(1);
  return values?.[0];
};

describe('the unit of systemd', () => {
  it('has the three sections, each line of the form that systemd reads', () => {
    expect([...parseUnit(text).keys()]).toEqual(['Unit', 'Service', 'Install']);
    expect(() => parseUnit('[Service]\nExecStart /bin/true')).toThrow('no line of a unit');
  });

  it('claims no more than that the program runs: the daemon sends no notice', () => {
    expect(one('Type')).toBe('exec');
  });

  it('starts a command that there is', () => {
    const [path, ...argv] = one('ExecStart')!.split(' ');
    expect(path).toMatch(/^\/.*\/coalesce$/);
    const program = createProgram(() => () => Promise.resolve());
    expect(program.commands.map((command) => command.name())).toContain(argv[0]);
    expect(argv).toHaveLength(1);
  });

  it('sets nothing in the environment that is no setting, also in the lines for a passphrase', () => {
    const lines = text.matchAll(/^#?Environment=([A-Z_]+)=(\S+)$/gm);
    const environment = Object.fromEntries([...lines].map(([, name, value]) => [name!, value!]));
    expect(environment).toMatchObject({
      COALESCE_DATA: '%S/coalesce',
      COALESCE_PASSPHRASE_FILE: '%d/passphrase',
    });
    expect(() => loadConfig([environmentSource(environment)])).not.toThrow();
    expect(text).toContain('#LoadCredential=passphrase:');
    expect(one('StateDirectory')).toBe('coalesce');
  });

  it('leaves more time to stop than the drain takes, and the programs of work in hand alive', () => {
    const stopMs = Number(one('TimeoutStopSec')) * 1_000;
    expect(stopMs).toBeGreaterThanOrEqual(DRAIN_TIMEOUT_MS + 15_000);
    expect(one('KillMode')).toBe('mixed');
    expect(one('KillSignal')).toBe('SIGTERM');
  });

  it('starts again after a failure, and not after bad input', () => {
    expect(one('Restart')).toBe('on-failure');
    expect(one('RestartPreventExitStatus')).toBe(String(new WrongPassphraseError('').exitCode));
  });

  it('is hardened, but for what a JavaScript engine cannot do without', () => {
    const hardening = {
      DynamicUser: 'yes',
      UMask: '0077',
      StateDirectoryMode: '0700',
      NoNewPrivileges: 'yes',
      CapabilityBoundingSet: '',
      ProtectSystem: 'strict',
      ProtectHome: 'yes',
      PrivateTmp: 'yes',
      PrivateDevices: 'yes',
      RestrictNamespaces: 'yes',
      SystemCallFilter: '@system-service',
    };
    for (const [name, value] of Object.entries(hardening)) expect(one(name), name).toBe(value);
    expect(service.has('MemoryDenyWriteExecute')).toBe(false);
    expect(one('RestrictAddressFamilies')?.split(' ')).toEqual(
      expect.arrayContaining(['AF_INET', 'AF_INET6', 'AF_UNIX', 'AF_NETLINK']),
    );
  });
});

describe('systemd itself, where it is there', () => {
  const NOT_THERE = 'systemd-analyze is not there';
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'coalesce-unit-'));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  /** What `systemd-analyze verify` complains of. */
  async function verify(unit: string): Promise<string> {
    const program = join(directory, 'coalesce');
    await writeFile(program, '#!/bin/sh\n');
    await chmod(program, 0o755);
    const path = join(directory, 'coalesce.service');
    await writeFile(path, unit.replace(/^ExecStart=\S+/m, `ExecStart=${program}`));
    return new Promise((resolve) => {
      execFile('systemd-analyze', ['verify', path], (error, stdout, stderr) => {
        const isMissing = error !== null && codeOf(error) === 'ENOENT';
        const about = `${stdout}${stderr}`.split('\n').filter((line) => /coalesce/.test(line));
        resolve(isMissing ? NOT_THERE : about.join('\n'));
      });
    });
  }

  it('has nothing to say against the unit, and would', async () => {
    expect(['', NOT_THERE]).toContain(await verify(text));
    const wrong = await verify(text.replace('KillMode=mixed', 'KillMod=mixed'));
    expect(wrong).toMatch(/KillMod|systemd-analyze is not there/);
  });
});
