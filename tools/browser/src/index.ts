export {
  type Browser,
  type BrowserOptions,
  type Origin,
  type Site,
  startBrowser,
  type TabOptions,
} from './browser.ts';
export { type BrowserName, findBrowser, whyNoBrowser } from './find-browser.ts';
export type { Place } from './place.ts';
export type { Tab } from './tab.ts';
