/** What is needed of the browser to work offline. */
export interface OfflineOptions {
  readonly workers: Pick<
    ServiceWorkerContainer,
    'register' | 'addEventListener' | 'controller' | 'ready'
  >;
  readonly scriptUrl: string;
  /** A new version waits. Call what is passed to use it. */
  readonly onUpdate: (activate: () => void) => void;
  /** The new version is in charge: the page may load it. */
  readonly onActivated: () => void;
}

/**
 * Registers the service worker, which keeps the files of the page. A new version waits until it is
 * asked for, so that nobody loses what they are doing. Errors of the registration are thrown.
 */
export async function workOffline(options: OfflineOptions): Promise<ServiceWorkerRegistration> {
  const { workers, scriptUrl, onUpdate, onActivated } = options;
  let isAskedFor = false;
  const registration = await workers.register(scriptUrl, { updateViaCache: 'none' });

  const offer = (worker: ServiceWorker) => {
    onUpdate(() => {
      isAskedFor = true;
      worker.postMessage('activate');
    });
  };
  const follow = (worker: ServiceWorker) => {
    worker.addEventListener('statechange', () => {
      // Without a controller this is the first version, which begins by itself.
      if (worker.state === 'installed' && workers.controller !== null) offer(worker);
    });
  };

  workers.addEventListener('controllerchange', () => {
    if (isAskedFor) onActivated();
  });
  registration.addEventListener('updatefound', () => {
    if (registration.installing !== null) follow(registration.installing);
  });
  if (registration.waiting !== null && workers.controller !== null) offer(registration.waiting);
  if (registration.installing !== null) follow(registration.installing);
  return registration;
}
