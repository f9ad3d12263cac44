import { installedBackends } from '../backends/installed-backends.ts';
import { type Command, defineCommand } from '../command.ts';
import { bashScript } from '../completion/bash-script.ts';
import { type CompletionModel, completionModel } from '../completion/completion-model.ts';
import { fishScript } from '../completion/fish-script.ts';
import { zshScript } from '../completion/zsh-script.ts';
import { EXIT, usageError } from '../exit-codes.ts';

const SCRIPTS: Readonly<Record<string, (model: CompletionModel) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};
const SHELLS = Object.keys(SCRIPTS);

export const completion: Command = defineCommand({
  name: 'completion',
  group: 'Set up',
  summary: 'Print the script that completes commands in a shell',
  details:
    'It completes commands, options, their values, paths, and the URL schemes of the backends that are installed now.',
  arguments: [{ name: 'shell', description: SHELLS.join(', '), completes: SHELLS }],
  options: {},
  examples: [
    ['source <(granary completion bash)', 'in ~/.bashrc'],
    ['source <(granary completion zsh)', 'in ~/.zshrc, after compinit'],
    ['granary completion fish | source', 'in ~/.config/fish/config.fish'],
  ],
  async run({ words, output, backends, commands, host }) {
    const [shell = ''] = words;
    const script = SCRIPTS[shell];
    if (script === undefined) {
      throw usageError(
        `"${shell}" is no shell that can be completed.`,
        `Use ${SHELLS.join(', ')}.`,
      );
    }
    const installed = await installedBackends(backends, host.cwd);
    const schemes = installed.flatMap((backend) => backend.schemes);
    const text = script(completionModel(commands, schemes)).trimEnd();
    await output.result({ type: 'script', shell, text }, text);
    return EXIT.ok;
  },
});
