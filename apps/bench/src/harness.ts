export { drive, driveTimed, mibPerSecond, perSecond } from './harness/drive.ts';
export {
  type Durability,
  defineSubject,
  openStore,
  type Store,
  type StoreAbility,
  type StoreSubject,
  type Subject,
} from './harness/subject.ts';
export {
  defineWorkload,
  type Metric,
  type Readings,
  type Scale,
  type Session,
  type SessionPlace,
  type Workload,
} from './harness/workload.ts';
