// `simctl FAULT [ARG]`: hands a fault to the simulated gateway that runs in the same container, or asks what its clients did wrong.
import { connect } from 'node:net'
import { faultNames, handshakeFaults, parseFault, UnknownFault } from './faults.ts'

/** Where the gateway of a container listens for faults. */
export const controlSocket = '/tmp/simctl.sock'
/** Asks for the violations instead of injecting a fault. */
export const violationsWord = 'violations'

const usage = `usage: simctl FAULT [ARG]
       simctl violations   prints what clients did against IBKR's limits, a JSON object a line
faults: ${faultNames.join(' ')}
  slow [MS]       delay every answer [2000]
  order-delay [MS]     acknowledge orders late [2000]
  order-reject [TEXT]  refuse every order with this reason
  exit [STATUS]   end the gateway [1]
  oom             run out of memory: a real kill where the container has a limit
  handshake MODE  ${Object.entries(handshakeFaults)
    .map(([mode, text]) => `${mode} ${text}`)
    .join('; ')}
`

/** Resolves with the exit code: 0 applied, 1 no gateway to talk to, 2 not a fault. */
export async function simctl(
  args: readonly string[],
  print: (text: string, stream: 'stdout' | 'stderr') => void,
): Promise<number> {
  const complain = (text: string) => print(text, 'stderr')
  const order = args.join(' ')
  try {
    if (order !== violationsWord) parseFault(order)
  } catch (error) {
    if (!(error instanceof UnknownFault)) throw error
    complain(`${args.length === 0 ? '' : `simctl: ${error.message}\n`}${usage}`)
    return 2
  }
  try {
    print(await tell(order), 'stdout')
    return 0
  } catch (error) {
    complain(`simctl: no simulated gateway answers at ${controlSocket}: ${(error as Error).message}\n`)
    return 1
  }
}

/** The answer, when the gateway has closed the connection: it does so after the fault, or by ending. */
function tell(order: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(controlSocket, () => socket.end(`${order}\n`))
    let answer = ''
    socket.on('error', reject)
    socket.setEncoding('utf8').on('data', (part: string) => {
      answer += part
    })
    socket.on('end', () => resolve(answer))
  })
}
