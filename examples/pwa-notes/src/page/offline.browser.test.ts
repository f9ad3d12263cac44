import { expect, test, vi } from 'vitest';
import { workOffline } from './offline.ts';

/** A worker of which a test says when it is installed. */
class FakeWorker extends EventTarget {
  state = 'installing';
  readonly postMessage = vi.fn();

  become(state: string): void {
    this.state = state;
    this.dispatchEvent(new Event('statechange'));
  }
}

class FakeRegistration extends EventTarget {
  installing: FakeWorker | null = null;
  waiting: FakeWorker | null = null;
}

class FakeWorkers extends EventTarget {
  controller: FakeWorker | null = null;
  readonly ready = Promise.resolve();
  readonly registration = new FakeRegistration();
  readonly register = vi.fn(async () => this.registration);
}

async function start(prepare: (workers: FakeWorkers) => void = () => {}) {
  const workers = new FakeWorkers();
  prepare(workers);
  const [onUpdate, onActivated] = [vi.fn(), vi.fn()];
  await workOffline({
    workers: workers as unknown as ServiceWorkerContainer,
    scriptUrl: './service-worker.js',
    onUpdate,
    onActivated,
  });
  return { workers, onUpdate, onActivated };
}

test('the first version begins without a word', async () => {
  const first = new FakeWorker();
  const { workers, onUpdate, onActivated } = await start(({ registration }) => {
    registration.installing = first;
  });
  expect(workers.register).toHaveBeenCalledWith('./service-worker.js', { updateViaCache: 'none' });
  first.become('installed');
  workers.dispatchEvent(new Event('controllerchange'));
  expect(onUpdate).not.toHaveBeenCalled();
  expect(onActivated).not.toHaveBeenCalled();
});

test('a later version waits until it is asked for', async () => {
  const { workers, onUpdate, onActivated } = await start((all) => {
    all.controller = new FakeWorker();
  });
  const next = new FakeWorker();
  workers.registration.dispatchEvent(new Event('updatefound'));
  workers.registration.installing = next;
  workers.registration.dispatchEvent(new Event('updatefound'));
  next.become('installed');
  expect(onUpdate).toHaveBeenCalledTimes(1);
  expect(next.postMessage).not.toHaveBeenCalled();
  onUpdate.mock.calls[0]?.[0]();
  expect(next.postMessage).toHaveBeenCalledWith('activate');
  workers.dispatchEvent(new Event('controllerchange'));
  expect(onActivated).toHaveBeenCalledTimes(1);
});

test('a version that waits already is offered', async () => {
  const { onUpdate } = await start((workers) => {
    workers.controller = new FakeWorker();
    workers.registration.waiting = new FakeWorker();
  });
  expect(onUpdate).toHaveBeenCalledTimes(1);
});
