import type { Place } from '../place.ts';

/** What messages to a worker are posted to. */
interface Target {
  postMessage(message: unknown, transfer: Transferable[]): void;
}

/** The parts of a page's scope that a worker's types lack. */
interface PageScope {
  readonly SharedWorker: new (
    url: string,
    options: WorkerOptions,
  ) => EventTarget & { readonly port: MessagePort };
  readonly navigator: {
    readonly serviceWorker?: {
      register(url: string, options: WorkerOptions): Promise<unknown>;
      readonly ready: Promise<{ readonly active: Target }>;
    };
  };
}

/** Starts the worker under test and returns what calls it. Rejects when its module does not load. */
export async function startWorker(
  place: Exclude<Place, 'page'>,
  url: string,
): Promise<(name: string, args: readonly unknown[]) => Promise<string>> {
  const failed = Promise.withResolvers<never>();
  const target = await targetOf(place, url, (event) => {
    const { message } = event as ErrorEvent;
    failed.reject(new Error(message ?? `The ${place} did not load; see the console of the tab.`));
  });
  const call = (name: string, args: readonly unknown[]) =>
    new Promise<string>((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => resolve(data);
      target.postMessage([name, args], [port2]);
    });
  // Whatever it says to this: it has loaded.
  await Promise.race([call('', []), failed.promise]);
  return call;
}

async function targetOf(
  place: Exclude<Place, 'page'>,
  url: string,
  onError: (event: Event) => void,
): Promise<Target> {
  const scope = globalThis as unknown as PageScope;
  switch (place) {
    case 'worker': {
      const worker = new Worker(url, { type: 'module' });
      worker.addEventListener('error', onError);
      return worker;
    }
    case 'shared-worker': {
      const worker = new scope.SharedWorker(url, { type: 'module' });
      worker.addEventListener('error', onError);
      worker.port.start();
      return worker.port;
    }
    case 'service-worker': {
      const container = scope.navigator.serviceWorker;
      if (container === undefined) throw new Error('There is no service worker at this origin.');
      await container.register(url, { type: 'module' });
      return (await container.ready).active;
    }
  }
}
