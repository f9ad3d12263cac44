/** A window that was opened. */
export interface OpenedWindow {
  readonly closed: boolean;
  readonly location: { href: string };
  close(): void;
}

/** The part of a page that signing in works with. */
export interface Page {
  readonly location: {
    readonly href: string;
    readonly origin: string;
    readonly pathname: string;
    assign(url: string): void;
  };
  readonly history: {
    readonly state: unknown;
    replaceState(state: unknown, unused: string, url: string): void;
  };
  readonly sessionStorage: {
    getItem(name: string): string | null;
    setItem(name: string, value: string): void;
    removeItem(name: string): void;
  };
  readonly screen?: { readonly availWidth: number; readonly availHeight: number };
  readonly opener?: { postMessage(message: unknown, origin: string): void } | null;
  readonly BroadcastChannel: typeof BroadcastChannel;
  open(url: string, name: string, features: string): OpenedWindow | null;
  close(): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  removeEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
}

/** The page that this runs in. */
export function thisPage(): Page {
  return globalThis as unknown as Page;
}
