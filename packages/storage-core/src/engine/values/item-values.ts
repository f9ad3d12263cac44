export { decodeItem, unreadableJson } from './decode-value.ts';
export { encodeItem } from './encode-value.ts';
