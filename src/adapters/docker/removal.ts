// Removing containers and volumes, where gone is success.
import type { Engine } from './engine.ts'
import { answered } from './errors.ts'

/** Gone is success, and when this resolves its name is free. */
export async function removeContainer(
  engine: Engine,
  containerId: string,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const options = { timeoutMs, ...(signal ? { signal } : {}) }
  await engine.call(`remove the container ${containerId}`, options, async (docker, abortSignal) => {
    const container = docker.getContainer(containerId)
    try {
      await container.remove({ force: true, v: false, abortSignal })
    } catch (error) {
      if (answered(error, 404)) return
      // Another removal is under way: its name is taken until that is done.
      if (!answered(error, 409)) throw error
      await container.wait({ condition: 'removed', abortSignal }).catch((waitError: unknown) => {
        if (!answered(waitError, 404)) throw waitError
      })
    }
  })
}

/** Volumes that carry all of these labels (`name=value`). */
export async function removeVolumes(
  engine: Engine,
  label: string[],
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const options = { timeoutMs, ...(signal ? { signal } : {}) }
  await engine.call('remove a settings volume', options, async (docker, abortSignal) => {
    const { Volumes } = await docker.listVolumes({ filters: { label }, abortSignal })
    for (const { Name } of Volumes ?? []) {
      await docker
        .getVolume(Name)
        .remove({ abortSignal })
        .catch((error: unknown) => {
          if (!answered(error, 404)) throw error
        })
    }
  })
}
