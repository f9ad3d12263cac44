/** Parameters of the service's own requests that a write can be told. */
const QUERY_FIELDS = ['keepRevisionForever', 'useContentAsIndexableText'] as const;
/** Fields of a file that a write can be told. */
const BODY_FIELDS = [
  'copyRequiresWriterPermission',
  'description',
  'properties',
  'starred',
  'writersCanShare',
] as const;

/** Names that `native` of a put or an upload takes. */
export const NATIVE_OPTIONS: readonly string[] = /* @__PURE__ */ [...QUERY_FIELDS, ...BODY_FIELDS];

type Native = Readonly<Record<string, unknown>> | undefined;

/** What a write says in its address. */
export function nativeQuery(native: Native): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    QUERY_FIELDS.flatMap((name) => {
      const value = native?.[name];
      return value === undefined ? [] : [[name, String(value)]];
    }),
  );
}

/** What a write says of the file. */
export function nativeBody(native: Native): object {
  return Object.fromEntries(
    BODY_FIELDS.flatMap((name) => {
      const value = native?.[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
