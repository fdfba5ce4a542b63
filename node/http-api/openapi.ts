/**
 * The description of the HTTP API in OpenAPI 3.1 (spec.openapis.org), made from the schemas that it
 * checks its input with. `npm run docs` writes it to `node/docs/openapi.json`; a daemon serves it
 * at `/openapi.json`.
 *
 * @module
 */

import { z } from 'zod';
import { VERSION } from '../version.ts';
import { BYTES_TYPE } from './bytes-answer.ts';
import { ROUTES } from './route-table.ts';
import type { DescribedRoute } from './route-table.ts';

type Json = Record<string, unknown>;

const ERROR: Json = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'problems', 'exitCode'],
      properties: {
        code: { type: 'string', description: 'node/docs/errors.md has all of them' },
        message: { type: 'string' },
        problems: { type: 'array', items: { type: 'string' } },
        exitCode: { type: 'integer', minimum: 1, maximum: 4 },
      },
    },
  },
};

/** Schemas that others point to: zod names them anew in each, so equal ones are told by content. */
class SharedSchemas {
  readonly schemas: Record<string, unknown> = {};
  readonly #names = new Map<string, string>();

  /** Keeps `schema`. @param local - What it is called in what was made along with it. */
  name(local: string, schema: unknown): string {
    const content = `${local} ${JSON.stringify(schema)}`;
    const name = this.#names.get(content) ?? `Shared${this.#names.size + 1}`;
    this.#names.set(content, name);
    return name;
  }
}

/** What JSON Schema cannot say (a check by code) is left to the node, which says it in words. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', shared: SharedSchemas): Json {
  const made = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  const { $schema: _sameForAll, $defs = {}, ...rest } = made;
  const names = new Map(
    Object.entries($defs).map(([local, one]) => [local, shared.name(local, one)]),
  );
  const renamed = (value: unknown): Json =>
    JSON.parse(JSON.stringify(value), (key, at: unknown) => {
      if (key !== '$ref' || typeof at !== 'string') return at;
      const name = names.get(at.replace('#/$defs/', ''));
      return name === undefined ? at : `#/components/schemas/${name}`;
    }) as Json;
  for (const [local, name] of names) shared.schemas[name] = renamed($defs[local]);
  return renamed(rest);
}

function parametersOf({ path, query }: DescribedRoute, shared: SharedSchemas): Json[] {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const inQuery = Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: false,
    schema: schemaOf(schema as z.ZodType, 'input', shared),
  }));
  return [...inPath, ...inQuery];
}

function answerOf({ answer, hasProgress, isBytes }: DescribedRoute, shared: SharedSchemas): Json {
  if (isBytes) {
    return { description: 'Bytes', content: { [BYTES_TYPE]: { schema: { type: 'string' } } } };
  }
  const schema = answer ? schemaOf(answer, 'output', shared) : { type: 'object' };
  return {
    description: hasProgress
      ? 'The document; asked for as lines, each is {"progress"}, the last {"result"} or {"error"}'
      : 'The document',
    content: {
      'application/json': { schema },
      ...(hasProgress && { 'application/x-ndjson': { schema: { type: 'string' } } }),
    },
  };
}

function operationOf(route: DescribedRoute, shared: SharedSchemas): Json {
  const { method, path, summary, body } = route;
  const words = path.split(/[/:-]/).filter(Boolean);
  const named = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('');
  const parameters = parametersOf(route, shared);
  const content = body && { 'application/json': { schema: schemaOf(body, 'input', shared) } };
  return {
    operationId: `${method}${named}`,
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(content && { requestBody: { required: true, content } }),
    responses: { 200: answerOf(route, shared), default: { $ref: '#/components/responses/Error' } },
  };
}

/** The description of all routes. */
export function openApiDocument(): Json {
  const paths: Record<string, Json> = {};
  const shared = new SharedSchemas();
  for (const route of ROUTES) {
    const path = `/v1${route.path.replace(/:(\w+)/g, '{$1}')}`;
    paths[path] = { ...paths[path], [route.method]: operationOf(route, shared) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'coalesce',
      version: VERSION,
      description:
        'HTTP API of a coalesce daemon, on loopback. Every command that talks to a daemon is one ' +
        'call of it. Amounts are micro-USD, times say their unit in their name.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    // Where it was read from: the port is in `status`, and in daemon.json of the data directory.
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    paths,
    components: {
      schemas: shared.schemas,
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'The content of the file "token" in the data directory',
        },
      },
      responses: {
        Error: {
          description: 'A refusal or a failure',
          content: { 'application/json': { schema: ERROR } },
        },
      },
    },
  };
}
