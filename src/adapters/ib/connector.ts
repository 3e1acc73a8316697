// The ib port over @stoqey/ib's raw IBApi.
import type { IbConnector } from '../../ports/ib.ts'
import { IbApiConnection } from './connection.ts'

/** Opens real TWS API connections. */
export function ibConnector(): IbConnector {
  return { open: (target, listener) => new IbApiConnection(target, listener) }
}
