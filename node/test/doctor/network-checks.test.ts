import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../config/load.ts';
import type { ConfigFile } from '../../config/schema.ts';
import {
  checkBootstrap,
  checkDaemon,
  checkPeers,
  checkPorts,
  checkReachability,
} from '../../doctor/network-checks.ts';
import { observeBootstrap, observePorts, tcpAddressOf } from '../../doctor/observe-network.ts';

const PEER = '12D3KooWDJsVdLEyuGFpnbje9FnAeyR2abFVibTDBcTcsNXh6C8F';
const WITHOUT = { missing: 'the daemon is not running' };

describe('the check of the daemon', () => {
  it.each([
    [{ isRunning: true, isMute: false }, 'ok'],
    [{ isRunning: false, isMute: false }, 'warning'],
    [{ isRunning: false, isMute: true }, 'failure'],
  ])('says of %j: %s', (daemon, state) => {
    expect(checkDaemon({ ...daemon, detail: 'x' }).state).toBe(state);
  });
});

describe('the check of the ports', () => {
  const port = { setting: 'http.port', host: '127.0.0.1', port: 7700, problem: null };

  it('is content where all are free, or held by the daemon, or chosen by the system', () => {
    expect(checkPorts({ value: [{ ...port, isOurs: false }] }).found).toContain('is free');
    expect(checkPorts({ value: [{ ...port, isOurs: true }] }).found).toContain('is held by us');
    expect(checkPorts({ value: [] }).state).toBe('ok');
    expect(checkPorts({ missing: 'x' }).state).toBe('skipped');
  });

  it('names the setting of one that another program has', () => {
    const finding = checkPorts({ value: [{ ...port, problem: 'EADDRINUSE', isOurs: false }] });
    expect(finding).toMatchObject({ state: 'failure' });
    expect(finding.found).toBe('http.port 127.0.0.1:7700 cannot be taken (EADDRINUSE)');
    expect(finding.mend).toContain('http.port');
  });
});

describe('the check of bootstrap peers', () => {
  const alive = { address: 'a', problem: null };
  const dead = { address: 'b', problem: 'ECONNREFUSED' };

  it.each([
    [[], 'ok'],
    [[alive], 'ok'],
    [[alive, dead], 'warning'],
    [[dead], 'failure'],
  ])('says of %j: %s', (peers, state) => {
    const finding = checkBootstrap({ value: peers });
    expect(finding.state).toBe(state);
    if (peers.includes(dead)) expect(finding.found).toContain('b: ECONNREFUSED');
  });
});

describe('the check of connected peers', () => {
  it.each([
    [{ connected: 3, routingTable: 2, hasWayIn: true }, 'ok'],
    [{ connected: 3, routingTable: 0, hasWayIn: true }, 'warning'],
    [{ connected: 0, routingTable: 0, hasWayIn: false }, 'warning'],
    [{ connected: 0, routingTable: 0, hasWayIn: true }, 'failure'],
  ])('says of %j: %s', (peers, state) => {
    expect(checkPeers({ value: peers }).state).toBe(state);
  });

  it('is skipped without a daemon', () => {
    expect(checkPeers(WITHOUT)).toMatchObject({ state: 'skipped', found: WITHOUT.missing });
  });
});

describe('the check of reachability', () => {
  const at = (...addresses: string[]) => ({ addresses, isLocalNetwork: false, relays: 0 });

  it.each([
    ['a public address', at('/ip4/93.184.216.34/tcp/4001'), 'ok', 'firewall'],
    ['a name', at('/dns4/node.example.org/tcp/4001'), 'ok', 'firewall'],
    ['loopback', at('/ip4/127.0.0.1/tcp/4001'), 'warning', '127.0.0.1'],
    ['loopback of IPv6', at('/ip6/::1/tcp/4001'), 'warning', '::1'],
    ['a LAN', at('/ip4/192.168.1.7/tcp/4001', '/ip6/fe80::1/tcp/1'), 'warning', '192.168'],
    ['carrier NAT', at('/ip4/100.64.0.1/tcp/4001'), 'warning', '100.64'],
    ['nothing', at(), 'warning', 'nothing'],
    [
      'loopback of a testnet',
      { ...at('/ip4/127.0.0.1/tcp/1'), isLocalNetwork: true },
      'ok',
      'local',
    ],
    ['a relay', { ...at(`/ip4/1.1.1.1/tcp/1/p2p/${PEER}/p2p-circuit`), relays: 1 }, 'ok', 'relay'],
    ['a relay that is off', { ...at('/ip4/10.0.0.1/tcp/1'), relays: 1 }, 'failure', 'none of 1'],
  ])('says of %s', (_what, readings, state, words) => {
    const finding = checkReachability({ value: readings });
    expect(finding.state).toBe(state);
    expect(finding.found).toContain(words);
  });
});

describe('what is seen of the network', () => {
  const server = createServer((socket) => socket.destroy());
  let port: number;
  let freePort: number;

  beforeEach(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    freePort = (other.address() as AddressInfo).port;
    await new Promise((resolve) => other.close(resolve));
  });

  afterEach(() => new Promise((resolve) => server.close(resolve)));

  const configOf = (values: ConfigFile) => loadConfig([{ origin: 'test', values }]);

  it('tells a port that another program has from one that is free', async () => {
    const listen = [`/ip4/127.0.0.1/tcp/${freePort}`];
    const config = configOf({ http: { port }, network: { listen } });
    expect(await observePorts(config, undefined)).toMatchObject({
      value: [
        { setting: 'network.listen', port: freePort, problem: null, isOurs: false },
        { setting: 'http.port', port, problem: 'EADDRINUSE', isOurs: false },
      ],
    });
  });

  it('tells a bootstrap peer that answers from a dead one, and asks no connected one', async () => {
    const bootstrap = [
      `/ip4/127.0.0.1/tcp/${port}`,
      `/ip4/127.0.0.1/tcp/${freePort}`,
      `/ip4/127.0.0.1/tcp/${freePort}/p2p/${PEER}`,
      '/ip4/127.0.0.1/udp/1/quic-v1',
    ];
    const peers = [
      {
        peerId: PEER,
        connected: true,
        addresses: [],
        isKnown: false,
        outcomes: { verified: 0, failed: 0 },
        paidMicroUsd: 0,
        offers: [],
      },
    ];
    const seen = await observeBootstrap(configOf({ network: { bootstrap } }), peers);
    expect('value' in seen && seen.value.map(({ problem }) => problem)).toEqual([
      null,
      'ECONNREFUSED',
      null,
      expect.stringContaining('not of TCP'),
    ]);
  });

  it('looks at nothing where the configuration is not valid', async () => {
    expect(await observePorts(undefined, undefined)).toHaveProperty('missing');
    expect(await observeBootstrap(undefined)).toHaveProperty('missing');
  });

  it('reads where a multiaddr leads', () => {
    expect(tcpAddressOf('/ip6/::1/tcp/5')).toEqual({ host: '::1', port: 5 });
    expect(tcpAddressOf('/dns4/a.example/tcp/5/p2p/' + PEER)).toEqual({
      host: 'a.example',
      port: 5,
    });
    expect(tcpAddressOf('/ip4/1.2.3.4/udp/5')).toBeUndefined();
  });
});
