import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Identity } from '../../../crypto/identity.ts';
import { DEFAULTS } from '../../config/defaults.ts';
import { environmentSource, flagSource, loadConfig } from '../../config/load.ts';
import type { ConfigSource } from '../../config/load.ts';
import { configSchema } from '../../config/schema.ts';
import { BadInputError } from '../../errors.ts';

const PEER = Identity.fromSeed(new Uint8Array(32).fill(1)).peerId;

function file(values: unknown): ConfigSource {
  return { origin: 'config.json', values: values as Record<string, unknown> };
}

/** The problems that `loadConfig` lists; fails if it accepts the sources. */
function problemsOf(...sources: ConfigSource[]): readonly string[] {
  try {
    loadConfig(sources);
  } catch (error) {
    expect(error).toBeInstanceOf(BadInputError);
    expect((error as BadInputError).exitCode).toBe(2);
    return (error as BadInputError).problems;
  }
  throw new Error('expected the configuration to be refused');
}

/** Leaves of an object of objects, by dotted path. Lists are leaves. */
function leaves(value: unknown, path = ''): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) =>
    leaves(inner, path === '' ? key : `${path}.${key}`),
  );
}

/** Dotted path and meaning of every setting of the schema. */
function settings(schema: z.ZodType = configSchema, path = ''): [string, string | undefined][] {
  let inner = schema;
  const { description } = schema;
  while (
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodOptional
  ) {
    inner = inner.unwrap() as z.ZodType;
  }
  if (!(inner instanceof z.ZodObject)) return [[path, description ?? inner.description]];
  return Object.entries(inner.shape as Record<string, z.ZodType>).flatMap(([key, value]) =>
    settings(value, path === '' ? key : `${path}.${key}`),
  );
}

describe('defaults', () => {
  it('accepts an empty configuration', () => {
    expect(loadConfig([]).http.host).toBe('127.0.0.1');
  });

  it('takes every default from defaults.ts, empty lists aside', () => {
    const effective = leaves(loadConfig([])).filter(
      ([, value]) => !(Array.isArray(value) && value.length === 0),
    );
    expect(Object.fromEntries(effective)).toEqual(Object.fromEntries(leaves(DEFAULTS)));
  });

  it('gives two nodes of one process lists of their own', () => {
    loadConfig([]).network.bootstrap.push('/ip4/127.0.0.1/tcp/1');
    loadConfig([]).trust.attestors.push(PEER);
    expect(loadConfig([]).network.bootstrap).toEqual([]);
    expect(loadConfig([]).trust.attestors).toEqual([]);
  });

  it('describes every setting', () => {
    const undescribed = settings().filter(([, description]) => description === undefined);
    expect(undescribed).toEqual([]);
  });
});

describe('use of settings', () => {
  it('reads every setting somewhere in node/', () => {
    const root = join(import.meta.dirname, '..', '..');
    const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !/^(?:test|config)[\\/]/.test(name))
      .map((name) => readFileSync(join(root, name), 'utf8'))
      .join('\n');
    const isRead = (path: string) => {
      const [section, key] = path.includes('.') ? path.split('.') : ['config', path];
      const isMember = new RegExp(`\\b${section}\\.${key}\\b`).test(sources);
      const destructured = new RegExp(
        `\\{[^{}]*\\b${key}\\b[^{}]*\\}\\s*=\\s*[\\w.#]*\\b${section}\\b`,
      );
      return isMember || destructured.test(sources);
    };
    const unread = settings()
      .map(([path]) => path)
      .filter((path) => !isRead(path));
    expect(unread).toEqual([]);
  });
});

