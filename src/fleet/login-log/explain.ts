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
 * Reads a whole log: LF or CRLF, each line with or without Docker Compose's prefix and Docker's RFC 3339 stamp. The end of the text counts as
 * lasting silence, so the log's own deadlines have passed; a 2FA request is still open and the API still awaited.
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

/** Whether any line is one that a gateway's container prints; a text without any says nothing about a login. */
export function isGatewayLog(text: string): boolean {
  return logLines(text).some((line) => {
    const parsed = parseLogLine(line)
    if (parsed === null) return false
    if (parsed.source === 'ibc' || startScript.test(parsed.text)) return true
    return classify(parsed) !== null && !anyonesError.test(parsed.text)
  })
}

/** How the image's start scripts begin their lines. */
const startScript = /^\.> \S/
/** Counts in a gateway's log; but other programs say so too. */
const anyonesError = /^Error: /

/** `docker compose logs` puts the container's name before each line, padded to the longest of all names. */
const composePrefix = /^\uFEFF?[A-Za-z0-9][\w.-]* +\|(?: |$)/

function logLines(text: string): string[] {
  return text.split(/\r?\n/).map((line) => line.replace(composePrefix, ''))
}

/** Lines without a stamp are as old as the one before them. */
function foldLog(text: string): LoginProgress {
  let progress = newLogin(0)
  let atMs = 0
  for (const line of logLines(text)) {
    atMs = splitDockerStamp(line).atMs ?? atMs
    progress = advanceLogin(progress, line, atMs)
  }
  return progress
}
