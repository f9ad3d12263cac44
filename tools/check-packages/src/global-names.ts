import { type ParseResult, visitorKeys } from 'oxc-parser';

/** A node of the syntax tree, as far as walking needs to know it. */
interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}

const GLOBAL_OBJECTS: ReadonlySet<unknown> = new Set(['globalThis', 'self', 'window', 'global']);

/** Fields whose identifier only names a member, an export or a label. */
const NAME_FIELDS: ReadonlySet<string> = new Set(['exported', 'imported', 'key', 'label']);

/**
 * Returns the names that a file uses and declares nowhere: its globals, members of `globalThis`
 * among them. Scopes are not told apart: a name that is declared anywhere in the file is no global.
 */
export function globalNames(program: ParseResult['program']): ReadonlySet<string> {
  const used = new Set<string>();
  const declared = new Set<string>();

  function visit(node: Node, parent: Node, field: string): void {
    for (const name of declaredNames(node)) declared.add(name);
    const name = referredName(node, parent, field);
    if (name !== undefined) used.add(name);
    for (const key of visitorKeys[node.type] ?? []) {
      for (const child of nodes(node[key])) visit(child, node, key);
    }
  }

  const root = program as unknown as Node;
  visit(root, root, '');
  return new Set([...used].filter((name) => !declared.has(name)));
}

/** Returns the global-looking name that a node refers to, if it does. */
function referredName(node: Node, parent: Node, field: string): string | undefined {
  if (node.type === 'MemberExpression') {
    const [object] = nodes(node['object']);
    const isGlobal = object?.type === 'Identifier' && GLOBAL_OBJECTS.has(object['name']);
    return isGlobal ? memberName(node) : undefined;
  }
  if (node.type !== 'Identifier') return undefined;
  const isName =
    (NAME_FIELDS.has(field) && parent['computed'] !== true) ||
    (parent.type === 'MemberExpression' && field === 'property' && parent['computed'] !== true) ||
    (parent.type === 'TSQualifiedName' && field === 'right');
  return isName ? undefined : String(node['name']);
}

function memberName(node: Node): string | undefined {
  const [property] = nodes(node['property']);
  if (node['computed'] !== true) return String(property?.['name']);
  return typeof property?.['value'] === 'string' ? property['value'] : undefined;
}

/** Returns the names that a node brings into scope. */
function declaredNames(node: Node): readonly string[] {
  const bindings = [
    ...nodes(node['params']),
    ...nodes(node['param']),
    ...nodes(node['id']),
    ...(node.type.startsWith('Import') ? nodes(node['local']) : []),
    ...(node.type === 'TSTypeParameter' ? nodes(node['name']) : []),
  ];
  return bindings.flatMap(patternNames);
}

function patternNames(pattern: Node): readonly string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [String(pattern['name'])];
    case 'AssignmentPattern':
      return nodes(pattern['left']).flatMap(patternNames);
    case 'RestElement':
      return nodes(pattern['argument']).flatMap(patternNames);
    case 'ArrayPattern':
      return nodes(pattern['elements']).flatMap(patternNames);
    case 'ObjectPattern':
      return nodes(pattern['properties']).flatMap((property) =>
        patternNames(nodes(property['value'])[0] ?? property),
      );
    default:
      return [];
  }
}

/** Returns the nodes that a field holds: one, several, or none. */
function nodes(value: unknown): readonly Node[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.filter(
    (item): item is Node => typeof item === 'object' && item !== null && 'type' in item,
  );
}
