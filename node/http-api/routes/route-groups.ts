/**
 * All routes of the HTTP API, by the part of the node that answers. Bodies are checked here; what
 * they mean is the node's business.
 *
 * @module
 */

import type { Request, Response } from 'express';
import type { AgentNode } from '../../agent-node.ts';
import { BadInputError, RefusedError } from '../../errors.ts';
import { sendBytes } from '../bytes-answer.ts';
import { CallerGoneError } from '../caller-gone.ts';
import { endLines, sendLine, wantsLines } from '../lines.ts';
import type { RouteGroup } from '../server.ts';
import { activityRoutes } from './activity-routes.ts';
import { checkInput as check } from './check-input.ts';
import { ledgerRoutes } from './ledger-routes.ts';
import {
  attestBody,
  attestResourceBody,
  decideBodyFor,
  discloseBody,
  endorseBody,
  issueBody,
  listQuery,
  proveBody,
  queryBody,
  runBodyFor,
  term,
  verifyBodyFor,
} from './requests.ts';

function parameter(request: Request, name: string): string {
  const value = request.params[name];
  if (typeof value !== 'string') throw new BadInputError(`The path needs "${name}"`);
  return value;
}

/** Aborted when the caller hangs up before the answer is sent. */
function hangUp(request: Request): AbortSignal {
  const controller = new AbortController();
  request.res?.once('close', () => {
    if (request.res?.writableEnded === false) controller.abort(new CallerGoneError());
  });
  return controller.signal;
}

/** An answer that is one document, or lines of progress and then the document. */
async function answerWithProgress<Result, Progress>(
  request: Request,
  response: Response,
  answer: (...onProgress: [] | [(progress: Progress) => void]) => Promise<Result>,
): Promise<void> {
  if (!wantsLines(request)) response.json(await answer());
  else endLines(response, { result: await answer((progress) => sendLine(response, progress)) });
}

/** The node itself: how it is, whom it knows, and its end. */
function nodeRoutes(node: AgentNode, stop: () => void): RouteGroup {
  let isCopied = false;
  return (router) => {
    router.get('/status', async (_request, response) => {
      response.json(await node.status());
    });
    router.get('/health', async (_request, response) => {
      response.json(await node.health());
    });
    router.get('/peers', (_request, response) => void response.json({ peers: node.peers() }));
    // A POST, because a page of the dashboard may send every GET.
    router.post('/backup', async (_request, response) => {
      if (isCopied) throw new RefusedError('Another backup is being made; let it end');
      isCopied = true;
      try {
        await sendBytes(response, node.storeRecords());
      } finally {
        isCopied = false;
      }
    });
    router.post('/stop', (_request, response) => {
      response.json({ stopping: true });
      stop();
    });
  };
}

/** Every route group of a node. */
export function routeGroups(node: AgentNode, stop: () => void): readonly RouteGroup[] {
  return [
    ledgerRoutes(node, hangUp),
    activityRoutes(node),
    nodeRoutes(node, stop),
    (router) => {
      router.get(
        '/skills',
        (_request, response) => void response.json({ skills: node.listSkills() }),
      );
      router.get('/skills/suggestions', async (_request, response) => {
        response.json({ suggestions: await node.suggestTerms() });
      });
      router.post('/skills', async (request, response) => {
        response.json(await node.publishSkills(request.body, hangUp(request)));
      });
      router.delete('/skills/:term', async (request, response) => {
        const name = check(term, parameter(request, 'term'), 'term');
        response.json(await node.withdrawSkill(name, hangUp(request)));
      });
      router.post('/query', async (request, response) => {
        const query = check(queryBody, request.body, 'query');
        await answerWithProgress(request, response, (...onFirstHit) =>
          node.query(query, hangUp(request), ...onFirstHit),
        );
      });
    },
    (router) => {
      router.post('/decide', async (request, response) => {
        const { candidates, ...task } = check(decideBodyFor(request.body), request.body, 'request');
        response.json(await node.decide(task, candidates, hangUp(request)));
      });
      router.post('/plan', (request, response) => {
        response.json(node.plan(check(runBodyFor(request.body), request.body, 'request')));
      });
      router.post('/run', async (request, response) => {
        const task = check(runBodyFor(request.body), request.body, 'request');
        await answerWithProgress(request, response, (...onProgress) =>
          node.run(task, hangUp(request), ...onProgress),
        );
      });
      router.post('/runs/:id/resume', async (request, response) => {
        const id = parameter(request, 'id');
        await answerWithProgress(request, response, (...onProgress) =>
          node.resumeRun(id, hangUp(request), ...onProgress),
        );
      });
      router.get('/decisions', async (request, response) => {
        const { limit } = check(listQuery, request.query, 'query string');
        response.json({ decisions: await node.decisions.list(limit) });
      });
      router.get('/decisions/summary', async (_request, response) => {
        response.json(await node.decisions.summary());
      });
      router.get('/decisions/:id', async (request, response) => {
        response.json(await node.decisions.show(parameter(request, 'id')));
      });
      router.post('/decisions/:id/replay', async (request, response) => {
        response.json(await node.decisions.replay(parameter(request, 'id')));
      });
    },
    (router) => {
      router.get('/certificates', (_request, response) => {
        response.json({ certificates: node.listCertificates() });
      });
      router.get('/certificates/issued', async (_request, response) => {
        response.json(await node.listIssuedCertificates());
      });
      router.get('/certificates/:id', (request, response) => {
        response.json(node.showCertificate(parameter(request, 'id')));
      });
      router.post('/certificates', async (request, response) => {
        const { skills, days } = check(issueBody, request.body, 'request');
        response.json(await node.issueSelfCertificate(skills, days));
      });
      router.post('/certificates/verify', async (request, response) => {
        const file = check(verifyBodyFor(request.body), request.body, 'request');
        response.json(await node.verifyCertificate(file));
      });
      router.post('/certificates/prove', (request, response) => {
        response.json(node.proveMinimum(check(proveBody, request.body, 'request')));
      });
      router.post('/certificates/endorse', async (request, response) => {
        const order = check(endorseBody, request.body, 'request');
        response.json(await node.endorse(order, hangUp(request)));
      });
      router.post('/certificates/:id/disclose', (request, response) => {
        const { terms } = check(discloseBody, request.body, 'request');
        response.json(node.discloseCertificate(parameter(request, 'id'), terms));
      });
      router.post('/certificates/:id/revoke', async (request, response) => {
        response.json(await node.revokeCertificate(parameter(request, 'id')));
      });
      router.post('/attest', async (request, response) => {
        const order = check(attestBody, request.body, 'request');
        response.json(await node.attest(order, hangUp(request)));
      });
      router.post('/attest-resource', async (request, response) => {
        const order = check(attestResourceBody, request.body, 'request');
        response.json(await node.attestResource(order, hangUp(request)));
      });
    },
  ];
}
