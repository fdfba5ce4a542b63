/**
 * From the executor of an offer's configuration to the executor itself.
 *
 * @module
 */

import type { Logger, Random } from '../../../protocols/components.ts';
import { systemClock } from '../../system-clock.ts';
import { systemService } from '../../system-service.ts';
import { EXECUTOR_TYPES } from '../executor-config.ts';
import type { ExecutorConfig } from '../executor-config.ts';
import { A2aExecutor } from './a2a.ts';
import { loadCommandExecutor } from './command.ts';
import { DOCUMENT_ANALYSIS_TERM, DocumentAnalysis } from './document-analysis.ts';
import { ExecutorConfigError } from './errors.ts';
import { loadModuleExecutor } from './module.ts';
import { OpenAiExecutor } from './openai.ts';
import { PORTFOLIO_TERM, PortfolioOptimization } from './portfolio-optimization.ts';
import { RISK_TERM, RiskAssessment } from './risk-assessment.ts';
import { Sentiment, SENTIMENT_TERM } from './sentiment.ts';
import type { SkillExecutor } from './skill-executor.ts';

interface BuiltinOptions {
  readonly maxInputBytes?: number;
}

const BUILTINS: Readonly<Record<string, (options: BuiltinOptions) => SkillExecutor>> = {
  [DOCUMENT_ANALYSIS_TERM]: (options) => new DocumentAnalysis(options),
  [PORTFOLIO_TERM]: (options) => new PortfolioOptimization(options),
  [RISK_TERM]: (options) => new RiskAssessment(options),
  [SENTIMENT_TERM]: (options) => new Sentiment(options),
};

/** Terms that have a built-in executor. */
export const BUILTIN_TERMS: readonly string[] = Object.keys(BUILTINS);

/** What executors are handed. */
export interface ExecutorComponents {
  /** Folder that relative paths of modules and programs start from. */
  readonly baseDirectory: string;
  readonly random: Random;
  readonly logger: Logger;
}

/** The built-in executor of `term`, or `undefined` if there is none. */
export function createBuiltinExecutor(
  term: string,
  options: BuiltinOptions = {},
): SkillExecutor | undefined {
  return Object.hasOwn(BUILTINS, term) ? BUILTINS[term]?.(options) : undefined;
}

/**
 * Sets up the executor of a term.
 *
 * @throws {@link ExecutorConfigError} that names what is available.
 */
export async function createExecutor(
  term: string,
  config: ExecutorConfig,
  components: ExecutorComponents,
): Promise<SkillExecutor> {
  switch (config.type) {
    case 'builtin': {
      const executor = createBuiltinExecutor(term, given(config));
      if (executor) return executor;
      throw new ExecutorConfigError(
        'UNKNOWN_BUILTIN',
        `There is no built-in executor for ${term}; there is one for ${BUILTIN_TERMS.join(', ')}`,
        { term },
      );
    }
    case 'module':
      return loadModuleExecutor({ ...given(config), ...components, term });
    case 'a2a': {
      const world = { ...components, service: systemService, clock: systemClock };
      return new A2aExecutor({ ...given(config), ...world, term });
    }
    case 'command':
      return loadCommandExecutor({ ...given(config), ...components, term });
    case 'openai':
      return new OpenAiExecutor(
        { ...given(config), term },
        { ...components, service: systemService },
      );
    default:
      throw new ExecutorConfigError(
        'UNKNOWN_EXECUTOR',
        `This version cannot run the executor type "${typeOf(config)}" of ${term}; ` +
          `available are ${EXECUTOR_TYPES.join(', ')}`,
        { term },
      );
  }
}

type Given<Config> = { [Key in keyof Config]: Exclude<Config[Key], undefined> };

/** The options that have a value. */
function given<Config extends ExecutorConfig>(config: Config): Given<Config> {
  const entries = Object.entries(config).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Given<Config>;
}

function typeOf(config: never): string {
  return String((config as { readonly type?: unknown } | undefined)?.type);
}
