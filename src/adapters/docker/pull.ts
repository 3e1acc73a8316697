// Image pulls, with the share of bytes that have arrived.
import type { Clock } from '../../ports/clock.ts'
import { FleetError, isFleetError } from '../../ports/errors.ts'
import type { PullProgress } from '../../ports/runtime.ts'
import type { Engine } from './engine.ts'
import { engineError, readFailure } from './errors.ts'
import { JsonLines } from './json-lines.ts'

/** One line of the engine's `POST /images/create`. */
export interface PullLine {
  readonly id?: string
  readonly status?: string
  readonly progressDetail?: { readonly current?: number; readonly total?: number }
  readonly error?: string
}

/** A registry that sends nothing for this long is given up. */
const silenceMs = 120_000

/** Adds up layers as they are found. */
export class PullShare {
  readonly #layers = new Map<string, { current: number; total: number }>()

  read(line: PullLine): PullProgress {
    const { id, status = '', progressDetail } = line
    if (id !== undefined) {
      const known = this.#layers.get(id)
      // "Extracting" counts the same bytes a second time.
      if (status === 'Downloading' && progressDetail?.total) {
        this.#layers.set(id, { current: progressDetail.current ?? 0, total: progressDetail.total })
      } else if (known && /^(Download complete|Extracting|Pull complete|Verifying Checksum)/.test(status)) {
        known.current = known.total
      }
    }
    let current = 0
    let total = 0
    for (const layer of this.#layers.values()) {
      current += layer.current
      total += layer.total
    }
    return {
      share: total === 0 ? 0 : Math.min(1, current / total),
      text: id === undefined ? status : `${id}: ${status}`,
    }
  }
}

/** GatewayRuntime.pullImage. */
export async function pullImage(
  deps: { engine: Engine; clock: Clock; timeoutMs: number },
  image: string,
  onProgress: (progress: PullProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  const doing = `pull ${image}`
  const { value: stream, release } = await deps.engine
    .open(
      doing,
      // The engine answers only when the registry has.
      { signal, timeoutMs: Math.max(deps.timeoutMs, silenceMs) },
      (docker, abortSignal) => docker.pull(image, { abortSignal }),
    )
    .catch((error: unknown) => {
      throw notPulled(image, error)
    })
  let silent = false
  const silence = () =>
    deps.clock.schedule(silenceMs, () => {
      silent = true
      release()
    })
  let cancelSilence = silence()
  try {
    const share = new PullShare()
    const lines = new JsonLines<PullLine>()
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      cancelSilence()
      cancelSilence = silence()
      for (const line of lines.push(chunk)) {
        // Status 200 was sent long ago; a refusal comes as a line.
        if (line.error !== undefined) throw engineError(doing, { statusCode: 500, message: line.error })
        onProgress(share.read(line))
      }
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason
    if (!silent) throw notPulled(image, engineError(doing, error))
    throw new FleetError(
      'ENGINE_UNAVAILABLE',
      `The pull of ${image} made no progress for ${silenceMs / 1000} s; is its registry reachable from the engine?`,
      { cause: error },
    )
  } finally {
    cancelSilence()
    release()
  }
  onProgress({ share: 1, text: `pulled ${image}` })
}

/** Whatever keeps the engine from getting it (unknown there, no such host, no access), the image is what is missing. */
function notPulled(image: string, error: unknown): unknown {
  if (!isFleetError(error, 'ENGINE_REFUSED')) return error
  return new FleetError(
    'IMAGE_MISSING',
    `The image ${image} is not on the engine, which cannot pull it either: ${readFailure(error.cause).text}. Check its name and tag and the road to its registry, or load it on the engine`,
    { cause: error },
  )
}
