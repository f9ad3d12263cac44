export { drive, driveTimed, mibPerSecond, perSecond } from './harness/drive.ts';
export { fact, type RunningServer, type ServerFacts } from './harness/servers.ts';
export {
  type Durability,
  defineSubject,
  type OpenableSubject,
  openStore,
  type Store,
  type StoreAbility,
  type StoreSubject,
  type Subject,
} from './harness/subject.ts';
export {
  defineWorkload,
  type LeftOut,
  type Metric,
  type Readings,
  type Rounds,
  type Scale,
  type Session,
  type SessionPlace,
  type Workload,
} from './harness/workload.ts';
