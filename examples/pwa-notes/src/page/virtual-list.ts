import { element } from './element.ts';
import { type RowWindow, rowAfterKey, rowsToDraw, scrollTopFor } from './visible-rows.ts';

/** A list of any length of which only the rows in sight exist. */
export interface VirtualList {
  readonly element: HTMLElement;
  /** Takes the number of rows and draws what is in sight anew. */
  update(count: number): void;
  /** Makes a row the active one, and shows it unless `isQuiet`. -1: none. */
  activate(index: number, isQuiet?: boolean): void;
  readonly active: number;
  close(): void;
}

/** What {@link createVirtualList} works by. */
export interface VirtualListOptions {
  readonly label: string;
  /** Fills a row, which may have held another one before. */
  readonly draw: (row: HTMLElement, index: number) => void;
  /** The row was clicked, or Enter was pressed on it. */
  readonly onOpen: (index: number) => void;
}

/** Rows drawn beyond either edge, so that a fling shows no gap before the next frame. */
const SPARE_ROWS = 6;

/**
 * Makes a list box of rows of one height. The focus stays on the list, and `aria-activedescendant`
 * names the active row, which therefore always exists; position and size are told on each row.
 */
export function createVirtualList({ label, draw, onOpen }: VirtualListOptions): VirtualList {
  const box = element('div', {
    class: 'rows',
    role: 'listbox',
    tabindex: '0',
    'aria-label': label,
  });
  const space = element('div', { class: 'rows-space', role: 'presentation' });
  const probe = element('div', { class: 'row', 'aria-hidden': 'true' });
  box.append(space);

  /** Rows that are drawn, by index, and rows that wait to be used again. */
  const drawn = new Map<number, HTMLElement>();
  const free: HTMLElement[] = [];
  let count = 0;
  let active = -1;
  let frame = 0;
  let rowHeight = 0;

  const rows = (): RowWindow => ({
    scrollTop: box.scrollTop,
    viewportHeight: box.clientHeight,
    rowHeight,
    count,
  });

  function measure(): void {
    probe.style.visibility = 'hidden';
    space.append(probe);
    rowHeight = probe.offsetHeight || 76;
    probe.remove();
    space.style.height = `${count * rowHeight}px`;
  }

  function release(index: number, row: HTMLElement): void {
    drawn.delete(index);
    row.remove();
    free.push(row);
  }

  function place(index: number): void {
    let row = drawn.get(index);
    if (row === undefined) {
      row = free.pop() ?? element('div', { class: 'row', role: 'option' });
      drawn.set(index, row);
      fill(row, index);
      row.style.transform = `translateY(${index * rowHeight}px)`;
      space.append(row);
    }
  }

  function fill(row: HTMLElement, index: number): void {
    row.id = `row-${index}`;
    row.dataset['index'] = String(index);
    row.setAttribute('aria-posinset', String(index + 1));
    row.setAttribute('aria-setsize', String(count));
    row.setAttribute('aria-selected', String(index === active));
    draw(row, index);
  }

  /** Draws what has come into sight, and lets go of what has left it. */
  function drawInSight(): void {
    frame = 0;
    const { start, end } = rowsToDraw(rows(), SPARE_ROWS);
    for (const [index, row] of drawn) {
      if ((index < start || index >= end) && index !== active) release(index, row);
    }
    for (let index = start; index < end; index += 1) place(index);
    if (active >= 0 && active < count) place(active);
  }

  function drawAnew(): void {
    space.style.height = `${count * rowHeight}px`;
    for (const [index, row] of drawn) {
      if (index >= count) release(index, row);
      else fill(row, index);
    }
    drawInSight();
  }

  function activate(index: number, isQuiet = false): void {
    drawn.get(active)?.setAttribute('aria-selected', 'false');
    active = index < count ? index : -1;
    if (active === -1) {
      box.removeAttribute('aria-activedescendant');
      return;
    }
    if (!isQuiet) box.scrollTop = scrollTopFor(active, rows());
    drawInSight();
    drawn.get(active)?.setAttribute('aria-selected', 'true');
    box.setAttribute('aria-activedescendant', `row-${active}`);
  }

  box.addEventListener(
    'scroll',
    () => {
      if (frame === 0) frame = requestAnimationFrame(drawInSight);
    },
    { passive: true },
  );
  box.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && active >= 0) {
      event.preventDefault();
      onOpen(active);
      return;
    }
    const next = rowAfterKey(event.key, active, rows());
    if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    activate(next);
  });
  box.addEventListener('focus', () => {
    if (active === -1 && count > 0) activate(0, true);
  });
  box.addEventListener('click', ({ target }) => {
    const row = target instanceof Element ? target.closest<HTMLElement>('.row') : null;
    if (row === null) return;
    activate(Number(row.dataset['index']), true);
    onOpen(active);
  });

  const observer = new ResizeObserver(() => {
    const before = rowHeight;
    measure();
    // A larger font makes higher rows.
    if (before !== rowHeight) for (const [index, row] of drawn) release(index, row);
    drawInSight();
  });
  observer.observe(box);

  return {
    element: box,
    update(next) {
      count = next;
      if (rowHeight === 0) measure();
      if (active >= count) activate(-1);
      drawAnew();
    },
    activate,
    get active() {
      return active;
    },
    close() {
      observer.disconnect();
      cancelAnimationFrame(frame);
    },
  };
}
