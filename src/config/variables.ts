// Every variable that the server takes, in the sections that people read them in. The one table behind config.ts and .env.example.

import { alertVariables } from './alerts.ts'
import { credentialVariables } from './credentials.ts'
import { doorVariables } from './doors.ts'
import { forwardingVariables } from './forwarding.ts'
import { gatewayVariables } from './gateways.ts'
import { marketDataVariables } from './market-data.ts'
import type { ValuesOf, Variable } from './reading.ts'
import { recoveryVariables } from './recovery.ts'
import { serverVariables, storeVariables } from './server.ts'
import { telemetryVariables } from './telemetry.ts'

export interface Section {
  readonly title: string
  readonly variables: Readonly<Record<string, Variable<unknown>>>
}

export const sections: readonly Section[] = [
  { title: 'Server', variables: serverVariables },
  { title: 'Store', variables: storeVariables },
  { title: 'Who may come in', variables: doorVariables },
  { title: 'Gateways', variables: gatewayVariables },
  { title: 'Watching and recovery', variables: recoveryVariables },
  { title: 'Alerts', variables: alertVariables },
  { title: 'Credentials', variables: credentialVariables },
  { title: 'Market data', variables: marketDataVariables },
  { title: 'Forwarding', variables: forwardingVariables },
  { title: 'Telemetry', variables: telemetryVariables },
]

export const variables = {
  ...serverVariables,
  ...storeVariables,
  ...doorVariables,
  ...gatewayVariables,
  ...recoveryVariables,
  ...alertVariables,
  ...credentialVariables,
  ...marketDataVariables,
  ...forwardingVariables,
  ...telemetryVariables,
}

export type Values = ValuesOf<typeof variables>
