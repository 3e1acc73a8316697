// System messages of the gateway, by code: connectivity to IBKR and the state of its data farms.
// Source: texts captured from live gateways and IBKR's list of message codes.

export const connectivity = {
  1100: 'Connectivity between IBKR and Trader Workstation has been lost.',
  1101: 'Connectivity between IBKR and Trader Workstation has been restored - data lost.',
  1102: 'Connectivity between IBKR and Trader Workstation has been restored - data maintained. All data farms are connected: usfarm; ushmds; secdefnj.',
  2110: 'Connectivity between Trader Workstation and server is broken. It will be restored automatically.',
} as const

export const clientIdTaken =
  'Unable to connect as the client id is already in use. Retry with a unique client id.'

type Notice = readonly [code: number, text: string]

export const farmsDown: readonly Notice[] = [
  [2103, 'Market data farm connection is broken:usfarm'],
  [2105, 'HMDS data farm connection is broken:ushmds'],
  [2157, 'Sec-def data farm connection is broken:secdefnj'],
]

export const farmsUp: readonly Notice[] = [
  [2104, 'Market data farm connection is OK:usfarm'],
  [2106, 'HMDS data farm connection is OK:ushmds'],
  [2158, 'Sec-def data farm connection is OK:secdefnj'],
]
