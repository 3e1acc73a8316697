// What the engine and the road to it say when they fail, in our words. Texts differ between engine 20.10 and 28.
import { FleetError } from '../../ports/errors.ts'

/** The parts of a dockerode or node error that tell what went wrong. */
export interface EngineFailure {
  /** HTTP status of the engine's answer; absent when there was none. */
  readonly statusCode?: number
  /** `ECONNREFUSED` and the like. */
  readonly code?: string
  readonly text: string
}

const unreachableCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'ENOENT',
  'EPIPE',
  'EACCES',
  'EPERM',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
])
/** A proxy in front of the engine answers with these when the engine does not. */
const gatewayStatuses = new Set([502, 503, 504])

export function readFailure(error: unknown): EngineFailure {
  const raw = (typeof error === 'object' && error !== null ? error : {}) as {
    statusCode?: unknown
    code?: unknown
    message?: unknown
    json?: { message?: unknown } | null
  }
  const said = raw.json?.message ?? raw.message ?? error
  return {
    ...(typeof raw.statusCode === 'number' ? { statusCode: raw.statusCode } : {}),
    ...(typeof raw.code === 'string' ? { code: raw.code } : {}),
    // Where dockerode has read no JSON it puts its own words in front of the engine's.
    text: String(said)
      .replace(/^\(HTTP code \d+\) .*? - /, '')
      .trim(),
  }
}

/** Whether the engine answered with one of these HTTP statuses: how "already so" is told from a failure. */
export function answered(error: unknown, ...statusCodes: number[]): boolean {
  const { statusCode } = readFailure(error)
  return statusCode !== undefined && statusCodes.includes(statusCode)
}

/** 20.10: `Bind for … failed: port is already allocated`, `listen tcp4 …: bind: address already in use`; 28: `failed to bind host port …: address already in use`. */
export function isPortTaken(error: unknown): boolean {
  return /port is already allocated|address already in use|ports are not available/i.test(
    readFailure(error).text,
  )
}

/** The container's name is taken: `Conflict. The container name "/x" is already in use by container …`. */
export function isNameTaken(error: unknown): boolean {
  return answered(error, 409) && /name .*already in use/i.test(readFailure(error).text)
}

/** No such image here, or in its registry. 404 alone is not enough: a missing network is one too. */
export function isImageMissing(error: unknown): boolean {
  return /no such image|manifest (for .* not found|unknown)|pull access denied|repository .* not found|not found: manifest unknown|does not exist or may require/i.test(
    readFailure(error).text,
  )
}

/** Any failure as FleetError; `doing` completes "could not …", and names whom it concerned. */
export function engineError(doing: string, error: unknown): FleetError {
  if (error instanceof FleetError) return error
  const { statusCode, code, text } = readFailure(error)
  if (statusCode === undefined || gatewayStatuses.has(statusCode)) {
    // No HTTP answer is the road's fault as a rule; anything else without a known code is still nobody's refusal.
    const hint =
      code === 'EACCES' || code === 'EPERM'
        ? 'may this user open its socket?'
        : 'is it running, and DOCKER_HOST right?'
    const known = code !== undefined && unreachableCodes.has(code)
    return new FleetError(
      'ENGINE_UNAVAILABLE',
      `The container engine did not answer, so we could not ${doing} (${known ? code : text}): ${hint}`,
      { cause: error, retryAfterMs: 5_000 },
    )
  }
  if (isImageMissing(error)) {
    return new FleetError(
      'IMAGE_MISSING',
      `Could not ${doing}: no such image (${text}). Check its name and tag, or pull or build it on the engine`,
      { cause: error },
    )
  }
  return new FleetError('ENGINE_REFUSED', `The container engine would not ${doing}: ${text}`, {
    cause: error,
  })
}
