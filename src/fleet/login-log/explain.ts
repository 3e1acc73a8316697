// `ibgm explain-log`: what the fleet would make of a gateway's log at its end, before any handshake.
import type { GatewayPhase, GatewayStatus } from '../../../schemas/gateway.ts'
import type { ReasonCode } from '../../../schemas/reason.ts'
import { describeReason } from '../lifecycle/reasons.ts'
import { classify } from './classify.ts'
import { parseLogLine, splitDockerStamp } from './line.ts'
import { advanceLogin } from './login-stage.ts'
import { type LoginProgress, newLogin } from './progress.ts'
import { loginVerdict } from './verdict.ts'

export interface Explanation {
  readonly phase: GatewayPhase
  readonly status: GatewayStatus
  readonly reason: ReasonCode | null
  /** The container must be replaced or a person must act. */
  readonly terminal: boolean
  /** What a person should do; null when nothing is needed. */
  readonly action: string | null
  /** Each cause once, in order of appearance, the final one included. */
  readonly causes: readonly ReasonCode[]
  /** The reason in words, with what is particular to it; null without a reason. */
  readonly message: string | null
}

/**
 * Reads a whole log of one gateway: LF or CRLF, each line with or without Docker Compose's prefix and Docker's RFC 3339
 * stamp. The end of the text counts as lasting silence, so the log's own deadlines have passed; a 2FA request is still open
 * and the API still awaited.
 */
export function explainLog(text: string): Explanation {
  const progress = foldLog(text)
  const verdict = loginVerdict(progress, Infinity, { twofaTimeoutMs: Infinity })
  const code = verdict.reason?.code ?? null
  const words = verdict.reason && describeReason(verdict.reason)
  return {
    phase: verdict.phase,
    status: verdict.terminal ? 'FAILED' : 'STARTING',
    reason: code,
    terminal: verdict.terminal,
    action: words?.action ?? null,
    causes: code === null || progress.causes.includes(code) ? progress.causes : [...progress.causes, code],
    message: words?.message ?? null,
  }
}

/**
 * The containers that printed lines of a gateway: by the names of Docker Compose's prefix, '' for lines without one. A text
 * of none says nothing about a login, and one of several would be judged as if all were one login.
 */
export function gatewaysIn(text: string): ReadonlySet<string> {
  const lines = text.split('\n').map(splitComposePrefix)
  return new Set(lines.filter(({ rest }) => isGatewayLine(rest)).map(({ container }) => container))
}

function isGatewayLine(line: string): boolean {
  const parsed = parseLogLine(line)
  if (parsed === null) return false
  if (parsed.source === 'ibc' || startScript.test(parsed.text)) return true
  return classify(parsed) !== null && !anyonesError.test(parsed.text)
}

/** How the image's start scripts begin their lines. */
const startScript = /^\.> \S/
/** Counts in a gateway's log; but other programs say so too. */
const anyonesError = /^Error: /

/** `docker compose logs` puts the container's name before each line, padded to the longest of all names. */
const composePrefix = /^\uFEFF?([A-Za-z0-9][\w.-]*) +\|(?: |\r?$)/

function splitComposePrefix(line: string): { container: string; rest: string } {
  const prefix = composePrefix.exec(line)
  return { container: prefix?.[1] ?? '', rest: line.slice(prefix?.[0].length ?? 0) }
}

/** Lines without a stamp are as old as the one before them. */
function foldLog(text: string): LoginProgress {
  let progress = newLogin(0)
  let atMs = 0
  for (const line of text.split('\n')) {
    const { rest } = splitComposePrefix(line)
    atMs = splitDockerStamp(rest).atMs ?? atMs
    progress = advanceLogin(progress, rest, atMs)
  }
  return progress
}
