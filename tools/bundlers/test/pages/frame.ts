/** The parts of a page that a worker's types lack. */
interface PageScope {
  readonly document: {
    createElement(name: 'iframe'): { src: string; remove(): void };
    readonly body: { append(element: unknown): void };
  };
}

/** Opens a page in a frame and returns what it tells. */
export function visit(url: string): Promise<unknown> {
  const { document } = globalThis as unknown as PageScope;
  const frame = document.createElement('iframe');
  return new Promise((resolve) => {
    addEventListener('message', function hear(event) {
      const { origin, data } = event as unknown as MessageEvent;
      if (origin !== new URL(url).origin) return;
      removeEventListener('message', hear);
      frame.remove();
      resolve(data);
    });
    frame.src = url;
    document.body.append(frame);
  });
}
