/**
 * The skills that this node sells, with the executor of each. The shelf survives restarts.
 *
 * @module
 */

import type { Logger, Random } from '../../protocols/components.ts';
import type { ExecutorHealthDocument } from '../api-documents.ts';
import { BadInputError } from '../errors.ts';
import { checkQuantity } from '../skills/term-check.ts';
import type { JsonSection } from '../storage/store.ts';
import { executorHealth } from './executor-health.ts';
import { ExecutorConfigError } from './executors/errors.ts';
import { createExecutor } from './executors/executor-registry.ts';
import type { SkillExecutor } from './executors/skill-executor.ts';
import { DEFAULT_ACCEPTANCE, OFFER_LIMITS, parseOffer } from './offer.ts';
import type { AcceptanceRules, OfferedSkill } from './offer.ts';
import { formatProblems } from './task-problems.ts';

/** What a price may be for. */
export const PRICE_UNITS: readonly string[] = ['task', 'megabyte'];

/** One skill as stored: the offered skill and whose work is taken for it. */
export interface StoredSkill {
  readonly skill: OfferedSkill;
  readonly accept: AcceptanceRules;
}

/** One skill for sale, ready to work. */
export interface SkillOnSale extends OfferedSkill {
  readonly accept: AcceptanceRules;
  readonly runner: SkillExecutor;
}

export interface SkillShelfInit {
  readonly section: JsonSection<StoredSkill>;
  /** Folder that relative paths of modules and programs start from. */
  readonly baseDirectory: string;
  readonly random: Random;
  readonly logger: Logger;
}

/** The shelf. */
export class SkillShelf {
  readonly #init: SkillShelfInit;
  readonly #items = new Map<string, SkillOnSale>();

  constructor(init: SkillShelfInit) {
    this.#init = init;
  }

  /** Takes up what was on sale before the restart. @returns the terms whose executor fails now. */
  async load(): Promise<readonly { readonly term: string; readonly reason: string }[]> {
    const failed: { term: string; reason: string }[] = [];
    for (const stored of await this.#init.section.values()) {
      try {
        this.#items.set(stored.skill.term, await this.#ready(stored));
      } catch (error) {
        if (!(error instanceof BadInputError)) throw error;
        failed.push({ term: stored.skill.term, reason: error.message });
      }
    }
    return failed;
  }

  /** Skills in the order of their terms. */
  list(): readonly SkillOnSale[] {
    return [...this.#items.values()].sort((a, b) => (a.term < b.term ? -1 : 1));
  }

  find(term: string): SkillOnSale | undefined {
    return this.#items.get(term);
  }

  /**
   * Puts the skills of an offer on the shelf, each in the place of an earlier one of its term.
   *
   * @throws {@link BadInputError} that lists every problem; nothing is changed then.
   */
  async add(json: unknown): Promise<void> {
    const parsed = parseOffer(json);
    if (!parsed.valid) {
      const problems = formatProblems(parsed.problems).split('\n');
      throw new BadInputError('The offer is not valid', { problems });
    }
    const accept = { ...DEFAULT_ACCEPTANCE, ...withoutUndefined(parsed.value.accept ?? {}) };
    const stored = parsed.value.skills.map((skill): StoredSkill => ({ skill, accept }));
    for (const { skill } of stored) checkUnit(skill);
    const terms = new Set([...this.#items.keys(), ...stored.map(({ skill }) => skill.term)]);
    if (terms.size > OFFER_LIMITS.maxSkills) {
      throw new BadInputError(
        `skills: ${terms.size} would be on offer; a record holds ${OFFER_LIMITS.maxSkills}`,
      );
    }
    const ready = await Promise.all(stored.map((item) => this.#ready(item)));
    for (const [i, item] of stored.entries()) {
      await this.#init.section.put(item.skill.term, item);
      this.#items.set(item.skill.term, ready[i]!);
    }
  }

  /** Takes a skill off the shelf. @returns whether it was there. */
  async remove(term: string): Promise<boolean> {
    await this.#init.section.delete(term);
    return this.#items.delete(term);
  }

  /** Every skill that was put on sale, also those whose executor failed at the start. */
  async health(): Promise<readonly ExecutorHealthDocument[]> {
    const all = await this.#init.section.values();
    return Promise.all(
      all.map((stored) => {
        const { term, executor } = stored.skill;
        // To set a module up is to run it: a file that was changed waits for a restart.
        const isAtWork = executor.type === 'module' && this.#items.has(term);
        const setUp = isAtWork ? undefined : () => this.#ready(stored);
        return executorHealth(stored.skill, this.#init.baseDirectory, setUp);
      }),
    );
  }

  async #ready({ skill, accept }: StoredSkill): Promise<SkillOnSale> {
    const { section: _section, ...components } = this.#init;
    try {
      const runner = await createExecutor(skill.term, skill.executor, components);
      return { ...skill, accept, runner };
    } catch (error) {
      if (!(error instanceof ExecutorConfigError)) throw error;
      throw new BadInputError(error.message, { cause: error });
    }
  }
}

function checkUnit({ term, perUnit, quantity, unit }: OfferedSkill): void {
  if (quantity !== undefined || unit !== undefined) {
    const counted = checkQuantity(term, unit);
    if (!counted.valid) throw new BadInputError(counted.detail);
  }
  if (PRICE_UNITS.includes(perUnit)) return;
  throw new BadInputError(
    `${term}: perUnit "${perUnit}" is unknown; use ${PRICE_UNITS.join(' or ')}`,
  );
}

function withoutUndefined(rules: {
  readonly [Key in keyof AcceptanceRules]?: AcceptanceRules[Key] | undefined;
}): Partial<AcceptanceRules> {
  return Object.fromEntries(Object.entries(rules).filter(([, value]) => value !== undefined));
}
