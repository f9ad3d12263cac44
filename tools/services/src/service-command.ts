import { SERVICES, type Service, type StartedService } from './services.ts';

/** What the command needs of the world around it. */
export interface CommandWorld {
  print(line: string): void;
  complain(line: string): void;
  /** Resolves when the person wants to stop. */
  interrupted(): Promise<unknown>;
  readonly services?: Readonly<Record<string, Service>>;
}

const USAGE = `Usage:
  pnpm service list          what can be started
  pnpm service up <name>     start it and keep it until Ctrl+C`;

/** Runs `pnpm service` and returns its exit code. */
export async function runServiceCommand(
  args: readonly string[],
  world: CommandWorld,
): Promise<number> {
  const { print, complain, services = SERVICES } = world;
  const [command, name, ...rest] = args;
  if (command === 'list' && name === undefined) {
    print(listOf(services));
    return 0;
  }
  if (command !== 'up' || name === undefined || rest.length > 0) {
    complain(USAGE);
    return 2;
  }
  const service = Object.hasOwn(services, name) ? services[name] : undefined;
  if (service === undefined) {
    complain(`There is no service '${name}'. There are:\n${listOf(services)}`);
    return 2;
  }
  // Asked for before the start, so that Ctrl+C during it ends the server too.
  const interrupted = world.interrupted();
  let started: StartedService;
  try {
    started = await service.start();
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error));
    return 1;
  }
  print(descriptionOf(service, started));
  const { gone = interrupted } = started;
  const isWanted = await Promise.race([interrupted.then(() => true), gone.then(() => false)]);
  await started.stop();
  if (isWanted) {
    print('\nStopped. Nothing of it is left.');
    return 0;
  }
  complain('The server has ended by itself.');
  return 1;
}

function listOf(services: Readonly<Record<string, Service>>): string {
  return Object.entries(services)
    .map(([name, { title }]) => `  ${name.padEnd(10)}${title}`)
    .join('\n');
}

function descriptionOf({ title }: Service, started: StartedService): string {
  const exports = Object.entries(started.variables).map(
    ([name, value]) => `  export ${name}='${value.replaceAll("'", `'\\''`)}'`,
  );
  return [
    `${title}`,
    `It runs on ${started.endpoint} and forgets everything when it stops. Ctrl+C stops it.`,
    '',
    'Paste into another terminal:',
    ...exports,
    '',
    `Try: ${started.url}`,
    ...(started.note === undefined ? [] : ['', started.note]),
  ].join('\n');
}
