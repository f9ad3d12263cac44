import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A Chromium without a window, with a fresh profile on the disk. */
export interface Chromium {
  /** Where DevTools listen. */
  readonly endpoint: string;
  readonly processId: number;
  stop(): Promise<void>;
}

const ARGUMENTS: readonly string[] = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-breakpad',
  '--disable-component-update',
  '--disable-extensions',
  '--disable-sync',
  '--password-store=basic',
  '--use-mock-keychain',
  // Subjects wait for their turn in pages that nobody looks at; they must not wake up slower for it.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
  // Garbage is collected before each timed part, as in the processes of other workloads.
  '--js-flags=--expose-gc',
  '--remote-debugging-port=0',
];

/** A start that takes longer fails. Units: ms. */
const START_TIMEOUT_MS = 60_000;
/** So much of what it writes is kept to tell why it did not start. Units: characters. */
const MAX_SAID = 2000;

/** Starts Chromium. It ends with this process. Rejects with what it wrote when it does not start. */
export async function startChromium(
  executablePath: string,
  timeoutMs: number = START_TIMEOUT_MS,
): Promise<Chromium> {
  const profile = await mkdtemp(join(tmpdir(), 'granary-bench-profile-'));
  const child = spawn(executablePath, [...ARGUMENTS, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, HOME: profile },
  });
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  const kill = () => {
    child.kill('SIGKILL');
  };
  const leave = () => {
    kill();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once('exit', leave);

  async function stop(): Promise<void> {
    process.off('exit', leave);
    child.kill('SIGTERM');
    const timer = setTimeout(kill, 5000);
    await ended;
    clearTimeout(timer);
    // Its last processes may still write.
    await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  let said = '';
  const listening = Promise.withResolvers<string>();
  const fail = (why: string) =>
    listening.reject(new Error(`Chromium did not start: ${why}`.trim()));
  const timer = setTimeout(() => fail(`it said nothing for ${timeoutMs / 1000} s.`), timeoutMs);
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    const [, url] = /DevTools listening on (ws:\S+)\s/.exec(said) ?? [];
    if (url !== undefined) listening.resolve(url);
    said = said.slice(-MAX_SAID);
  });
  child.once('error', ({ message }) => fail(message));
  child.once('close', (code) => fail(`it ended with exit code ${code}. ${said}`));
  try {
    return { endpoint: await listening.promise, processId: child.pid ?? 0, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
