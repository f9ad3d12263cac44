// Waits while it loads: calls that come meanwhile are kept.
await new Promise((resolve) => setTimeout(resolve, 50));

export function origin(): string {
  return location.origin;
}
