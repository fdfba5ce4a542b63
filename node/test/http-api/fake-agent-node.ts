/** The node behind an API, as the tests of the API need it, and requests with any header. */

import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AgentNode } from '../../agent-node.ts';
import type { LogLine } from '../../../protocols/test/negotiation/fake-world.ts';
import { FakeClock, FakeLogger } from '../../../protocols/test/negotiation/fake-world.ts';
import { systemRandom } from '../../system-clock.ts';
import { Dashboard } from '../../dashboard/page-routes.ts';
import { routeGroups } from '../../http-api/routes/route-groups.ts';
import { startHttpApi } from '../../http-api/server.ts';
import type { HttpApi } from '../../http-api/server.ts';

/** Files of a page, as the build leaves them. */
export const FILES = new URL('../dashboard/fixtures/', import.meta.url);
export const TOKEN = 'T'.repeat(43);

/** Answers each call with what the test wants, and remembers what it was called with. */
export class FakeAgentNode {
  readonly calls: { readonly method: string; readonly args: readonly unknown[] }[] = [];
  /** What any method answers. */
  answer: (method: string, args: readonly unknown[]) => unknown = () => ({});

  #call(method: string, args: readonly unknown[]): unknown {
    this.calls.push({ method, args });
    return this.answer(method, args);
  }

  /** Every method of a node, as the routes see it. */
  asAgentNode(): AgentNode {
    const methodsOf = (prefix: string): object =>
      new Proxy(
        {},
        {
          get: (_target, name) =>
            name === 'decisions' && prefix === ''
              ? methodsOf('decisions.')
              : (...args: unknown[]) => this.#call(`${prefix}${String(name)}`, args),
        },
      );
    return methodsOf('') as AgentNode;
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: unknown;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
  /** `null` for no token. */
  readonly token?: string | null;
}

/** A real server on a free port, with a fake node behind it. */
export class ApiUnderTest {
  readonly node = new FakeAgentNode();
  readonly logger = new FakeLogger();
  readonly clock = new FakeClock();
  isReady = true;
  stops = 0;
  api!: HttpApi;

  static async start(): Promise<ApiUnderTest> {
    const test = new ApiUnderTest();
    test.api = await startHttpApi({
      host: '127.0.0.1',
      port: 0,
      token: TOKEN,
      isReady: () => test.isReady,
      metrics: () => 'coalesce_up 1\n',
      groups: routeGroups(test.node.asAgentNode(), () => {
        test.stops += 1;
      }),
      dashboard: new Dashboard({ clock: test.clock, random: systemRandom, files: FILES }),
      logger: test.logger,
    });
    return test;
  }

  get errorLines(): readonly LogLine[] {
    return this.logger.lines.filter(({ level }) => level === 'error');
  }

  ask(path: string, asked: Asked = {}): Promise<Answer> {
    const { method = 'GET', body, token = TOKEN } = asked;
    const headers = {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...asked.headers,
    };
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(this.api.url);
      const options = { hostname, port, path, method, headers, agent: false };
      const outgoing = httpRequest(options, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const isJson = incoming.headers['content-type']?.startsWith('application/json') === true;
          const json: unknown = isJson ? JSON.parse(text) : undefined;
          resolve({ status: incoming.statusCode!, headers: incoming.headers, text, json });
        });
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  post(path: string, body: unknown): Promise<Answer> {
    return this.ask(path, { method: 'POST', body: JSON.stringify(body) });
  }
}
