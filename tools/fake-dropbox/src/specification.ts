import type { Routes } from './request.ts';

/** Fields that are known, and refused: they mean nothing in the fake, or are deprecated. */
const REFUSED: ReadonlySet<string> = new Set([
  'allow_ownership_transfer',
  'allow_shared_folder',
  'autorename',
  'include_deleted',
  'include_has_explicit_shared_members',
  'include_media_info',
  'include_mounted_folders',
  'include_property_groups',
  'include_restorable_info',
  'property_groups',
  'rev',
  'shared_link',
]);

/** A route as the specification has it. */
interface SpecifiedRoute {
  readonly argument: string;
  readonly isDeprecated: boolean;
  readonly attributes: Readonly<Record<string, string>>;
}

/** What the specification says of routes, and of the fields of structs. */
export interface Specification {
  /** By name, such as `files/delete_v2`. */
  readonly routes: ReadonlyMap<string, SpecifiedRoute>;
  /** Names of fields by struct, those of its parents included. */
  readonly fields: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Reads as much of the language Stone as is needed here. https://github.com/dropbox/stone/blob/main/docs/lang_ref.rst, read 2026-11-21 */
export function readSpecification(texts: readonly string[]): Specification {
  const routes = new Map<string, SpecifiedRoute>();
  const structs = new Map<
    string,
    { readonly parent: string | undefined; readonly own: Set<string> }
  >();
  for (const text of texts) {
    const namespace = /^namespace (\w+)/m.exec(text)?.[1] ?? '';
    for (const block of blocksOf(text)) {
      const route = /^route ([\w/]+)(?::(\d+))? \(([\w.]+), [\w.]+, [\w.]+\)( deprecated)?/.exec(
        block,
      );
      if (route) {
        const [, name = '', version = '1', argument = '', deprecated] = route;
        routes.set(`${namespace}/${name}${version === '1' ? '' : `_v${version}`}`, {
          argument: argument.split('.').at(-1) ?? '',
          isDeprecated: deprecated !== undefined,
          attributes: Object.fromEntries(
            [...block.matchAll(/^ {8}(\w+) = "?([^"\n]+)"?$/gm)].map(
              ([, field = '', value = '']) => [field, value],
            ),
          ),
        });
      }
      const struct = /^struct (\w+)(?: extends ([\w.]+))?/.exec(block);
      if (struct) {
        const [, name = '', parent] = struct;
        const body = block.split(/^ {4}example /m)[0] ?? '';
        const own = [...body.matchAll(/^ {4}(\w+) [\w.]+(?:\(.*\))?\??(?: = .*)?$/gm)];
        structs.set(name, {
          parent: parent?.split('.').at(-1),
          own: new Set(own.map(([, field = '']) => field)),
        });
      }
    }
  }
  const fieldsOf = (name: string | undefined): readonly string[] => {
    const struct = structs.get(name ?? '');
    return struct === undefined ? [] : [...fieldsOf(struct.parent), ...struct.own];
  };
  const fields = new Map([...structs.keys()].map((name) => [name, new Set(fieldsOf(name))]));
  return { routes, fields };
}

/** What the fake has otherwise than the specification, one line each; `new:` begins what it does not know. */
export function differences(known: Routes, { routes, fields }: Specification): readonly string[] {
  const found: string[] = [];
  for (const [name, route] of Object.entries(known)) {
    const specified = routes.get(name);
    if (specified === undefined) {
      found.push(`${name}: it is not in the specification`);
      continue;
    }
    const { scope, host = 'api', style = 'rpc', auth = 'user' } = specified.attributes;
    if (specified.isDeprecated) found.push(`${name}: it is deprecated`);
    if (route.scope !== scope && route.auth !== 'noauth')
      found.push(`${name}: the scope is ${scope}`);
    if (route.host !== host) found.push(`${name}: the host is ${host}`);
    if (route.style !== style) found.push(`${name}: the style is ${style}`);
    if ((route.auth ?? 'user') !== auth && !auth.includes('user'))
      found.push(`${name}: the auth is ${auth}`);
    const specifiedFields = fields.get(specified.argument) ?? new Set<string>();
    const own = new Set(Object.keys(route.fields ?? {}).map((field) => field.replace('!', '')));
    for (const field of own) {
      if (specifiedFields.has(field)) continue;
      found.push(`${name}: the field ${field} is not in the specification`);
    }
    for (const field of specifiedFields) {
      if (!own.has(field) && !REFUSED.has(field)) found.push(`new: ${name}: the field ${field}`);
    }
  }
  return found;
}

/** Top-level definitions. */
function blocksOf(text: string): readonly string[] {
  return text.split(/^(?=(?:route|struct|union|union_closed|alias|annotation) )/m);
}