describe('order of sources', () => {
  it('lets the environment win over the file, and a flag over both', () => {
    const config = loadConfig([
      file({ name: 'file', http: { port: 1 }, network: { queryTimeoutMs: 200 } }),
      environmentSource({ COALESCE_NAME: 'environment', COALESCE_HTTP_PORT: '2' }),
      flagSource(['http.port=3']),
    ]);
    expect(config.name).toBe('environment');
    expect(config.http.port).toBe(3);
    expect(config.network.queryTimeoutMs).toBe(200);
  });

  it('lets the last of two equal flags win', () => {
    expect(loadConfig([flagSource(['http.port=3', 'http.port=4'])]).http.port).toBe(4);
  });

  it('replaces a list as a whole', () => {
    const other = Identity.fromSeed(new Uint8Array(32).fill(2)).peerId;
    const config = loadConfig([
      file({ trust: { attestors: [PEER] } }),
      environmentSource({ COALESCE_TRUST_ATTESTORS: other }),
    ]);
    expect(config.trust.attestors).toEqual([other]);
  });

  it('leaves the sources as they were', () => {
    const first = file({ http: { port: 1 } });
    loadConfig([first, flagSource(['http.port=2'])]);
    expect(first.values).toEqual({ http: { port: 1 } });
  });

  it('reads numbers, booleans and lists from the environment', () => {
    const config = loadConfig([
      environmentSource({
        COALESCE_NETWORK_IS_LOCAL_NETWORK: 'true',
        COALESCE_HARDWARE_PEAK_FLOPS: '2e12',
        COALESCE_NETWORK_LISTEN: '/ip4/127.0.0.1/tcp/1,/ip6/::1/tcp/2',
        COALESCE_TRUST_KNOWN: '',
      }),
    ]);
    expect(config.network.isLocalNetwork).toBe(true);
    expect(config.hardware.peakFlops).toBe(2e12);
    expect(config.network.listen).toEqual(['/ip4/127.0.0.1/tcp/1', '/ip6/::1/tcp/2']);
    expect(config.trust.known).toEqual([]);
  });

  it('has a variable and a flag for every setting', () => {
    const defaults = new Map(leaves(loadConfig([])));
    for (const [path] of settings().filter(([setting]) => defaults.has(setting))) {
      const value = defaults.get(path);
      const text = Array.isArray(value) ? value.join(',') : String(value);
      const name = path.replaceAll('.', '_').replace(/[A-Z]/g, '_$&').toUpperCase();
      const variable = `COALESCE_${name}`;
      expect(loadConfig([environmentSource({ [variable]: text })])).toEqual(loadConfig([]));
      expect(loadConfig([flagSource([`${path}=${text}`])])).toEqual(loadConfig([]));
    }
  });

  it('has them for a setting without a default too, which stays unset without them', () => {
    for (const key of ['peakFlops', 'memoryGib'] as const) {
      expect(loadConfig([]).hardware[key]).toBeUndefined();
      const variable = `COALESCE_HARDWARE_${key.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
      expect(loadConfig([environmentSource({ [variable]: '2.5' })]).hardware[key]).toBe(2.5);
      expect(loadConfig([flagSource([`hardware.${key}=2.5`])]).hardware[key]).toBe(2.5);
    }
    const withoutDefault = settings().filter(
      ([path]) => !leaves(loadConfig([])).some(([leaf]) => leaf === path),
    );
    expect(withoutDefault.map(([path]) => path)).toEqual([
      'network.keyFile',
      'committee.genesisFile',
      'a2a.publicUrl',
      'trust.attestedFromUsd',
      'trust.jointlyAttestedFromUsd',
      'spending.maxPerDayUsd',
      'hardware.peakFlops',
      'hardware.memoryGib',
      'decision.hasEconomicGate',
      'decision.isBootstrapped',
      'decision.seed',
      'embedding.baseUrl',
      'embedding.model',
      'embedding.modelId',
      'embedding.apiKeyVariable',
      'embedding.dimensions',
      'telemetry.otlpEndpoint',
    ]);
  });

  it('leaves variables alone that are not settings of the node', () => {
    const { values, problems } = environmentSource({
      HOME: '/home/alice',
      COALESCE_DATA: '/tmp/x',
      COALESCE_VECTORS: '/tmp/y',
    });
    expect(values).toEqual({});
    expect(problems).toEqual([]);
  });
});

describe('refusals', () => {
  it('lists the problems of file, environment and flags at once, each with its source', () => {
    const problems = problemsOf(
      file({ http: { port: 70_000 }, colour: 'red' }),
      environmentSource({ COALESCE_LOG_LEVEL: 'loud', COALESCE_HTTP_PROT: '1' }),
      flagSource(['decision.scoreThreshold=2', 'http.prot=1', 'nonsense']),
    );
    expect(problems).toHaveLength(7);
    expect(problems.filter((line) => line.startsWith('config.json: '))).toHaveLength(2);
    expect(problems.filter((line) => line.startsWith('environment: '))).toHaveLength(2);
    expect(problems.filter((line) => line.startsWith('--set: '))).toHaveLength(3);
    const all = problems.join('\n');
    for (const named of [
      'http.port',
      'colour',
      'logLevel',
      'COALESCE_HTTP_PROT',
      'decision.scoreThreshold',
      'http.prot=1',
      'nonsense',
    ]) {
      expect(all).toContain(named);
    }
  });

  it('refuses a bad value of a file even if a flag overrides it', () => {
    expect(problemsOf(file({ http: { port: -1 } }), flagSource(['http.port=1']))).toHaveLength(1);
  });

  it.each([
    ['an unknown key', { colour: 'red' }, 'colour'],
    ['an unknown key of a section', { http: { colour: 'red' } }, 'http'],
    ['a port above 65535', { http: { port: 65_536 } }, 'http.port'],
    ['a fractional port', { http: { port: 80.5 } }, 'http.port'],
    ['a port as text', { http: { port: '80' } }, 'http.port'],
    ['an HTTP host beyond loopback', { http: { host: '0.0.0.0' } }, 'http.host'],
    ['a listen address that is no multiaddr', { network: { listen: ['localhost:1'] } }, 'listen'],
    ['no listen address', { network: { listen: [] } }, 'network.listen'],
    [
      'a relay without a PeerId',
      { network: { relays: ['/ip4/127.0.0.1/tcp/1'] } },
      'network.relays',
    ],
    ['a bootstrap that is no multiaddr', { network: { bootstrap: [''] } }, 'network.bootstrap'],
    ['an attestor that is no PeerId', { trust: { attestors: ['12D3KooW'] } }, 'trust.attestors.0'],
    ['a known peer that is no PeerId', { trust: { known: [`${PEER}x`] } }, 'trust.known.0'],
    ['more attestors than the limit', { trust: { attestors: Array(65).fill(PEER) } }, 'attestors'],
    ['a threshold above 1', { decision: { skillThreshold: 1.01 } }, 'decision.skillThreshold'],
    ['a price below 0', { prices: { energyUsdPerKwh: -1 } }, 'prices.energyUsdPerKwh'],
    ['a name with a line break', { name: 'a\nb' }, 'name'],
    ['a section that is null', { http: null }, 'http'],
    ['a section that is a list', { http: [] }, 'http'],
  ])('refuses %s', (_what, values, path) => {
    expect(problemsOf(file(values)).join('\n')).toContain(path);
  });

  it.each(['null', '[]', '3', '"text"', 'true'])('refuses a file whose root is %s', (json) => {
    expect(problemsOf(file(JSON.parse(json)))).toHaveLength(1);
  });

  it.each([
    '{"__proto__":{"polluted":true}}',
    '{"http":{"__proto__":{"polluted":true}}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
  ])('refuses prototype keys and changes no prototype: %s', (json) => {
    problemsOf(file(JSON.parse(json)));
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each(['', ' ', 'eighty', '0x', 'NaN', 'Infinity', '1 2'])(
    'refuses the port "%s" of the environment',
    (text) => {
      const problems = problemsOf(environmentSource({ COALESCE_HTTP_PORT: text }));
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain('http.port');
    },
  );

  it.each(['=1', 'http=1', '__proto__.polluted=1', 'http.__proto__=1', 'constructor=1'])(
    'refuses the flag "%s"',
    (flag) => {
      expect(problemsOf(flagSource([flag]))).toHaveLength(1);
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    },
  );
});

describe('fuzz', () => {
  const section = fc.dictionary(
    fc.constantFrom('port', 'host', 'listen', 'attestors', 'name', '__proto__', 'toString', 'x'),
    fc.jsonValue(),
  );
  const hostile = fc.oneof(
    fc.jsonValue(),
    fc.dictionary(
      fc.constantFrom(...Object.keys(configSchema.shape), '__proto__', 'constructor', 'y'),
      fc.oneof(section, fc.jsonValue()),
    ),
  );

  it('answers any JSON with a configuration or with problems, never another error', () => {
    fc.assert(
      fc.property(hostile, hostile, (first, second) => {
        try {
          const config = loadConfig([file(first), { ...file(second), origin: 'second' }]);
          expect(configSchema.safeParse(config).success).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(BadInputError);
          expect((error as BadInputError).problems.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('answers any flag and any variable with a value or a problem', () => {
    const keys = settings().map(([path]) => path);
    const flag = fc
      .tuple(fc.oneof(fc.constantFrom(...keys), fc.string()), fc.string())
      .map(([key, value]) => `${key}=${value}`);
    fc.assert(
      fc.property(fc.array(flag, { maxLength: 4 }), fc.string(), (flags, name) => {
        const sources = [flagSource(flags), environmentSource({ [`COALESCE_${name}`]: 'x' })];
        try {
          loadConfig(sources);
        } catch (error) {
          expect(error).toBeInstanceOf(BadInputError);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('the most that is ever proved of a resource', () => {
  const limit = (...highestRungs: string[]) => file({ disclosure: { highestRungs } });

  it('is a rung or 0, and its term may do without the predicate', () => {
    const given = ['gpu-memory-gib=40', 'hasResource:memory-mib=0', 'hasResource:a=3221225472'];
    expect(loadConfig([limit(...given)]).disclosure.highestRungs).toEqual([
      'hasResource:gpu-memory-gib=40',
      'hasResource:memory-mib=0',
      'hasResource:a=3221225472',
    ]);
  });

  it.each([
    ['hasResource:gpu-memory-gib=41', 'use 40 or 48'],
    ['memory-mib=3', 'use 2 or 4'],
    ['memory-mib=4294967295', 'use 3221225472'],
  ])('is refused where it is no rung, with the nearest ones: %s', (entry, mend) => {
    const problems = problemsOf(limit(entry));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('disclosure.highestRungs.0');
    expect(problems[0]).toMatch(new RegExp(`${mend}$`));
  });

  it.each(['memory-mib', 'memory-mib=', 'memory-mib=4x', 'performs:a=4', 'a=12345678901'])(
    'is refused where it has not the form TERM=N: %s',
    (entry) => {
      expect(problemsOf(limit(entry)).join()).toContain('expected TERM=N');
    },
  );
});

describe('a setting of the wrong type', () => {
  it('is named with what was given', () => {
    const number = 'expected a number, got "abc"';
    expect(problemsOf(flagSource(['http.port=abc']))).toEqual([`--set: http.port: ${number}`]);
    expect(problemsOf(environmentSource({ COALESCE_HTTP_PORT: 'abc' }))).toEqual([
      `environment: http.port: ${number}`,
    ]);
    expect(problemsOf(file({ http: { port: '80' } }))).toEqual([
      'config.json: http.port: expected a number, got "80"',
    ]);
    expect(problemsOf(flagSource(['http.port=-1']))).toEqual([
      '--set: http.port: expected at least 0, got -1',
    ]);
    expect(problemsOf(flagSource(['attestation.isRenewing=yes']))).toEqual([
      '--set: attestation.isRenewing: expected true or false, got "yes"',
    ]);
  });
});
