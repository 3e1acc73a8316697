// `simctl FAULT [ARG]`: hands a fault to the simulated gateway that runs in the same container.
import { connect } from 'node:net'
import { faultNames, handshakeFaults, parseFault, UnknownFault } from './faults.ts'

/** Where the gateway of a container listens for faults. */
export const controlSocket = '/tmp/simctl.sock'

const usage = `usage: simctl FAULT [ARG]
faults: ${faultNames.join(' ')}
  slow [MS]       delay every answer [2000]
  exit [STATUS]   end the gateway [1]
  oom             run out of memory: a real kill where the container has a limit
  handshake MODE  ${Object.entries(handshakeFaults)
    .map(([mode, text]) => `${mode} ${text}`)
    .join('; ')}
`

/** Resolves with the exit code: 0 applied, 1 no gateway to talk to, 2 not a fault. */
export async function simctl(args: readonly string[], print: (text: string) => void): Promise<number> {
  try {
    parseFault(args.join(' '))
  } catch (error) {
    if (!(error instanceof UnknownFault)) throw error
    print(`${args.length === 0 ? '' : `simctl: ${error.message}\n`}${usage}`)
    return 2
  }
  try {
    await tell(args.join(' '))
    return 0
  } catch (error) {
    print(`simctl: no simulated gateway answers at ${controlSocket}: ${(error as Error).message}\n`)
    return 1
  }
}

/** Resolves when the gateway has closed the connection: it does so after the fault, or by ending. */
function tell(fault: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(controlSocket, () => socket.end(`${fault}\n`))
    socket.on('error', reject)
    socket.resume().on('end', resolve)
  })
}
