// Where a gateway's screen is shown. The password lives in the container alone, so it is read back from there.
import { text } from 'node:stream/consumers'
import { extract } from 'tar-stream'
import type { VncAccess } from '../../ports/runtime.ts'
import { publishHost, vncPort } from './container.ts'
import type { Engine } from './engine.ts'
import { answered } from './errors.ts'
import { vncPasswordPath } from './start-files.ts'

/** GatewayRuntime.vncAccess. */
export async function vncAccess(
  engine: Engine,
  containerId: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<VncAccess | null> {
  return engine.call(
    `find the screen of ${containerId}`,
    { signal, timeoutMs },
    async (docker, abortSignal) => {
      const container = docker.getContainer(containerId)
      try {
        const { NetworkSettings } = await container.inspect({ abortSignal })
        // The engine chose the port at start; a container that is not up has none.
        const binding = NetworkSettings.Ports[vncPort]?.[0]
        if (!binding) return null
        const tar = await container.getArchive({ path: vncPasswordPath, abortSignal })
        for await (const entry of tar.pipe(extract())) {
          return { host: publishHost, port: Number(binding.HostPort), password: await text(entry) }
        }
        return null
      } catch (error) {
        if (answered(error, 404)) return null
        throw error
      }
    },
  )
}
