/** One step of the trial of a place. It fails with what it throws. */
export interface Step {
  readonly name: string;
  run(): Promise<unknown>;
}
