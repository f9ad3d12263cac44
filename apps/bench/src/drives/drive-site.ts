import { startDriveFront } from './drive-front.ts';
import type { DriveCall } from './drive-log.ts';
import { makeCertificate } from './make-certificate.ts';
import type { VendorNames } from './vendor-names.ts';
import { startVendorProxy } from './vendor-proxy.ts';

/** How a program that knows the vendor's hosts alone gets to a fake. */
export interface ProxyFacts {
  readonly proxyUrl: string;
  /** The certificate that it has to trust. */
  readonly certificateFile: string;
}

/** An account of a vendor's fake, for one subject. */
export interface DriveSite {
  /** Stands for the vendor's address. */
  readonly url: string;
  readonly token: string;
  /** Id of the drive, where the vendor has one. */
  readonly driveId?: string;
  /** A folder on the disk, for what a subject keeps on its side. */
  readonly folder: string;
  /** Requests so far. Errors: when some went past, so that a count of them would be wrong. */
  log(): readonly DriveCall[];
  /** How long each request takes from now on, besides what it takes. Units: ms. */
  setDelay(ms: number): void;
  /** Sends what is meant for the vendor to the fake. */
  readonly fetch: typeof globalThis.fetch;
  /** The way in by the vendor's own names, made when it is asked for first. */
  proxy(): Promise<ProxyFacts>;
  stop(): Promise<void>;
}

/** A fake, and what to call it from outside. */
export interface SiteSettings {
  readonly fake: {
    readonly url: string;
    requests(): number;
    stop(): Promise<void>;
  };
  readonly token: string;
  readonly driveId?: string;
  readonly folder: string;
  readonly vendor: VendorNames;
}

/** Puts a front before a fake. */
export async function openDriveSite(settings: SiteSettings): Promise<DriveSite> {
  const { fake, token, driveId, folder, vendor } = settings;
  const front = await startDriveFront(fake.url, vendor);
  let proxying: Promise<ProxyFacts & { stop(): Promise<void> }> | undefined;

  async function startProxy(): Promise<ProxyFacts & { stop(): Promise<void> }> {
    const names = Object.keys(vendor.hosts);
    const certificate = await makeCertificate(folder, names);
    const { url, stop } = await startVendorProxy(front, names, certificate);
    return { proxyUrl: url, certificateFile: certificate.file, stop };
  }

  return {
    url: front.url,
    token,
    ...(driveId !== undefined && { driveId }),
    folder,
    log() {
      const [seen, served] = [front.log.length, fake.requests()];
      if (seen !== served) {
        throw new Error(`${served} requests came to the fake, of which ${seen} were counted.`);
      }
      return front.log;
    },
    setDelay: front.setDelay,
    fetch(input, init) {
      const { origin, host, pathname, search } = new URL(
        input instanceof Request ? input.url : input,
      );
      const told = origin === `https://${host}` ? vendor.hosts[host] : undefined;
      if (told === undefined) return globalThis.fetch(input, init);
      const headers = new Headers(init?.headers);
      for (const [name, value] of Object.entries(told)) {
        if (value === undefined) headers.delete(name);
        else headers.set(name, value);
      }
      return globalThis.fetch(front.url + pathname + search, { ...init, headers });
    },
    proxy() {
      proxying ??= startProxy();
      return proxying;
    },
    async stop() {
      await (await proxying)?.stop();
      await front.stop();
      await fake.stop();
    },
  };
}
