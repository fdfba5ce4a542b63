/** The SDK's own A2A client, as any program has it that knows nothing of coalesce. @module */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Role } from '@a2a-js/sdk';
import type { SendMessageRequest } from '@a2a-js/sdk';
import { ClientFactory, ClientFactoryOptions, JsonRpcTransportFactory } from '@a2a-js/sdk/client';
import type { Client } from '@a2a-js/sdk/client';
import type { StatusDocument } from '../../node/api-documents.ts';
import type { NodeProcess } from '../node-process.ts';

/** A client at the HTTP edge of a node, with the token of its data directory. */
export async function a2aClientOf(node: NodeProcess): Promise<Client> {
  const token = (await readFile(join(node.dataDir, 'token'), 'utf8')).trim();
  const { a2a } = await node.api.get<StatusDocument>('/v1/status');
  const fetchImpl: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('authorization', `Bearer ${token}`);
    return fetch(input, { ...init, headers });
  };
  const transports = [new JsonRpcTransportFactory({ fetchImpl })];
  const options = ClientFactoryOptions.createFrom(ClientFactoryOptions.default, { transports });
  return new ClientFactory(options).createFromUrl(a2a!);
}

/** A message with one JSON value. */
export function dataMessage(messageId: string, value: unknown): SendMessageRequest {
  return {
    tenant: '',
    message: {
      messageId,
      contextId: '',
      taskId: '',
      role: Role.ROLE_USER,
      parts: [
        { content: { $case: 'data', value }, mediaType: '', filename: '', metadata: undefined },
      ],
      metadata: undefined,
      extensions: [],
      referenceTaskIds: [],
    },
    configuration: undefined,
    metadata: undefined,
  };
}
