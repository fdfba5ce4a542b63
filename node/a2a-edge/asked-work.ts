/**
 * What an A2A message asks of this node: a skill with inputs, or a whole task specification (paper
 * III-G, phase 2: the specification as a `data` part, the input in the parts beside it).
 *
 * The skill stands in the metadata of the economics extension, or is a text part of its own that is
 * nothing but a term, or is the only one that this node has. Otherwise it is asked for, and the
 * next message of the task answers. What the input says is never read as an instruction.
 *
 * @module
 */

import { Role } from '@a2a-js/sdk';
import type { Message, Part, Task } from '@a2a-js/sdk';
import { utf8 } from '../../crypto/bytes.ts';
import { ECONOMICS_EXTENSION_URI } from '../../protocols/a2a/agent-card.ts';
import { isTerm } from '../../protocols/skill-discovery/terms.ts';
import { TASK_MEDIA_TYPE } from '../tasks/wire-task.ts';

/** One input, as the client sent it. */
export interface AskedInput {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** What is to be done. */
export type AskedWork =
  | { readonly kind: 'skill'; readonly term: string; readonly inputs: readonly AskedInput[] }
  | {
      readonly kind: 'specification';
      readonly specification: object;
      readonly inputs: readonly AskedInput[];
    }
  /** Something is missing; the text asks the client for it. */
  | { readonly kind: 'incomplete'; readonly question: string }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Reads the messages of a task up to now.
 *
 * @param task - The task that the message continues; left out for the first message.
 * @param terms - Skills of this node, for the question.
 */
export function askedWork(
  message: Message,
  task: Task | undefined,
  terms: readonly string[],
): AskedWork {
  const messages = [...userMessages(task, message.messageId), message];
  const parts = messages.flatMap(({ parts: own }) => own);
  if (parts.some(({ content }) => content?.$case === 'url')) {
    return { kind: 'refused', reason: 'This agent fetches no URLs: send the content itself.' };
  }
  const specification = parts.find(isSpecification);
  const others = parts.filter((part) => part !== specification);
  const named = messages.map(skillInMetadata).findLast((term) => term !== undefined);
  const written = others.filter((part) => termIn(part) !== undefined);
  const inputs = inputsOf(others.filter((part) => !written.includes(part)));
  if (specification) {
    return { kind: 'specification', specification: objectIn(specification)!, inputs };
  }
  const term = named ?? termIn(written.at(-1)) ?? (terms.length === 1 ? terms[0] : undefined);
  if (term !== undefined && !isTerm(term)) {
    return { kind: 'refused', reason: 'The skill is no term such as performs:nlp/sentiment.' };
  }
  if (term === undefined) return { kind: 'incomplete', question: whichSkill(terms) };
  if (inputs.length === 0) {
    return { kind: 'incomplete', question: `Send the input for ${term}.` };
  }
  return { kind: 'skill', term, inputs };
}

function whichSkill(terms: readonly string[]): string {
  const known = terms.length === 0 ? '' : ` This node has ${terms.join(', ')}.`;
  return (
    'Which skill? Answer with its term alone, for example performs:nlp/sentiment, or send it in ' +
    `metadata["${ECONOMICS_EXTENSION_URI}"].skill.${known}`
  );
}

/** Earlier messages of the client; the SDK has put the newest one there too. */
function userMessages(task: Task | undefined, newestId: string): Message[] {
  return (task?.history ?? []).filter(
    ({ role, messageId }) => role === Role.ROLE_USER && messageId !== newestId,
  );
}

function skillInMetadata({ metadata }: Message): string | undefined {
  const extension: unknown = metadata?.[ECONOMICS_EXTENSION_URI];
  if (typeof extension !== 'object' || extension === null || !('skill' in extension)) {
    return undefined;
  }
  return typeof extension.skill === 'string' ? extension.skill : undefined;
}

function termIn(part: Part | undefined): string | undefined {
  if (part?.content?.$case !== 'text') return undefined;
  const text = part.content.value.trim();
  return text.length <= 256 && isTerm(text) ? text : undefined;
}

function objectIn({ content, mediaType }: Part): object | undefined {
  if (content?.$case === 'data' && typeof content.value === 'object' && content.value !== null) {
    return content.value as object;
  }
  if (content?.$case !== 'text' || mediaType !== TASK_MEDIA_TYPE) return undefined;
  try {
    const value: unknown = JSON.parse(content.value);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Marked as one, or with the keys that every specification has. */
function isSpecification(part: Part): boolean {
  const value = objectIn(part);
  if (value === undefined) return false;
  return part.mediaType === TASK_MEDIA_TYPE || ('skills' in value && 'output' in value);
}

function inputsOf(parts: readonly Part[]): AskedInput[] {
  return parts.flatMap((part, i) => {
    const content = contentOf(part);
    return content === undefined ? [] : [{ name: part.filename || `part-${i + 1}`, ...content }];
  });
}

function contentOf({ content, mediaType }: Part): Omit<AskedInput, 'name'> | undefined {
  switch (content?.$case) {
    case 'text':
      return { mediaType: mediaType || 'text/plain', bytes: utf8(content.value) };
    case 'raw':
      return {
        mediaType: mediaType || 'application/octet-stream',
        bytes: new Uint8Array(content.value),
      };
    case 'data':
      return {
        mediaType: mediaType || 'application/json',
        bytes: utf8(JSON.stringify(content.value ?? null)),
      };
    default:
      return undefined;
  }
}
