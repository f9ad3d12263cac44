import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** How a command is run. */
export interface CommandOptions {
  readonly cwd: string;
  /** Variables on top of the current ones. Default: none. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the command when it aborts. Default: it runs to its end. */
  readonly signal?: AbortSignal;
  /** Called with each line of output as it comes. Default: nothing. */
  readonly onLine?: (line: string) => void;
}

/** How a command ended. */
export interface CommandResult {
  /** 1 when it could not start or was ended by a signal. */
  readonly exitCode: number;
  /** Standard output and error in the order they came. */
  readonly output: string;
}

/** Runs a program found on the path and returns how it ended; it never rejects. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  return start(command, args, options, process.platform === 'win32');
}

/** Runs a script under this Node and returns how it ended; it never rejects. */
export function runScript(
  script: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  return start(process.execPath, [script, ...args], options, false);
}

/** Windows finds `pnpm.cmd` through a shell only. */
function start(
  command: string,
  args: readonly string[],
  { cwd, env = {}, signal, onLine = () => {} }: CommandOptions,
  shell: boolean,
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const lines: string[] = [];
    const take = (line: string) => {
      lines.push(line);
      onLine(line);
    };
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      shell,
      ...(signal ? { signal } : {}),
    });
    createInterface({ input: child.stdout }).on('line', take);
    createInterface({ input: child.stderr }).on('line', take);
    child.on('error', (error) => take(error.message));
    child.on('close', (code) => resolve({ exitCode: code ?? 1, output: lines.join('\n') }));
  });
}
