import type express from 'express';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checkInput } from '../../http-api/routes/check-input.ts';
import { openApiDocument } from '../../http-api/openapi.ts';
import { ROUTES } from '../../http-api/route-table.ts';
import { routeGroups } from '../../http-api/routes/route-groups.ts';
import { ApiUnderTest, FakeAgentNode } from './fake-agent-node.ts';

let test: ApiUnderTest;

beforeEach(async () => {
  test = await ApiUnderTest.start();
});

afterEach(async () => {
  await test.api.close(0);
});

/** Every route that the groups register. */
function registered(): string[] {
  const routes: string[] = [];
  const note = (method: string) => (path: string) => void routes.push(`${method} ${path}`);
  const router = { get: note('get'), post: note('post'), delete: note('delete') };
  for (const group of routeGroups(new FakeAgentNode().asAgentNode(), () => undefined)) {
    group(router as unknown as express.Router);
  }
  return routes;
}

const filled = (path: string): string => `/v1${path.replace(/:\w+/g, 'performs%3Anlp')}`;

describe('the description of the API', () => {
  it('has every route, and no other', () => {
    const described = ROUTES.map(({ method, path }) => `${method} ${path}`);
    // This one is the server's own, for it wants the token.
    expect(described.toSorted()).toEqual([...registered(), 'post /dashboard'].toSorted());
  });

  it('names each operation once', () => {
    const paths = Object.values(openApiDocument()['paths'] as object) as object[];
    const ids = paths.flatMap((path) =>
      Object.values(path).map(({ operationId }: { operationId: string }) => operationId),
    );
    expect(ids).toHaveLength(ROUTES.length);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each(ROUTES.filter(({ body }) => body instanceof z.ZodObject && body !== undefined))(
    'has the schema that the route checks with: $method $path',
    async ({ path, body }) => {
      if (path === '/skills') return; // checked by the node itself, which is a fake here
      const wrong = { surely: 'unknown' };
      const answer = await test.post(filled(path), wrong);
      const said = (answer.json as { error: { problems: string[] } }).error.problems;
      let expected: readonly string[] = [];
      try {
        checkInput(body!, wrong, 'request');
      } catch (error) {
        expected = (error as { problems: readonly string[] }).problems;
      }
      expect(expected.length).toBeGreaterThan(0);
      const unnamed = (text: string): string => text.replace(/^(request|query): /, '');
      expect(said.map(unnamed)).toEqual(expected.map(unnamed));
    },
  );

  it('is served to who has the token', async () => {
    expect((await test.ask('/openapi.json', { token: null })).status).toBe(401);
    const answer = await test.ask('/openapi.json');
    expect(answer.json).toEqual(JSON.parse(JSON.stringify(openApiDocument())));
  });

  it('points to nothing that is not there', () => {
    const document = openApiDocument();
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)];
    expect(references.length).toBeGreaterThan(0);
    for (const [, path] of references) {
      let at: unknown = document;
      for (const key of path!.split('/')) at = (at as Record<string, unknown>)[key];
      expect(at, path).toBeDefined();
    }
  });
});
