import { accountRoutes } from './account-routes.ts';
import { fieldsProblem } from './check-fields.ts';
import { answerLink, contentRoutes } from './content-routes.ts';
import { fileRoutes } from './file-routes.ts';
import { listRoutes } from './list-routes.ts';
import { badRequest, Refusal } from './refusal.ts';
import type { Call, FakeAnswer, FakeRequest, Route, Routes } from './request.ts';
import { sessionRoutes } from './session-routes.ts';

/** Every route that the fake knows. */
export const ROUTES: Routes = {
  ...fileRoutes,
  ...listRoutes,
  ...contentRoutes,
  ...sessionRoutes,
  ...accountRoutes,
};

/** Types of bodies that a route of each style takes. https://www.dropbox.com/developers/documentation/http/documentation, read 2026-11-21 */
const CONTENT_TYPES: Readonly<Record<Route['style'], RegExp>> = {
  rpc: /^(?:application\/json(?:; ?charset=utf-8)?|text\/plain; charset=dropbox-cors-hack)$/i,
  upload: /^(?:application\/octet-stream|text\/plain; charset=dropbox-cors-hack)$/i,
  download:
    /^(?:application\/octet-stream(?:; ?charset=utf-8)?|text\/plain(?:; ?charset=(?:utf-8|dropbox-cors-hack))?)$/i,
};
const ASCII = /^[ -~]*$/;
const QUERY: ReadonlySet<string> = new Set(['arg', 'authorization', 'reject_cors_preflight']);
const KNOWN_HEADERS =
  /^(?:host|connection|authorization|user-agent|content-type|content-length|transfer-encoding|cache-control|pragma|range|origin|referer|expect|accept(?:-.*)?|sec-fetch-.*|dropbox-api-(?:arg|path-root|select-user)|x-fake-host)$/;

/** What a call is answered with, besides its request. */
export type Surroundings = Omit<Call, 'name' | 'request' | 'arg' | 'grant'>;

/** Finds the route, checks everything that came, and answers. Errors: `Refusal`. */
export async function answerCall(request: FakeRequest, around: Surroundings): Promise<FakeAnswer> {
  const { path, method, headers, query } = request;
  const linked = /^\/link\/([\w-]+)$/.exec(path)?.[1];
  const bare = { ...around, request, arg: {}, grant: undefined };
  if (linked !== undefined) return answerLink({ ...bare, name: 'link' }, linked);
  if (path === '/oauth2/token' && method === 'POST') return around.accounts.token(request);
  const [, name = ''] = /^\/2\/(.+)$/.exec(path) ?? [];
  const route = Object.hasOwn(ROUTES, name) ? ROUTES[name] : undefined;
  if (route === undefined) throw badRequest(name, 'Unknown API function.');
  if (method !== 'POST' && !(method === 'GET' && route.style === 'download')) {
    throw new Refusal(405, 'Method Not Allowed');
  }
  for (const header of Object.keys(headers)) {
    if (!KNOWN_HEADERS.test(header)) throw badRequest(name, `unexpected HTTP header "${header}"`);
  }
  for (const option of query.keys()) {
    if (!QUERY.has(option)) throw badRequest(name, `unexpected URL parameter "${option}"`);
  }
  const host = headers['x-fake-host'];
  if (host !== undefined && host !== route.host) {
    throw new Refusal(404, `This function is at ${route.host}.dropboxapi.com.`);
  }
  const authorization = headers['authorization'] ?? query.get('authorization') ?? undefined;
  if (route.auth === 'noauth' && authorization !== undefined) {
    throw badRequest(name, 'This API function takes no authorization.');
  }
  const grant =
    route.auth === 'noauth' ? undefined : around.accounts.check(name, authorization, route.scope);
  checkPathRoot(request);
  const arg = argumentOf(name, route, request);
  return await route.answer({ ...around, name, request, arg, grant });
}

/** https://www.dropbox.com/developers/reference/path-root-header-modes, read 2026-11-21: a root that is none is 422. */
function checkPathRoot({ headers }: FakeRequest): void {
  const header = headers['dropbox-api-path-root'];
  if (header === undefined) return;
  const root = parse(header) as Readonly<Record<string, unknown>> | undefined;
  const id = root?.['namespace_id'] ?? root?.['root'];
  if (root?.['.tag'] === 'home' || id === '1') return;
  throw new Refusal(422, 'invalid_root/', { '.tag': 'no_permission' });
}

function argumentOf(
  name: string,
  route: Route,
  { headers, body, query }: FakeRequest,
): Readonly<Record<string, unknown>> {
  const type = headers['content-type'];
  const hasBody = body.length > 0 && route.style !== 'download';
  if ((type !== undefined || hasBody) && !CONTENT_TYPES[route.style].test(type ?? '')) {
    throw badRequest(name, `Bad HTTP "Content-Type" header: "${type}".`);
  }
  const header = headers['dropbox-api-arg'];
  if (header !== undefined && route.style === 'rpc') {
    throw badRequest(name, 'This API function takes its argument as body.');
  }
  // Node hands out every byte beyond ASCII as a character of its own.
  if (header !== undefined && !ASCII.test(header)) {
    throw badRequest(name, 'HTTP header "Dropbox-API-Arg": could not decode input as JSON');
  }
  const source =
    route.style === 'rpc' ? body.toString() : (header ?? query.get('arg') ?? undefined);
  if (source === undefined) {
    throw badRequest(name, 'Must provide HTTP header "Dropbox-API-Arg" or URL parameter "arg".');
  }
  const value = source === '' ? null : parse(source);
  if (route.fields === null) {
    if (value === null) return {};
    throw badRequest(name, 'request body: expected null, got value');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badRequest(name, 'could not decode input as JSON');
  }
  const problem = fieldsProblem(value, route.fields);
  if (problem !== undefined) throw badRequest(name, `request body: ${problem}`);
  const given = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(given);
}

function parse(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return undefined;
  }
}
