import { describeError } from '../notes/describe-error.ts';
import { button, element } from './element.ts';

/** Something that can be done about a notice. */
export interface NoticeAction {
  readonly label: string;
  readonly run: () => void;
}

/** A notice that is shown. */
export interface Notice {
  /** Takes it away without its end being told. */
  close(): void;
}

/** Tells people what happened. Screen readers hear it: errors at once, the rest when they pause. */
export interface Notices {
  readonly element: HTMLElement;
  /** Shows a notice for a while. `onEnd` is called when nobody chose the action. */
  tell(text: string, action?: NoticeAction, onEnd?: () => void): Notice;
  /** Shows what went wrong, with what can be done, until it is closed. The same error is shown once. */
  fail(what: string, error: unknown, action?: NoticeAction): Notice;
}

/** How long a notice stays: one with something to do, and one that only tells. Units: ms. */
export interface NoticeTimes {
  readonly toAct: number;
  readonly toRead: number;
}

const STAYS_MS: NoticeTimes = { toAct: 8000, toRead: 4000 };

/** Makes the place of notices. */
export function createNotices(stays: NoticeTimes = STAYS_MS): Notices {
  const calm = element('div', { class: 'notices-calm', role: 'status' });
  const urgent = element('div', { class: 'notices-urgent', role: 'alert' });
  const failures = new Map<string, Notice>();

  function show(
    place: HTMLElement,
    box: HTMLElement,
    action: NoticeAction | undefined,
    onEnd: () => void,
  ) {
    const end = (isOver: boolean) => {
      if (!box.isConnected) return;
      box.remove();
      if (isOver) onEnd();
    };
    const actions = element('div', { class: 'notice-actions' });
    if (action !== undefined) {
      const run = () => {
        end(false);
        action.run();
      };
      actions.append(button({ label: action.label, class: 'button-quiet', onClick: run }));
    }
    const close = () => end(true);
    actions.append(button({ label: 'Dismiss', icon: 'close', isIconOnly: true, onClick: close }));
    box.append(actions);
    place.append(box);
    return { close: () => end(false), end: () => end(true) };
  }

  return {
    element: element('div', { class: 'notices' }, urgent, calm),
    tell(text, action, onEnd = () => {}) {
      const box = element('div', { class: 'notice' }, element('p', {}, text));
      let timer = 0;
      const notice = show(calm, box, action, () => {
        clearTimeout(timer);
        onEnd();
      });
      const wait = () => {
        clearTimeout(timer);
        timer = window.setTimeout(notice.end, action === undefined ? stays.toRead : stays.toAct);
      };
      wait();
      // Nobody should have to hurry: it waits while it is read or used.
      const stay = () => clearTimeout(timer);
      for (const name of ['pointerenter', 'focusin']) box.addEventListener(name, stay);
      for (const name of ['pointerleave', 'focusout']) box.addEventListener(name, wait);
      return notice;
    },
    fail(what, error, action) {
      const { title, hint, details } = describeError(what, error);
      failures.get(title + hint)?.close();
      const box = element('div', { class: 'notice is-error' });
      const words = element('div', {}, element('p', { class: 'notice-title' }, title));
      if (hint !== '') words.append(element('p', {}, hint));
      if (details !== hint) {
        words.append(
          element(
            'details',
            {},
            element('summary', {}, 'Details'),
            element('p', { class: 'notice-details' }, details),
          ),
        );
      }
      box.append(words);
      const notice = show(urgent, box, action, () => failures.delete(title + hint));
      failures.set(title + hint, notice);
      return notice;
    },
  };
}
