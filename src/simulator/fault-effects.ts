// What each fault does to the parts of a gateway.
import type { ApiServer } from './api-server.ts'
import type { Fault } from './faults.ts'
import type { IbcProcess } from './ibc-process.ts'
import type { OrderDesk } from './order-desk.ts'

export function applyFault(
  fault: Fault,
  { api, process, desk }: { api: ApiServer; process: IbcProcess; desk: OrderDesk },
): void {
  switch (fault.name) {
    case 'drop':
      api.drop()
      break
    case 'mute':
      api.mute()
      break
    case 'half-open':
      api.freeze()
      break
    case 'slow':
      api.slow(fault.delayMs)
      break
    case '1100':
    case '2110':
      api.loseUpstream(fault.name === '1100' ? 1100 : 2110)
      break
    case '1101':
    case '1102':
      api.restoreUpstream(fault.name === '1101' ? 1101 : 1102)
      break
    case 'farm-down':
    case 'farm-up':
      api.setFarms(fault.name === 'farm-up')
      break
    case 'nightly-restart':
      if (process.phase === 'logged-in') void process.restart()
      break
    case 'exit':
      process.exit(fault.code)
      break
    case 'oom':
      process.exit(137)
      break
    case 'reject-326':
      api.rejectClients()
      break
    case 'refuse-login':
      process.refusesLogins = true
      break
    case 'approve-2fa':
      process.approveTwofa()
      break
    case 'handshake':
      api.breakHandshake(fault.mode)
      break
    case 'order-delay':
      desk.delayMs = fault.delayMs
      break
    case 'order-silent':
      desk.silent = true
      break
    case 'order-reject':
      desk.rejection = fault.text
      break
    case 'order-any-hour':
      desk.openMarkets()
      break
    case 'executions-endless':
      desk.endlessExecutions = true
      break
    case 'clear':
      process.refusesLogins = false
      api.clear()
      break
  }
}
