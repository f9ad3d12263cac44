/** A list of rows that all have the same height, and the part of it that can be seen. Units: px. */
export interface RowWindow {
  readonly scrollTop: number;
  readonly viewportHeight: number;
  readonly rowHeight: number;
  readonly count: number;
}

/** The rows to draw: those in sight, and `spare` ones on either side. `end` is the first one that is not drawn. */
export function rowsToDraw(
  { scrollTop, viewportHeight, rowHeight, count }: RowWindow,
  spare: number,
): { readonly start: number; readonly end: number } {
  const first = Math.floor(Math.max(0, scrollTop) / rowHeight);
  const inSight = Math.ceil(viewportHeight / rowHeight) + 1;
  const end = Math.min(count, first + inSight + spare);
  return { start: Math.min(end, Math.max(0, first - spare)), end };
}

/** Where to scroll so that a row is in sight, moving as little as possible. */
export function scrollTopFor(
  index: number,
  { scrollTop, viewportHeight, rowHeight }: RowWindow,
): number {
  const top = index * rowHeight;
  if (top < scrollTop) return top;
  const bottom = top + rowHeight - viewportHeight;
  return bottom > scrollTop ? bottom : scrollTop;
}

/** The row that a key goes to from the active one (-1: none). Nothing for keys that do not move. */
export function rowAfterKey(
  key: string,
  active: number,
  { viewportHeight, rowHeight, count }: RowWindow,
): number | undefined {
  if (count === 0) return undefined;
  const page = Math.max(1, Math.floor(viewportHeight / rowHeight) - 1);
  const to = (index: number) => Math.min(count - 1, Math.max(0, index));
  switch (key) {
    case 'ArrowDown':
      return to(active + 1);
    case 'ArrowUp':
      return to(active - 1);
    case 'PageDown':
      return to(active + page);
    case 'PageUp':
      return to(active - page);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}
