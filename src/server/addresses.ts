// Under which address the server is reached, by programs and by people.
import type { AlertCode } from '../ports/alert-codes.ts'

export interface Listening {
  readonly host: string
  readonly port: number
  readonly isTls: boolean
}

export function urlOf({ host, port, isTls }: Listening): string {
  return `${isTls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** One that listens everywhere is reached here. */
const here: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/** Address of a code's section in the runbook; undefined while the port is not known yet. */
export function runbookLink(
  code: AlertCode,
  listening: Listening,
  publicUrl: string | undefined,
): string | undefined {
  if (publicUrl === undefined && listening.port === 0) return undefined
  const base = publicUrl ?? urlOf({ ...listening, host: here[listening.host] ?? listening.host })
  return `${base}/runbook#${code}`
}
