// What the demo says once its fleet is up: commands to copy.
import { join } from 'node:path'
import type { Paint } from '../cli/terminal.ts'

const defaultUrl = 'http://127.0.0.1:8080'

export interface Surroundings {
  readonly url: string
  /** Absolute. */
  readonly barsDir: string
  /** A trading day of SPY, `YYYY-MM-DD`. */
  readonly day: string
  readonly paint: Paint
}

export function whatToTry({ url, barsDir, day, paint }: Surroundings): string[] {
  const api = `${url}/api/v1`
  // Elsewhere than at the default, each command must be told where.
  const ibgm = url === defaultUrl ? 'npx ibgm' : `IBGM_URL=${url} npx ibgm`
  const sections: Array<[string, string[]]> = [
    [
      'All three are RUNNING. In another terminal, look:',
      [`${ibgm} status`, `${ibgm} health alpha`, `${ibgm} logs alpha -f`, `curl -s ${api}/system/ib-status`],
    ],
    [
      'Break one, and watch it come back here:',
      [
        `${ibgm} fault alpha drop            # its API connections are closed`,
        `${ibgm} fault bravo mute            # it accepts and answers nothing; back within 80 s`,
        `${ibgm} fault charlie exit 1        # its process dies`,
        `${ibgm} fault alpha nightly-restart`,
        `curl -s ${api}/simulator/bravo/faults -H 'content-type: application/json' -d '{"fault":"clear"}'`,
      ],
    ],
    [
      'Run it:',
      [
        `${ibgm} restart alpha --wait`,
        `${ibgm} stop alpha --wait && ${ibgm} launch alpha --wait`,
        `curl -s -X POST '${api}/gateways/bravo/launch?wait=60'`,
        `${ibgm} events --follower alpha`,
      ],
    ],
    [
      'Market data: SPY 1h and AAPL 15m, from the gateway of alpha. Their bars are there in half a minute:',
      [
        `${ibgm} gaps`,
        `${ibgm} series`,
        `${ibgm} bars SPY 1h --start ${day}`,
        // -i with a suffix is the one form that every sed takes.
        `sed -i.bak '/^${day}T/d' ${quoted(join(barsDir, 'SPY', '1h.csv'))}   # a day is gone`,
        `${ibgm} gaps scan --wait           # and fetched anew`,
      ],
    ],
  ]
  return [
    '',
    ...sections.flatMap(([title, commands]) => [
      paint('bold', title),
      ...commands.map((command) => `  ${command}`),
    ]),
    `${paint('bold', 'The dashboard:')} ${url}/  (the API's description, to click through: ${url}/docs)`,
    paint('dim', 'Ctrl-C ends the demo.'),
    '',
  ]
}

/** As one word of a shell. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
