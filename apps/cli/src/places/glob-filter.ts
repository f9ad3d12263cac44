import picomatch from 'picomatch';

/** Which keys of a tree are meant. */
export type KeyFilter = (key: string) => boolean;

/**
 * Chooses keys by glob. A glob without a slash is held against the last segment at any depth, one
 * with a slash against the whole key below the folder; `*` stays inside a segment, `**` does not.
 * A key passes that matches one of `include` (all do when there is none) and none of `exclude`.
 */
export function globFilter(include: readonly string[], exclude: readonly string[]): KeyFilter {
  const includes = include.map(globMatcher);
  const excludes = exclude.map(globMatcher);
  return (key) =>
    (includes.length === 0 || includes.some((matches) => matches(key))) &&
    !excludes.some((matches) => matches(key));
}

/** Reads one glob. Names that begin with a dot are ordinary names. */
function globMatcher(glob: string): KeyFilter {
  const pattern = glob.replace(/^\//, '').replace(/\/$/, '/**');
  const matches = picomatch(pattern, { dot: true });
  if (glob.includes('/')) return (key) => matches(key);
  return (key) => matches(key.slice(key.lastIndexOf('/') + 1));
}
