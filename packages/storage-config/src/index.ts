export { LAYER_NAMES, type LayerName } from './layer-shapes.ts';
export type { LayerTable, OpenedProvider, OpenLayer } from './open-provider.ts';
export { type OpenStoresOptions, openStores, type Stores } from './open-stores.ts';
export {
  type ParseConfigOptions,
  type ProviderConfig,
  parseConfig,
  type RoutingRule,
  type StorageConfig,
} from './parse-config.ts';
export { type ConfigProblem, configProblems, formatProblem } from './problems.ts';
export { configSchema, type JsonSchema } from './schema.ts';
export type { Environment } from './substitute.ts';
