export type {
  CutRequestFault,
  CutResponseFault,
  FaultedRequest,
  FaultScope,
  HtmlFault,
  LoseReplyFault,
  ProxyFault,
  RedirectFault,
  RefuseFault,
  StallFault,
  StatusFault,
  WrongLengthFault,
} from './fault-proxy/faults.ts';
export {
  type FaultProxy,
  type FaultProxyOptions,
  startFaultProxy,
} from './fault-proxy/start-fault-proxy.ts';
