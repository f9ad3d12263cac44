export { CheckError } from './check.ts';
export { runCli } from './cli.ts';
export type { Fault, GapReason, Harness, OpenStore, Outside } from './harness.ts';
export { type PropertyOptions, runProperties } from './model/run-properties.ts';
export {
  badgeOf,
  type ConformanceReport,
  describeCapabilities,
  type FormatOptions,
  formatReport,
  type ScenarioReport,
  type ScenarioVerdict,
} from './report.ts';
export { type ConformanceOptions, runConformance } from './run-conformance.ts';
export { type Need, type Scenario, type ScenarioContext, scenarioName } from './scenario.ts';
export { allScenarios, engineScenarios, providerScenarios } from './scenarios.ts';
export { sharedStore } from './shared-store.ts';
