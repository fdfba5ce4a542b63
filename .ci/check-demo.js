/**
 * Runs the demo as the README tells a newcomer to, in an empty home directory, and checks what it
 * leaves: exit code, one JSON document, a task bought and a task kept, no process. Writes the
 * checks as JSON to the path it is given; exit code 1 if one fails. It does not judge the speed.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
const DEMO_LIMIT_MS = 150_000;
const EXIT_GRACE_MS = 3_000;

/** Runs `npm run -s demo -- --json` as the leader of a process group of its own. */
async function runDemo(home) {
  const child = spawn('npm', ['run', '-s', 'demo', '--', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, HOME: home, USERPROFILE: home },
    detached: true,
  });
  let stdout = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text) => {
    if (stdout.length < MAX_OUTPUT_BYTES) stdout += text;
  });
  const limit = setTimeout(() => endProcess(-child.pid), DEMO_LIMIT_MS);
  // 'exit' and not 'close': a process left behind may hold the pipe open.
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (exitCode, signal) => resolve(exitCode ?? signal));
  });
  clearTimeout(limit);
  await Promise.race([new Promise((resolve) => child.stdout.once('close', resolve)), delay(1_000)]);
  child.stdout.destroy();
  return { code, stdout, group: child.pid };
}

function endProcess(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}

/** Whether a process whose files in /proc are `directory` is alive and names `home`. */
function belongsTo(home, directory) {
  try {
    const isZombie = /^State:\s+Z/m.test(readFileSync(`${directory}/status`, 'utf8'));
    const names = readFileSync(`${directory}/environ`) + readFileSync(`${directory}/cmdline`);
    return !isZombie && names.includes(home);
  } catch {
    return false; // ended meanwhile, or another user's
  }
}

/**
 * Processes that the demo left: those with its home directory in their environment or command line
 * where there is a /proc; elsewhere only its process group can be asked.
 */
function leftBehind(home, group) {
  if (process.platform === 'linux') {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids.filter((pid) => belongsTo(home, `/proc/${pid}`)).map(Number);
  }
  try {
    process.kill(-group, 0);
    return [-group];
  } catch {
    return [];
  }
}

async function waitUntilGone(home, group) {
  const deadlineMs = performance.now() + EXIT_GRACE_MS;
  let left = leftBehind(home, group);
  while (left.length > 0 && performance.now() < deadlineMs) {
    await delay(50);
    left = leftBehind(home, group);
  }
  return left;
}

function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** How many different processes the demo's nodes were. */
function countProcesses(report) {
  return new Set((report?.nodes ?? []).map(({ pid }) => pid)).size;
}

const home = mkdtempSync(path.join(tmpdir(), 'coalesce-demo-home-'));
const { code, stdout, group } = await runDemo(home);
const left = await waitUntilGone(home, group);
for (const pid of left) endProcess(pid);
rmSync(home, { recursive: true, force: true, maxRetries: 5 });

const report = parseJson(stdout);
const runs = Array.isArray(report?.runs) ? report.runs : [];
const subtasks = runs.flatMap((run) => run?.subtasks ?? []);
const isCheaperThere = ({ decision, receiptId, verification }) =>
  decision.choice === 'OUTSOURCE' &&
  decision.costExternalMicroUsd < decision.costInternalMicroUsd &&
  typeof receiptId === 'string' &&
  verification.passed;
const isCheaperHere = ({ decision, verification }) =>
  decision.choice === 'LOCAL' &&
  decision.costExternalMicroUsd >= decision.costInternalMicroUsd &&
  verification.passed;
const checks = [
  { title: `demo ends with exit code 0, got ${code}`, passed: code === 0 },
  { title: 'demo --json prints one JSON document and nothing else', passed: report !== undefined },
  { title: 'demo runs ten nodes, each another process', passed: countProcesses(report) === 10 },
  {
    title: 'demo ends four tasks or more, every one verified',
    passed: runs.length >= 4 && runs.every(({ status }) => status === 'completed'),
  },
  {
    title: 'demo buys a task because it costs less there, with a receipt',
    passed: subtasks.some(isCheaperThere),
  },
  {
    title: 'demo does a task here because it costs less here',
    passed: subtasks.some(isCheaperHere),
  },
  { title: `demo leaves no process behind, left ${left.length}`, passed: left.length === 0 },
];
process.stdout.write(`the demo took ${report?.wallMs} ms from its first process on\n`);
for (const { title, passed } of checks) {
  process.stdout.write(`${passed ? 'passed' : 'FAILED'}: ${title}\n`);
}
if (process.argv[2]) writeFileSync(process.argv[2], JSON.stringify(checks));
process.exitCode = checks.every((check) => check.passed) ? 0 : 1;
