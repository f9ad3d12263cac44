import { FILE_FIELDS, METHODS, REVISION_FIELDS, WRITABLE_FIELDS } from './description.ts';

/** A discovery document, as far as it is looked at. */
export interface DiscoveryDocument {
  readonly resources?: Readonly<
    Record<string, { readonly methods?: Readonly<Record<string, DiscoveryMethod>> }>
  >;
  readonly schemas?: Readonly<
    Record<string, { readonly properties?: Readonly<Record<string, unknown>> }>
  >;
}

interface DiscoveryMethod {
  readonly id?: string;
  readonly httpMethod?: string;
  readonly path?: string;
  readonly parameters?: Readonly<Record<string, { readonly location?: string }>>;
  readonly scopes?: readonly string[];
}

const SCOPE = 'https://www.googleapis.com/auth/';

/** What the published description says otherwise than the fake knows, a line each. */
export function compareDescription(document: DiscoveryDocument): readonly string[] {
  const published = new Map<string, DiscoveryMethod>();
  for (const { methods = {} } of Object.values(document.resources ?? {})) {
    for (const method of Object.values(methods)) {
      published.set((method.id ?? '').replace(/^drive\./, ''), method);
    }
  }
  const lines: string[] = [];
  for (const [name, known] of Object.entries(METHODS)) {
    const method = published.get(name);
    if (method === undefined) {
      lines.push(`${name}: is not there any more`);
      continue;
    }
    if (method.httpMethod !== known.http || method.path !== known.path) {
      lines.push(`${name}: is ${method.httpMethod} ${method.path}`);
    }
    const parameters = Object.entries(method.parameters ?? {})
      .filter(([, { location }]) => location === 'query')
      .map(([parameter]) => parameter);
    lines.push(...differences(`${name}: parameter`, known.query, parameters));
    const scopes = (method.scopes ?? []).map((scope) => scope.replace(SCOPE, ''));
    const gone = known.scopes.filter((scope) => !scopes.includes(scope));
    lines.push(...gone.map((scope) => `${name}: scope ${scope} is not enough any more`));
  }
  for (const [schema, fields] of [
    ['File', [...FILE_FIELDS, ...WRITABLE_FIELDS]],
    ['Revision', REVISION_FIELDS],
  ] as const) {
    const properties = Object.keys(document.schemas?.[schema]?.properties ?? {});
    const gone = [...new Set(fields)].filter((field) => !properties.includes(field));
    lines.push(...gone.map((field) => `${schema}: has no field ${field} any more`));
  }
  return lines;
}

function differences(
  what: string,
  known: readonly string[],
  published: readonly string[],
): readonly string[] {
  return [
    ...published.filter((name) => !known.includes(name)).map((name) => `${what} ${name} is new`),
    ...known
      .filter((name) => !published.includes(name))
      .map((name) => `${what} ${name} is not there any more`),
  ];
}
