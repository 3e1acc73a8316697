// Whether a gateway really answers: a client of its own connects to the published port and is told the accounts.
import { ibConnector } from '../../src/adapters/ib/connector.ts'

/** Beside all client ids that the manager hands out. */
const clientId = 900
const answerMs = 15_000

/** The accounts that it told; rejects with what was wrong. */
export function accountsOf(port: number): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      connection.close()
      reject(new Error(`port ${port} did not answer within ${answerMs} ms`))
    }, answerMs)
    const connection = ibConnector().open(
      { host: '127.0.0.1', port, clientId },
      {
        onStep: () => {},
        onNotice: () => {},
        onReady({ accounts }) {
          clearTimeout(late)
          connection.close()
          resolve(accounts)
        },
        onClosed(error) {
          clearTimeout(late)
          reject(error)
        },
      },
    )
  })
}
