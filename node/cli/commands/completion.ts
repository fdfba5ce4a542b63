/** `coalesce completion`: a script that completes commands and options. @module */

import { Argument } from 'commander';
import type { RegisterCommand } from '../context.ts';
import { SHELLS, completionScript } from '../completion-script.ts';
import type { Shell } from '../completion-script.ts';

export const registerCompletion: RegisterCommand = (program, run) => {
  program
    .command('completion')
    .description('print a script that completes commands and options in your shell')
    .addArgument(new Argument('<shell>', 'which one').choices(SHELLS))
    .addHelpText(
      'after',
      '\nbash: source <(coalesce completion bash)\nzsh:  source <(coalesce completion zsh)\n' +
        'fish: coalesce completion fish | source',
    )
    .action(
      run(async (context, shell: Shell) => {
        const script = completionScript(program, shell);
        context.print({ shell, script }, () => script);
        return Promise.resolve();
      }),
    );
};
