import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { KeeperAnswer } from './server-keeper.ts';
import type { ServerFacts } from './servers/server.ts';
import type { ServerName } from './servers/servers.ts';

const KEEPER = fileURLToPath(new URL('./keep-server.ts', import.meta.url));

/** A server that ends with this process, however that ends. */
export interface KeptServer {
  readonly facts: ServerFacts;
  /** Resolves when the server has gone, stopped or by itself. */
  readonly gone: Promise<void>;
  /** Keeps this process running until the server has gone. */
  hold(): void;
  /** Ends the server and waits until nothing of it is left. May be called again. */
  stop(): Promise<void>;
}

/**
 * Starts a server under a keeper: a process in a group of its own (Ctrl+C in a terminal does not
 * reach it) that waits on a pipe from here. The server does not keep this process running.
 */
export async function startKept(
  name: ServerName,
  env: NodeJS.ProcessEnv = process.env,
  program: string = KEEPER,
): Promise<KeptServer> {
  const keeper = spawn(process.execPath, [program, name], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    env: { ...env, NODE_OPTIONS: '' },
  });
  keeper.stdin.on('error', () => undefined);
  const complaints = text(keeper.stderr);
  const gone = once(keeper, 'exit').then(() => undefined);
  const answer = await firstLine(keeper.stdout);
  if (answer === undefined) throw new Error(`The keeper of '${name}' ended. ${await complaints}`);
  const told: KeeperAnswer = JSON.parse(answer);
  if ('error' in told) {
    await gone;
    throw new Error(told.error);
  }
  keeper.unref();
  // Pipes to a process are sockets.
  for (const pipe of [keeper.stdin, keeper.stdout, keeper.stderr])
    (pipe as unknown as Socket).unref();

  return {
    facts: told.facts,
    gone,
    hold: () => keeper.ref(),
    async stop() {
      keeper.ref();
      keeper.stdin.end();
      await gone;
    },
  };
}

async function firstLine(output: Readable): Promise<string | undefined> {
  let seen = '';
  for await (const chunk of output.iterator({ destroyOnReturn: false })) {
    seen += chunk;
    if (seen.includes('\n')) return seen.slice(0, seen.indexOf('\n'));
  }
  return undefined;
}
