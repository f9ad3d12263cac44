#!/usr/bin/env node
import packageJson from '../package.json' with { type: 'json' };
import { EXIT } from './exit-codes.ts';
import type { Interruption } from './host.ts';
import { runCli } from './run-cli.ts';

const interrupt = new AbortController();

function onSignal(name: Interruption): void {
  // The second time the user means it.
  if (interrupt.signal.aborted) process.exit(EXIT.interrupted);
  interrupt.abort(name);
}
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
for (const sink of [process.stdout, process.stderr]) {
  sink.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') {
      interrupt.abort('SIGPIPE' satisfies Interruption);
      return;
    }
    process.stderr.write(`error: the output cannot be written: ${error.message}\n`);
    process.exit(EXIT.failed);
  });
}

process.exitCode = await runCli(
  process.argv.slice(2),
  {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    platform: process.platform,
    pid: process.pid,
    signal: interrupt.signal,
    now: Date.now,
  },
  { version: packageJson.version },
);
