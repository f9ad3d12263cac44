/** The spellings of a new backend's or layer's name. */
export interface Names {
  /** As in folders and file names: `my-cloud`. */
  readonly id: string;
  /** As in types and factories: `MyCloud`. */
  readonly pascal: string;
  /** As in functions: `myCloud`. */
  readonly camel: string;
  /** As in constants and variables of the environment: `MY_CLOUD`. */
  readonly constant: string;
}

/** Returns the spellings of an id. Throws when it is not kebab-case. */
export function namesOf(id: string): Names {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id)) {
    throw new Error(`'${id}' is no name: write it in lower case with dashes, such as 'my-cloud'.`);
  }
  const pascal = id.replace(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase());
  return {
    id,
    pascal,
    camel: pascal.charAt(0).toLowerCase() + pascal.slice(1),
    constant: id.toUpperCase().replaceAll('-', '_'),
  };
}

/**
 * Returns a template's text or file name for these names. Templates are real code for a service
 * called Acme.
 */
export function renamed(text: string, { id, pascal, camel, constant }: Names): string {
  return text
    .replaceAll('ACME', constant)
    .replaceAll('Acme', pascal)
    .replace(/\bacme(?=[A-Z])/g, camel)
    .replaceAll('acme', id);
}
