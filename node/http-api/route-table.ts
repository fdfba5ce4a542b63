/**
 * Every route of the HTTP API, with the schema that it checks its input with: what `openapi.json`
 * is made of. A test holds it to the routes that there are.
 *
 * @module
 */

import { z } from 'zod';
import * as outputs from '../mcp/output-schemas.ts';
import { offerSchema } from '../tasks/offer.ts';
import { specificationSchema } from '../tasks/task.ts';
import * as ledger from './routes/ledger-routes.ts';
import * as tasks from './task-answers.ts';
import * as requests from './routes/requests.ts';

/** One route below `/v1`. */
export interface DescribedRoute {
  readonly method: 'get' | 'post' | 'delete';
  /** As express has it: `/decisions/:id`. */
  readonly path: string;
  readonly summary: string;
  readonly body?: z.ZodType;
  readonly query?: z.ZodObject;
  /** Shape of the answer, in part: more fields come along. Left out: see `api-documents.ts`. */
  readonly answer?: z.ZodType;
  /** Whether the answer can come as lines of progress (`accept: application/x-ndjson`). */
  readonly hasProgress?: true;
  /** Whether the answer is bytes and no document. */
  readonly isBytes?: true;
}

const task = specificationSchema;
const runBody = z.union([requests.skillBody, requests.taskBody.extend({ task })]);
const decideBody = z.union([requests.decideSkillBody, requests.decideTaskBody.extend({ task })]);
const verifyBody = z.union([requests.envelopeBody, requests.disclosureBody, requests.proofBody]);

const get = (
  path: string,
  summary: string,
  more: Pick<DescribedRoute, 'query' | 'answer' | 'hasProgress'> = {},
): DescribedRoute => ({ method: 'get', path, summary, ...more });

const post = (
  path: string,
  summary: string,
  body?: z.ZodType,
  more: Pick<DescribedRoute, 'answer' | 'hasProgress' | 'isBytes'> = {},
): DescribedRoute => ({ method: 'post', path, summary, ...(body && { body }), ...more });

const LINES = { hasProgress: true } as const;
const NEWEST = { query: requests.listQuery };

const NODE_ROUTES: readonly DescribedRoute[] = [
  get('/status', 'What the daemon is and does', { answer: outputs.statusOutput }),
  get('/health', 'What may ail it, for doctor'),
  get('/peers', 'Peers that are connected, have worked for this node, or were seen to offer'),
  post('/backup', 'Everything in the store, of one moment, as records of a backup', undefined, {
    isBytes: true,
  }),
  post('/stop', 'Finishes the work in hand and ends the daemon'),
  post('/dashboard', 'An address that opens the dashboard once'),
  get('/tasks', 'Runs of this node and open contracts for others, the newest first', {
    query: requests.tasksQuery,
    answer: tasks.tasksOutput,
  }),
  get('/tasks/:id', 'One of them', { answer: tasks.taskOutput }),
  post('/tasks/:id/cancel', 'Calls one off: a run ends, a contract is cancelled', undefined, {
    answer: tasks.taskCancelOutput,
  }),
  get('/events', 'A stream of lines: each run as it begins, goes on and ends', LINES),
  get('/savings', 'Net saving and the paper\u2019s metric over all runs that are kept'),
  get('/market', 'Prices that were asked lately, their concentration, and alarms'),
  get('/receipts', 'The newest receipts, with their signatures checked again', NEWEST),
];

const SKILL_ROUTES: readonly DescribedRoute[] = [
  get('/skills', 'What this node offers'),
  get('/skills/suggestions', 'Terms that could be coined for tasks that come again'),
  post('/skills', 'Offers skills, and publishes the record', offerSchema),
  { method: 'delete', path: '/skills/:term', summary: 'Offers a skill no longer' },
  post('/query', 'Peers with a skill', requests.queryBody, {
    ...LINES,
    answer: outputs.queryOutput,
  }),
];

const TASK_ROUTES: readonly DescribedRoute[] = [
  post('/decide', 'Where a task should run and why, without acting', decideBody),
  post('/plan', 'The subtasks that a task would be cut into', runBody),
  post('/run', 'Runs a task where it costs least', runBody, {
    ...LINES,
    answer: outputs.runOutput,
  }),
  post('/runs/:id/resume', 'Goes on with a run that was cut short', undefined, {
    ...LINES,
    answer: outputs.runOutput,
  }),
  get('/decisions', 'The newest decisions', NEWEST),
  get('/decisions/summary', 'How many decisions were settled by what'),
  get('/decisions/:id', 'Everything that a decision was made of'),
  post('/decisions/:id/replay', 'Recomputes a decision from its record, bit for bit'),
];

const CERTIFICATE_ROUTES: readonly DescribedRoute[] = [
  get('/certificates', 'Certificates that this node holds', { answer: outputs.certificatesOutput }),
  get('/certificates/issued', 'Certificates that this node has issued'),
  get('/certificates/:id', 'One certificate', { answer: outputs.certificateOutput }),
  post('/certificates', 'Issues a certificate of this node for itself', requests.issueBody),
  post('/certificates/verify', 'Checks a certificate, a disclosure or a proof', verifyBody),
  post('/certificates/prove', 'Proves a minimum of a resource to a verifier', requests.proveBody),
  post('/certificates/endorse', 'Certifies what receipts say of a peer', requests.endorseBody),
  post('/certificates/:id/disclose', 'Opens leaves for everybody', requests.discloseBody),
  post('/certificates/:id/revoke', 'Revokes a certificate of this node, for good'),
  post('/attest', 'Tests a peer by known-answer tasks, and certifies it', requests.attestBody),
  post('/attest-resource', 'Measures a resource of a peer', requests.attestResourceBody),
];

const LEDGER_ROUTES: readonly DescribedRoute[] = [
  get('/ledger', 'Account, escrows, receipts by peer'),
  get('/ledger/blocks', 'Blocks as they are stored', { query: ledger.blocksQuery }),
  post('/ledger/transfer', 'Pays another account', ledger.transferBody),
  post('/ledger/pay-out', 'Gives claims back to a treasury', ledger.payOutBody),
  post('/ledger/paid', 'Notes a debt as paid by other means', ledger.paidBody),
  post('/ledger/received', 'Notes that a peer has paid by other means', ledger.receivedBody),
  get('/reputation', 'Scores of a peer with their evidence and proof', {
    query: requests.reputationQuery,
    answer: outputs.reputationOutput,
  }),
];

/** All of them. */
export const ROUTES: readonly DescribedRoute[] = [
  ...NODE_ROUTES,
  ...SKILL_ROUTES,
  ...TASK_ROUTES,
  ...CERTIFICATE_ROUTES,
  ...LEDGER_ROUTES,
];
