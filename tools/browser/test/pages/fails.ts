// Fails while it loads.
export function never(): void {}

throw new Error('this module is broken');
