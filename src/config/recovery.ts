// Variables of watching and recovery: how often we look, how long we wait, when we give up.
import { type Variable, withDefault } from './reading.ts'
import { duration, rate, wholeNumber } from './values.ts'

export const recoveryVariables = {
  HEALTHCHECK_INTERVAL: withDefault(
    duration(100),
    '30s',
    'Between two looks of the monitor at everything; events are seen at once.',
  ),
  HEARTBEAT_INTERVAL: withDefault(
    duration(50, { zeroIsOff: true }),
    '30s',
    'Between two heartbeats of a session; 0 = off.',
  ),
  HEARTBEAT_TIMEOUT: withDefault(
    duration(50),
    '10s',
    'A heartbeat that is not answered for so long is lost.',
  ),
  MAX_STARTUP_TIME: withDefault(
    duration(1000),
    '120s',
    'From start to RUNNING; the clock stands still while an image is pulled and a 2FA request is open.',
  ),
  TWOFA_TIMEOUT: withDefault(
    duration(1000),
    '180s',
    'How long IB waits for the approval of one 2FA request.',
  ),
  TWOFA_MAX_PUSHES: withDefault(
    wholeNumber(1, 20),
    '3',
    '2FA requests sent to the phone before the gateway is locked.',
  ),
  RECONNECT_ATTEMPTS: withDefault(
    wholeNumber(1, 1000),
    '5',
    'Tries to reopen a lost session before the gateway is restarted.',
  ),
  RECONNECT_WINDOW: withDefault(duration(100), '60s', 'Time for those tries.'),
  SHUTDOWN_TIMEOUT: withDefault(
    duration(100),
    '60s',
    'Time for stopping all gateways at the end; what is left is killed.',
  ),
  LOGIN_BUDGET_REJECTED: withDefault(
    rate(24 * 3_600_000),
    '3 per 24 h',
    'Rejected logins per user name before the gateway is locked; 0 = off.',
  ),
  LOGIN_BUDGET_STARTS: withDefault(
    rate(15 * 60_000),
    '6 per 15 min',
    'Logins started per user name; 0 = off.',
  ),
  CRASH_LOOP_LIMIT: withDefault(
    rate(10 * 60_000),
    '5 per 10 min',
    'Unasked-for ends of a container before the gateway is locked; 0 = off.',
  ),
} satisfies Record<string, Variable<unknown>>
