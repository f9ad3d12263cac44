import type { RunningServer, ServerStarters } from '../harness/servers.ts';

/*
 * What object stores are measured against, and the browser that pages are measured in. Each is loaded when it is started: a process that measures
 * a subject holds none of it.
 */

async function startS3(): Promise<RunningServer> {
  const services = await import('@granary-tools/services');
  const { stop, ...facts } = await services.startS3();
  return { facts, stop };
}

async function startAzure(): Promise<RunningServer> {
  const services = await import('@granary-tools/services');
  const { stop, ...facts } = await services.startAzure();
  return { facts, stop };
}

async function startGcs(): Promise<RunningServer> {
  const { startFakeGcs } = await import('@granary-tools/fake-gcs');
  const { url, projectId, credentials, stop } = await startFakeGcs();
  const { client_email: clientEmail, private_key: privateKey } = credentials;
  return { facts: { url, projectId, clientEmail, privateKey }, stop };
}

async function startSupabase(): Promise<RunningServer> {
  const { startFakeSupabase } = await import('@granary-tools/fake-supabase');
  const { url, serviceKey, stop } = await startFakeSupabase();
  return { facts: { url, serviceKey }, stop };
}

async function startBrowser(): Promise<RunningServer> {
  const { startBrowserServer } = await import('../browser/browser-server.ts');
  return startBrowserServer();
}

/** Servers that workloads name. */
export const servers: ServerStarters = {
  s3: startS3,
  azure: startAzure,
  gcs: startGcs,
  supabase: startSupabase,
  browser: startBrowser,
};
