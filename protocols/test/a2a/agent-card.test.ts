import { AgentCard } from '@a2a-js/sdk';
import { validateVersion } from '@a2a-js/sdk/server';
import { describe, expect, it } from 'vitest';
import { toBase64Url, utf8 } from '../../../crypto/bytes.ts';
import { sha256 } from '../../../crypto/hash.ts';
import {
  ECONOMICS_EXTENSION_URI,
  LIBP2P_BINDING_URI,
  SKILL_CERTIFICATE_EXTENSION_URI,
  buildAgentCard,
} from '../../a2a/agent-card.ts';
import type { AgentCardInit } from '../../a2a/agent-card.ts';
import { CLIENT, SERVER } from './test-agent.ts';

const init: AgentCardInit = {
  name: 'agent',
  description: 'An agent.',
  version: '1.2.3',
  peerId: SERVER,
  multiaddrs: ['/ip4/10.0.0.1/tcp/4001', `/ip4/10.0.0.2/tcp/4001/p2p/${SERVER}`],
  httpInterfaces: [
    {
      url: 'https://agent.example/a2a/jsonrpc',
      protocolBinding: 'JSONRPC',
      protocolVersion: '1.0',
    },
  ],
  offers: [
    {
      term: 'performs:nlp/sentiment',
      description: 'Mood of a text.',
      priceMicroUsd: 1_500,
      perUnit: 'task',
      latencyMs: 2_000,
    },
    {
      term: 'hasResource:gpu-memory-gib',
      name: 'GPU memory',
      description: 'A GPU.',
      quantity: 80,
      unit: 'GiB',
      priceMicroUsd: 9,
      perUnit: 'second',
      latencyMs: 100,
      inputModes: ['application/json'],
    },
  ],
  certificates: [{ certId: 'c', kind: 'attestation', issuer: CLIENT, exp: 1_800_000_000 }],
};

type Wire = ReturnType<typeof JSON.parse>;

function wireOf(built: { readonly bytes: Uint8Array }): Wire {
  return JSON.parse(new TextDecoder().decode(built.bytes));
}

describe('agent card', () => {
  it('has one skill for each term, tagged with predicate and path segments', () => {
    const { skills } = wireOf(buildAgentCard(init));
    expect(skills).toEqual([
      {
        id: 'performs:nlp/sentiment',
        name: 'nlp/sentiment',
        description: 'Mood of a text.',
        tags: ['performs', 'nlp', 'sentiment'],
        inputModes: ['text/plain', 'application/json'],
        outputModes: ['text/plain', 'application/json'],
      },
      {
        id: 'hasResource:gpu-memory-gib',
        name: 'GPU memory',
        description: 'A GPU.',
        tags: ['hasResource', 'gpu-memory-gib'],
        inputModes: ['application/json'],
        outputModes: ['text/plain', 'application/json'],
      },
    ]);
  });

  it('lists the HTTP interface first and the libp2p binding last, each with the PeerId', () => {
    const { supportedInterfaces } = wireOf(buildAgentCard(init));
    expect(supportedInterfaces).toEqual([
      init.httpInterfaces![0],
      {
        url: `/ip4/10.0.0.1/tcp/4001/p2p/${SERVER}`,
        protocolBinding: LIBP2P_BINDING_URI,
        protocolVersion: '1.0',
      },
      {
        url: `/ip4/10.0.0.2/tcp/4001/p2p/${SERVER}`,
        protocolBinding: LIBP2P_BINDING_URI,
        protocolVersion: '1.0',
      },
    ]);
  });

  it('names the bare PeerId where the node has no address, for A2A wants an interface', () => {
    const bare: AgentCardInit = { ...init, multiaddrs: [] };
    const { supportedInterfaces } = wireOf(buildAgentCard(bare));
    expect(supportedInterfaces.at(-1).url).toBe(`/p2p/${SERVER}`);
  });

  it('states prices and quantities in the params of its extensions, by skill id', () => {
    const { extensions } = wireOf(buildAgentCard(init)).capabilities;
    const [economics, certificates] = extensions;
    expect(economics.uri).toBe(ECONOMICS_EXTENSION_URI);
    expect(economics.params.skills['performs:nlp/sentiment']).toEqual({
      model: 'per_task',
      price: 1_500,
      perUnit: 'task',
      maxLatencyMs: 2_000,
    });
    expect(economics.params.skills['hasResource:gpu-memory-gib'].model).toBe('per_unit');
    expect(certificates.uri).toBe(SKILL_CERTIFICATE_EXTENSION_URI);
    expect(certificates.params.skills['hasResource:gpu-memory-gib']).toEqual({
      predicate: 'hasResource',
      quantity: 80,
      unit: 'GiB',
    });
    expect(certificates.params.certificates).toEqual(init.certificates);
  });

  it('advertises neither streaming, push, nor a settlement it was not told of', () => {
    const { capabilities } = wireOf(buildAgentCard(init));
    expect(capabilities).toMatchObject({ streaming: false, pushNotifications: false });
    expect(capabilities.extensions[0].params).not.toHaveProperty('settlement');
    const settled = wireOf(buildAgentCard({ ...init, settlement: ['ledger'] }));
    expect(settled.capabilities.extensions[0].params.settlement).toEqual(['ledger']);
  });

  it('hashes its canonical bytes, which hold every member in order', () => {
    const built = buildAgentCard(init);
    const text = new TextDecoder().decode(built.bytes);
    expect(built.hash).toBe(toBase64Url(sha256(utf8(text))));
    expect(text.startsWith('{"capabilities":{"extendedAgentCard":false,"extensions":[')).toBe(true);
    expect(buildAgentCard(init).hash).toBe(built.hash);
    expect(buildAgentCard({ ...init, version: '1.2.4' }).hash).not.toBe(built.hash);
  });

  it('is read by the SDK unchanged, and its binding passes the version check', () => {
    const { json, card } = buildAgentCard(init);
    expect(AgentCard.toJSON(AgentCard.fromJSON(json))).toEqual(json);
    expect(() => validateVersion('1.0', card, LIBP2P_BINDING_URI)).not.toThrow();
    expect(() => validateVersion('0.3', card, LIBP2P_BINDING_URI)).toThrow();
  });

  it.each([
    ['no offer', { ...init, offers: [] }, 'at least one offer'],
    ['one term twice', { ...init, offers: [init.offers[0]!, init.offers[0]!] }, 'distinct'],
    [
      'a term without predicate',
      { ...init, offers: [{ ...init.offers[0]!, term: 'x' }] },
      'predicate',
    ],
    [
      'an address of another peer',
      { ...init, multiaddrs: [`/dns4/a/tcp/1/p2p/${CLIENT}`] },
      SERVER,
    ],
    ['a card beyond 56 KiB', { ...init, description: 'x'.repeat(60_000) }, 'larger than'],
  ])('is not built for %s', (_title, wrong: AgentCardInit, message) => {
    expect(() => buildAgentCard(wrong)).toThrow(message);
  });

  it('takes the address of a relay, which names the relay and then the peer', () => {
    const relayed = `/dns4/relay/tcp/1/p2p/${CLIENT}/p2p-circuit`;
    const { supportedInterfaces } = wireOf(buildAgentCard({ ...init, multiaddrs: [relayed] }));
    expect(supportedInterfaces.at(-1).url).toBe(`${relayed}/p2p/${SERVER}`);
  });
});
